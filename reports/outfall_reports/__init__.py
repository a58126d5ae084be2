"""The outfall reports: turn documented JSON into self-contained HTML pages."""
