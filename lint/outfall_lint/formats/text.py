"""The `text` format: findings by category, the most urgent first, as a person reads them."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from outfall_lint.engine import Analysis
from outfall_lint.model import Finding, Kind, Priority
from outfall_lint.source import SourceLines

PER_CATEGORY = 5
WIDTH = 94
"""Characters of a message's line, before arrow and margin."""
_ARROWS = {Priority.CRITICAL: "↑", Priority.HIGH: "↗", Priority.NORMAL: "→", Priority.LOW: "↘"}
_COLOURS = {Priority.CRITICAL: "31", Priority.HIGH: "33", Priority.NORMAL: "36", Priority.LOW: "2"}

Paint = Callable[[str, str], str]
"""(text, SGR parameters) to the text, painted or not."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What of an analysis is printed: what is less urgent than `least` is only counted."""

    least: Priority = Priority.NORMAL
    everything: bool = False  # more than five per category
    colour: bool = False


def render(analysis: Analysis, lines: SourceLines, shown: Shown = Shown()) -> str:
    """The report; its last lines count what there is and what is not shown."""
    paint: Paint = _painted if shown.colour else _plain
    findings = [f for f in analysis.findings if f.priority >= shown.least]
    out: list[str] = []
    for category, group in _categories(findings):
        out += _category(category, group, lines, shown, paint)
    out += _footer(analysis, findings, paint)
    return "\n".join(out) + "\n"


def _plain(text: str, sgr: str) -> str:
    return text


def _painted(text: str, sgr: str) -> str:
    return f"\x1b[{sgr}m{text}\x1b[0m"


def _categories(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.category, []).append(finding)
    for group in groups.values():
        group.sort(key=lambda f: (-f.priority, f.place, f.code))
    return sorted(groups.items(), key=lambda item: (-item[1][0].priority, item[0]))


def _category(category: str, group: list[Finding], lines: SourceLines, shown: Shown, paint: Paint) -> Iterator[str]:
    yield paint(f"{category.capitalize()} ({len(group)})", "1")
    limit = len(group) if shown.everything else PER_CATEGORY
    for finding in group[:limit]:
        yield "│"
        yield from ("│ " + line if line else "│" for line in _finding(finding, lines, paint))
    if len(group) > limit:
        yield "│"
        yield "│ " + paint(f"… {len(group) - limit} more (--all shows them)", "2")
    yield ""


def _finding(finding: Finding, lines: SourceLines, paint: Paint) -> Iterator[str]:
    place, state = finding.place, finding.state
    arrow = paint(_ARROWS[finding.priority], _COLOURS[finding.priority])
    first, *more = textwrap.wrap(finding.message, WIDTH, break_long_words=False, break_on_hyphens=False)
    yield f"{arrow} {first}"
    yield from (f"  {line}" for line in more)
    where = f"{place.path}:{place.line}:{place.column + 1}"
    yield f"  {where} {paint(f'({finding.code} {finding.name})', '2')}"
    code = lines.line(place.path, place.line)
    if code.strip():
        indent = len(code) - len(code.lstrip())
        width = place.end_column - place.column if place.end_line == place.line else len(code) - place.column
        caret = " " * (place.column - indent) + "^" * max(width, 1)
        yield f"      {code.strip()}"
        yield f"      {paint(caret, _COLOURS[finding.priority])}"
    known = [state.kind.value] if state.accesses or state.kind is not Kind.UNDECIDED else []
    yield "  " + paint(" · ".join([state.name, *known, *_accesses(finding)]), "2")


def _accesses(finding: Finding) -> list[str]:
    """How often a state is used; nothing of one whose uses no access can name, such as a default argument."""
    accesses, changes = len(finding.state.accesses), len(finding.state.changes)
    return [f"{_count(accesses, 'access', 'accesses')}, {_count(changes, 'change', 'changes')}"] if accesses else []


def _footer(analysis: Analysis, shown: Sequence[Finding], paint: Paint) -> Iterator[str]:
    speed = len(analysis.files) / max(analysis.seconds, 1e-6)
    yield f"Checked {_count(len(analysis.files), 'file', 'files')} in {analysis.seconds:.2f} s ({speed:.0f} files/s)."
    by_priority = Counter(f.priority for f in shown)
    counts = ", ".join(f"{by_priority[p]} {p.name.lower()}" for p in sorted(by_priority, reverse=True))
    total = _count(len(shown), "finding", "findings") if shown else "No findings"
    yield paint(f"{total}{f' ({counts})' if counts else ''}.", "1" if shown else "32")
    left_out = [
        (len(analysis.findings) - len(shown), "less urgent (--strict shows them)"),
        (len(analysis.suppressed), "suppressed in the code"),
        (len(analysis.baselined), "accepted by the baseline"),
        (len(analysis.problems), f"{'file' if len(analysis.problems) == 1 else 'files'} that could not be read"),
    ]
    notes = [f"{number} {what}" for number, what in left_out if number]
    if notes:
        yield "Not shown: " + ", ".join(notes) + "."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
