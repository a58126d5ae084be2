"""One module per document that a report can show: how to recognise it, how to read it.

Each module offers `recognises(document)`, `read(root)` (raises `ReportError`) and `REMEDY`, the
way to get the document right.
"""
