"""One row per operation: the ratio, its spread over the rounds, the target and whether it is met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from benchmarks.timing import Ratio


@dataclass(frozen=True)
class Row:
    """An operation measured in units of another one.

    `limit` is the most that the operation may cost, in the same units; None where there is none.
    `ratio` is None for what could not be measured because it is not installed.
    """

    operation: str
    ratio: Ratio | None
    unit: str
    limit: float | None = None

    @property
    def verdict(self) -> str:
        if self.ratio is None:
            return "not installed"
        if self.limit is None:
            return ""
        return "reached" if self.ratio.median <= self.limit else "missed"

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "verdict": self.verdict}


def render(title: str, rows: Iterable[Row]) -> str:
    """The section as aligned text."""
    cells = [("operation", "ratio", "spread", "at most", "", "in units of")]
    for row in rows:
        median = f"{row.ratio.median:.2f}" if row.ratio else "-"
        spread = f"{row.ratio.low:.2f}..{row.ratio.high:.2f}" if row.ratio else ""
        limit = "" if row.limit is None else f"{row.limit:g}"
        cells.append((row.operation, median, spread, limit, row.verdict, row.unit))
    widths = [max(len(line[i]) for line in cells) for i in range(6)]
    lines = []
    for line in cells:
        left, numbers, rest = line[0].ljust(widths[0]), line[1:4], line[4:]
        columns = [left, *(n.rjust(w) for n, w in zip(numbers, widths[1:4])), *(t.ljust(w) for t, w in zip(rest, widths[4:]))]
        lines.append("  ".join(columns).rstrip())
    rule = "-" * max(map(len, lines))
    return "\n".join([title, rule, lines[0], rule, *lines[1:]])
