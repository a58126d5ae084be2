"""The outfall reports: turn documented JSON into self-contained HTML pages.

```python
from outfall_reports import load_documents, render_report

page = render_report(load_documents(["check.json", "evidence.json", "outfall-flags.toml"]))
```
"""

from outfall_reports.errors import ReportError
from outfall_reports.gather import data_from_mapping, load_documents
from outfall_reports.model import ReportData, Rollout
from outfall_reports.page import render_report

__all__ = ["ReportData", "ReportError", "Rollout", "data_from_mapping", "load_documents", "render_report"]
