"""`python -m outfall_runtime`, a file for each command."""
