"""One file per command, named like the command; each has a `command`."""
