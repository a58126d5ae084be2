"""The outfall linter: finds ambient state. Standard library only."""
