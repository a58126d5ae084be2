"""The outfall codemods: rewrite ambient state and delete the old way."""
