"""What a process records and measures of itself and of its service."""
