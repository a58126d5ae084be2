"""Text for people who ask *why*: about a rule, or about one place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import indent

from outfall_lint.engine import Analysis
from outfall_lint.model import Access, Finding, State
from outfall_lint.rule import Rule, rule_named
from outfall_lint.source import SourceLines

MOST_ACCESSES = 40


def explain_rule(rule: Rule) -> str:
    """The whole page of a rule, as plain text."""
    sections = [
        ("What it does", rule.explanation.what),
        ("Why it is dangerous", rule.explanation.why),
        ("Example", indent(rule.explanation.example.rstrip(), "    ")),
        ("Use instead", indent(rule.explanation.instead.rstrip(), "    ")),
        ("Fix safety", rule.explanation.fix_safety),
        ("What outfall migrate does", rule.transform or f"Nothing by itself: {rule.advice}."),
        ("Settings", "\n".join(f"{p.name} = {p.default!r}: {p.meaning}" for p in rule.parameters)),
        ("References", "\n".join(rule.explanation.references)),
    ]
    head = f"{rule.code} {rule.name} ({rule.category}, {rule.priority.name.lower()} priority)"
    return "\n\n".join([head, *(f"{title}\n{text}" for title, text in sections if text)]) + "\n"


def findings_at(analysis: Analysis, path: str, line: int) -> tuple[Finding, ...]:
    """The findings declared on a line, or whose state is accessed there."""
    declared = [f for f in analysis.findings if f.place.path == path and _covers(f, line)]
    if declared:
        return tuple(declared)
    return tuple(f for f in analysis.findings if any(_at(a, path, line) for a in f.state.accesses))


def states_at(analysis: Analysis, path: str, line: int) -> tuple[State, ...]:
    """The states declared or accessed on a line, whether a rule objects to them or not."""
    return tuple(
        s
        for s in analysis.states
        if (s.place.path == path and s.statement.line <= line <= s.statement.end_line)
        or any(_at(a, path, line) for a in s.accesses)
    )


def explain_place(
    analysis: Analysis, path: str, line: int, lines: SourceLines, plan: str | None = None
) -> str | None:
    """Why this place is a finding: the state, its kind and why, every access, what to do.

    `plan` is a ready text about what migrate would do. None where nothing ambient is on the line.
    """
    findings = findings_at(analysis, path, line)
    if findings:
        return "\n".join(_explained(f, lines, plan) for f in findings)
    states = states_at(analysis, path, line)
    if not states:
        return None
    return "\n".join(f"{s.name}: no rule objects to it.\n{_state(s, lines)}" for s in states)


def _covers(finding: Finding, line: int) -> bool:
    statement = finding.state.statement
    inside = statement.path == finding.place.path and statement.line <= line <= statement.end_line
    return inside or finding.place.line <= line <= finding.place.end_line


def _at(access: Access, path: str, line: int) -> bool:
    return access.place.path == path and access.place.line <= line <= access.place.end_line


def _explained(finding: Finding, lines: SourceLines, plan: str | None) -> str:
    rule = rule_named(finding.code)
    place = finding.place
    parts = [
        f"{place.path}:{place.line}:{place.column + 1} {finding.code} {finding.name}: {finding.message}",
        _state(finding.state, lines),
    ]
    if rule is not None:
        parts.append("Why it is dangerous\n" + indent(rule.explanation.why, "  ") + "\n")
        parts.append("What outfall migrate does\n" + indent(plan or rule.transform or rule.advice, "  ") + "\n")
    return "\n".join(parts)


def _state(state: State, lines: SourceLines) -> str:
    out = [f"\nState\n  {state.name}, made by {state.constructor or 'an expression'}, {state.scope} level"]
    out += [f"\nKind: {state.kind.value}", *(f"  {sentence}" for sentence in state.evidence)]
    out += [f"\nAccesses ({len(state.accesses)})", *_accesses(state.accesses, lines), ""]
    return "\n".join(out)


def _accesses(accesses: Sequence[Access], lines: SourceLines) -> Iterator[str]:
    for access in accesses[:MOST_ACCESSES]:
        where = f"{access.place.path}:{access.place.line}"
        who = f"in {access.function}" if access.function else "at module or class level"
        notes = [who]
        if access.at_import and access.function:
            notes.append("while importing")
        if access.lock:
            notes.append(f"under {access.lock}")
        if access.detail:
            notes.append(access.detail)
        yield f"  {where} {access.operation.value} ({', '.join(notes)})"
        code = lines.line(access.place.path, access.place.line).strip()
        if code:
            yield f"      {code}"
    if len(accesses) > MOST_ACCESSES:
        yield f"  … {len(accesses) - MOST_ACCESSES} more"
