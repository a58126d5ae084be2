"""How spans work inside."""
