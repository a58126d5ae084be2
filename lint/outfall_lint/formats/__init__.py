"""How findings are printed. One module per format, each with a `render` that returns text."""

from __future__ import annotations

from dataclasses import replace

from outfall_lint.engine import Analysis
from outfall_lint.model import Priority


def visible(analysis: Analysis, least: Priority) -> Analysis:
    """The analysis with the findings of at least this priority only."""
    return replace(analysis, findings=tuple(f for f in analysis.findings if f.priority >= least))
