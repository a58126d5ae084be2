"""What outfall costs, as ratios within one run: `python -m benchmarks --help`."""
