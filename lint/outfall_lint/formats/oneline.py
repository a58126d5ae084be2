"""The `oneline` format: `path:line:column: CODE message`, one line per finding, for editors and grep."""

from __future__ import annotations

from outfall_lint.engine import Analysis


def render(analysis: Analysis) -> str:
    """One line per finding, in the order of paths and lines."""
    return "".join(
        f"{f.place.path}:{f.place.line}:{f.place.column + 1}: {f.code} {f.message}\n" for f in analysis.findings
    )
