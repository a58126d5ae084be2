"""How tables work inside: entries, owners, limits, what is looked after and backed up."""
