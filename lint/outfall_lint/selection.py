"""Which findings are shown: selected rules, per-path settings, suppressions, one finding for one reason."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence

from outfall_lint.config import Config
from outfall_lint.facts import ModuleFacts, Suppression
from outfall_lint.model import Finding
from outfall_lint.rule import Rule
from outfall_lint.suppress import silences


def selected(findings: Iterable[Finding], config: Config) -> list[Finding]:
    """The findings that the configuration asks for."""
    return [f for f in findings if _wanted(f, config)]


def _wanted(finding: Finding, config: Config) -> bool:
    """Whether a rule is selected for a file, by more of its code than it is ignored by."""
    select, ignore = config.select, config.ignore
    for per_path in config.per_path:
        if fnmatch.fnmatch(finding.place.path, per_path.pattern):
            select = per_path.select or select
            ignore = ignore + per_path.ignore
    refused = _longest(ignore, finding.code)
    return _longest(select, finding.code) > refused if select else not refused


def _longest(prefixes: Iterable[str], code: str) -> int:
    """The length of the longest prefix that a code has; 0 where it has none of them."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)


def most_specific(findings: Sequence[Finding], rules: Sequence[Rule]) -> list[Finding]:
    """One finding for one reason: where a more specific rule reports a state, the general one is silent."""
    over = {rule.code: rule.over for rule in rules}
    beaten = {(f.place, f.state.name, code) for f in findings for code in over.get(f.code, ())}
    return [f for f in findings if (f.place, f.state.name, f.code) not in beaten]


def unsuppressed(
    findings: Iterable[Finding], modules: Iterable[ModuleFacts]
) -> tuple[list[Finding], list[Finding]]:
    """Findings without a suppressing comment on one of their declaration's lines, and those with one."""
    by_path: Mapping[str, tuple[Suppression, ...]] = {m.path: m.suppressions for m in modules if m.suppressions}
    shown: list[Finding] = []
    silenced: list[Finding] = []
    for finding in findings:
        here = by_path.get(finding.place.path, ())
        (silenced if any(_covers(s, finding) for s in here) else shown).append(finding)
    return shown, silenced


def _covers(suppression: Suppression, finding: Finding) -> bool:
    statement, place = finding.state.statement, finding.place
    first, last = place.line, place.end_line
    if statement.path == place.path and statement.line <= place.line <= statement.end_line:
        first, last = statement.line, statement.end_line
    return first <= suppression.line <= last and silences(suppression, finding.code)
