"""How events work inside."""
