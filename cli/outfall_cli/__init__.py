"""The outfall command line: the only place that knows all the tools."""
