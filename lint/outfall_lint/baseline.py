"""The baseline: what an old project accepts for now. It may only shrink.

An entry is a state, a code, and for every change of the state the enclosing function and a hash
of the changing line with its white space evened out. So a new writer to an old state is a new
finding, while a moved, re-indented or renamed file is not.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from outfall_lint.engine import Analysis
from outfall_lint.model import Finding
from outfall_lint.source import SourceLines

VERSION = 1

Key = tuple[str, str]


class BaselineError(Exception):
    """A baseline that cannot be used; the text names the file and the remedy."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One accepted finding."""

    state: str
    code: str
    changes: tuple[str, ...]  # "function:hash", sorted

    @property
    def key(self) -> Key:
        """What an entry is about: findings of one state and code share it."""
        return self.state, self.code

    def covers(self, other: Entry) -> bool:
        """Whether every change of `other` is one that this entry accepts."""
        return self.code == other.code and not Counter(other.changes) - Counter(self.changes)

    def renamed_to(self, other: Entry) -> bool:
        """Whether `other` may be the same state after its file was moved or renamed."""
        same_name = self.state.rpartition(".")[2] == other.state.rpartition(".")[2]
        return same_name and self.covers(other)


@dataclass(frozen=True, slots=True)
class Growth:
    """Why the baseline was once allowed to grow."""

    date: str
    reason: str
    entries: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is accepted, sorted."""

    entries: tuple[Entry, ...] = ()
    growth: tuple[Growth, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Findings beside a baseline. `stale` entries, or parts of entries, match nothing any more."""

    new: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    stale: tuple[Entry, ...]


def read_baseline(path: Path) -> Baseline:
    """The baseline at `path`; an empty one where there is no file. Raises `BaselineError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise BaselineError(f"{path}: version {document['version']!r}, expected {VERSION}; update outfall")
        entries = [Entry(e["state"], e["code"], tuple(sorted(e["changes"]))) for e in document["entries"]]
        growth = [Growth(g["date"], g["reason"], g["entries"]) for g in document.get("growth", ())]
    except FileNotFoundError:
        return Baseline()
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BaselineError(
            f"{path}: not a baseline ({type(error).__name__}: {error}); "
            "restore it, or delete it and write a new one with --update-baseline --allow-growth REASON"
        ) from None
    return Baseline(tuple(sorted(entries)), tuple(growth))


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write `baseline` so that a change of one entry is a change of few lines."""
    document = {
        "version": VERSION,
        "entries": [{"state": e.state, "code": e.code, "changes": list(e.changes)} for e in baseline.entries],
        "growth": [{"date": g.date, "reason": g.reason, "entries": g.entries} for g in baseline.growth],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def entry_of(finding: Finding, lines: SourceLines) -> Entry:
    """The identity of a finding."""
    changes = sorted(
        f"{access.function or '<module>'}:{_digest(lines.line(access.place.path, access.place.line))}"
        for access in finding.state.changes
    )
    return Entry(finding.state.name, finding.code, tuple(changes))


def compare(findings: Iterable[Finding], baseline: Baseline, lines: SourceLines) -> Comparison:
    """Which findings are new, which are accepted, and what of the baseline is stale."""
    found = [(finding, entry_of(finding, lines)) for finding in findings]
    matched = _matched(_joined(entry for _, entry in found), baseline)
    there = {accepted.key: entry for entry, accepted in matched.values()}
    stale = [_stale_part(entry, there.get(entry.key)) for entry in _joined(baseline.entries)]
    return Comparison(
        new=tuple(f for f, entry in found if not _accepts(matched, entry)),
        accepted=tuple(f for f, entry in found if _accepts(matched, entry)),
        stale=tuple(entry for entry in stale if entry is not None),
    )


def applied(analysis: Analysis, baseline: Baseline, lines: SourceLines) -> Analysis:
    """The analysis without what the baseline accepts, which is moved to `baselined`."""
    comparison = compare(analysis.findings, baseline, lines)
    return replace(analysis, findings=comparison.new, baselined=comparison.accepted)


def updated(
    findings: Sequence[Finding], baseline: Baseline, lines: SourceLines, allow_growth: str | None = None
) -> Baseline:
    """The baseline without what is mended; with a reason, also with what is new."""
    found = _joined(entry_of(finding, lines) for finding in findings)
    matched = _matched(found, baseline)
    if allow_growth is None:
        return Baseline(tuple(sorted(_shrunk(matched.values()))), baseline.growth)
    added = sum(not _accepts(matched, entry) for entry in found)
    grown = (Growth(date.today().isoformat(), allow_growth, added),) if added else ()
    return Baseline(tuple(found), baseline.growth + grown)


def _joined(entries: Iterable[Entry]) -> list[Entry]:
    """The entries, sorted, those of one state and code as one: what several functions do to what nobody here declares."""
    changes: dict[Key, list[str]] = {}
    for entry in sorted(set(entries)):
        changes.setdefault(entry.key, []).extend(entry.changes)
    return [Entry(*key, tuple(sorted(every))) for key, every in changes.items()]


def _shrunk(pairs: Iterable[tuple[Entry, Entry]]) -> Iterator[Entry]:
    """What of each accepted entry still exists; what a state has gained since stays unaccepted."""
    for entry, accepted in pairs:
        left = tuple(sorted((Counter(accepted.changes) & Counter(entry.changes)).elements()))
        if left or not accepted.changes:
            yield replace(entry, changes=left)


def _matched(found: Sequence[Entry], baseline: Baseline) -> dict[Key, tuple[Entry, Entry]]:
    """Each found entry, by its key, with the accepted one that is about the same state, whatever was done to it since."""
    accepted = {entry.key: entry for entry in _joined(baseline.entries)}
    here = {entry.key for entry in found}
    left = [entry for key, entry in accepted.items() if key not in here]
    matched: dict[Key, tuple[Entry, Entry]] = {}
    for entry in found:
        old = accepted.get(entry.key)
        if old is None:
            old = next((one for one in left if one.renamed_to(entry)), None)
            if old is not None:
                left.remove(old)
        if old is not None:
            matched[entry.key] = (entry, old)
    return matched


def _accepts(matched: Mapping[Key, tuple[Entry, Entry]], entry: Entry) -> bool:
    """Whether every change of a found entry is one that was accepted of its state."""
    return entry.key in matched and matched[entry.key][1].covers(entry)


def _stale_part(entry: Entry, matching: Entry | None) -> Entry | None:
    """What of an accepted entry no longer exists; None where all of it does."""
    if matching is None:
        return entry
    gone = Counter(entry.changes) - Counter(matching.changes)
    return replace(entry, changes=tuple(sorted(gone.elements()))) if gone else None


def _digest(line: str) -> str:
    return hashlib.sha256(" ".join(line.split()).encode()).hexdigest()[:12]
