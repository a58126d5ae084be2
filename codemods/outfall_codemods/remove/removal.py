"""Which flags may go, and what their going changes; nothing is written here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from outfall_lint.config import Config
from outfall_lint.discovery import discover
from outfall_lint.ledger import GROUPS, Flag, Ledger
from outfall_lint.model import Problem
from outfall_lint.source import parse, read

from .. import ledger as ledgers
from ..change import ChangeSet, FileChange
from ..edits import Edited
from ..errors import CodemodError, Refused, UsageError
from ..taken_names import imports_everything, taken_from
from ..text import SourceText
from ..verify import verify_file
from .evidence import missing, read_evidence
from .flag_calls import asks_by_name
from .guards import guarded_flags, simplify
from .staged import Staged, collapse, staged_declarations, staged_states

_RUNTIME = "outfall_runtime"
_PRIVATE = re.compile(r"\b_\w+")


@dataclass(frozen=True)
class RemovalPlan(ChangeSet):
    """The changes, what was left and why (`notes`), and the files that could not be read."""

    flags: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def plan_removal(
    root: Path,
    config: Config,
    files: Sequence[str] = (),
    flags: Sequence[str] = (),
    evidence: Sequence[Path] = (),
    force: str | None = None,
) -> RemovalPlan:
    """Plan the removal of the named flags, or of all that the ledger calls completed.

    Raises `UsageError` for a flag the ledger does not declare, and `Refused` where a flag is not
    completed and the evidence does not suffice, unless `force` gives a reason.
    """
    declared = ledgers.load(root, config.ledger)
    chosen = _chosen(declared, flags, config.ledger)
    if not force:
        _require_evidence(chosen, evidence, config)
    names = frozenset(flag.name for flag in chosen)
    states = frozenset(state for flag in chosen for state in flag.states)
    changes, collapsed, left, problems = _changes(root, config, files or config.paths, names, states)
    kept = {flag.name for flag in chosen if flag.name in left or left.keys() & set(flag.states)}
    changes += _ledger_change(root, config, names - kept, states - left.keys()) if names else []
    notes = tuple(f"{name} stays in the ledger: {why}" for name, why in sorted(left.items()))
    return RemovalPlan(
        tuple(changes), tuple(collapsed), notes, flags=tuple(sorted(names)), states=tuple(sorted(states)), problems=problems
    )


def _chosen(declared: Ledger, names: Sequence[str], path: str) -> tuple[Flag, ...]:
    if not names:
        return tuple(flag for flag in declared.flags if flag.completed)
    known = {flag.name: flag for flag in declared.flags}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"declared: {', '.join(known) or 'none'}"
            raise UsageError(f"{path} declares no flag {name}", remedy)
    return tuple(known[name] for name in dict.fromkeys(names))


def _require_evidence(chosen: Iterable[Flag], files: Sequence[Path], config: Config) -> None:
    open_flags = [flag for flag in chosen if not flag.completed]
    if not open_flags:
        return
    names = ", ".join(flag.name for flag in open_flags)
    if not files:
        raise Refused(f"{names}: not completed, and there is no evidence", "pass --evidence FILE, or --force REASON")
    found = read_evidence(files)
    unproven = [f"{flag.name}: it steers no state, so evidence says nothing about it" for flag in open_flags if not flag.states]
    lacking = [*unproven, *missing(found, (s for flag in open_flags for s in flag.states), config.rollout)]
    if lacking:
        reasons = "".join(f"\n  {reason}" for reason in lacking)
        raise Refused(f"the evidence does not suffice:{reasons}", "let the rollout go on until it does, or pass --force REASON")


def _changes(
    root: Path, config: Config, paths: Sequence[str], flags: frozenset[str], states: frozenset[str]
) -> tuple[list[FileChange], list[Staged], dict[str, str], tuple[Problem, ...]]:
    """The files' changes; the states that collapse; what some file still needs, and where; unreadable files."""
    texts, problems = _texts(root, config, (*paths, *config.paths) if flags else ())
    within = {file.path for file in discover(paths, root, config.exclude)[0]}
    changes: list[FileChange] = []
    collapsed: list[Staged] = []
    left: dict[str, str] = {}
    asking: dict[str, str] = {}  # the files that ask flags, as they will be
    by_name = False
    for path, text in texts.items():
        if _RUNTIME not in text:
            continue
        source = SourceText.from_bytes(path, (root / path).read_bytes())
        try:
            change = _changed(source, flags, states, _words(texts, source), _is_exported(texts, path)) if path in within else None
        except CodemodError as error:
            change = None
            left |= {flag: f"{error.message}; {error.remedy}" for flag, _ in guarded_flags(source) if flag in flags}
        if change:
            changes.append(change)
            collapsed += [one for one in staged_declarations(source) if one.state in states]
        settled = SourceText.from_bytes(path, change.after) if change else source
        left = _still_needed(settled, flags, states) | left
        asking[path] = settled.text
        by_name = by_name or asks_by_name(settled)
    left = _named(flags - set(GROUPS), {**texts, **asking} if by_name else asking) | left
    return changes, collapsed, left, tuple(problems)


def _texts(root: Path, config: Config, paths: Sequence[str]) -> tuple[dict[str, str], list[Problem]]:
    """The text of every file that can be parsed; the others as problems."""
    files, problems = discover(paths, root, config.exclude)
    texts: dict[str, str] = {}
    for file in files:
        source = read(root, file.path)
        outcome = source if isinstance(source, Problem) or _RUNTIME not in source.text else parse(source)
        if isinstance(outcome, Problem):
            problems.append(outcome)
        elif not isinstance(source, Problem):
            texts[file.path] = source.text
    return texts, problems


def _words(texts: Mapping[str, str], source: SourceText) -> frozenset[str]:
    """Every private name that the other files mention, and the names that they take from this one although it imports them itself."""
    others = [text for other, text in texts.items() if other != source.path]
    taken = {name for text in others for name in taken_from(text, source.path, source.imported)}
    return frozenset({*taken, *(word for text in others for word in _PRIVATE.findall(text))})


def _is_exported(texts: Mapping[str, str], path: str) -> bool:
    """Whether other files import everything from this one."""
    return "__all__" not in texts[path] and any(imports_everything(text, path) for other, text in texts.items() if other != path)


def _named(flags: Iterable[str], texts: Mapping[str, str]) -> dict[str, str]:
    """Where a flag stands as text that may be given to a function of the flags, which knows declared ones only."""
    found: dict[str, str] = {}
    for flag in flags:
        quoted = re.compile(rf"""(['"]){re.escape(flag)}\1""")
        for path, text in texts.items():
            if place := quoted.search(text):
                found.setdefault(flag, f"{path}:{text.count(chr(10), 0, place.start()) + 1} names it")
    return found


def _still_needed(source: SourceText, flags: frozenset[str], states: frozenset[str]) -> dict[str, str]:
    needed = {flag: f"{source.path}:{line} still asks it" for flag, line in guarded_flags(source) if flag in flags}
    return needed | {s: f"{source.path} still declares it staged" for s in staged_states(source) if s in states}


def _changed(
    source: SourceText, flags: frozenset[str], states: frozenset[str], elsewhere: frozenset[str], exported: bool
) -> FileChange | None:
    guards = simplify(source, flags, elsewhere)
    without_guards = SourceText(source.path, guards.text, source.encoding, source.bom)
    collapsed = collapse(without_guards, states, exported)
    if collapsed.text == source.text:
        return None
    before, middle, after = (source.to_bytes(text) for text in (source.text, guards.text, collapsed.text))
    for one in (FileChange(source.path, before, middle, guards.spans), _of(collapsed, source.path, middle, after)):
        verify_file(one)
    return FileChange(source.path, before, after)


def _of(edited: Edited, path: str, before: bytes, after: bytes) -> FileChange:
    return FileChange(path, before, after, edited.spans)


def _ledger_change(root: Path, config: Config, flags: Iterable[str], states: Iterable[str]) -> list[FileChange]:
    before = ledgers.text_of(root, config.ledger)
    if before is None:
        return []
    change = ledgers.changed(root, config.ledger, ledgers.without(before, flags, states, config.ledger))
    return [change] if change else []
