"""How context values work inside: nodes, units of work, the protocol of `threading.local`."""
