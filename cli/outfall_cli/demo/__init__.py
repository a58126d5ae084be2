"""`outfall demo`: the whole way, on the bundled legacy service."""
