"""Findings to plans to verified changes; nothing is written here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

from outfall_lint.baseline import applied, read_baseline
from outfall_lint.collect import collector_paused
from outfall_lint.config import Config
from outfall_lint.engine import Analysis, Progress
from outfall_lint.model import Finding, Kind, Priority, Problem
from outfall_lint.source import SourceLines

from . import ledger
from .carried import with_something_to_carry
from .change import ChangeSet, FileChange
from .dependencies import advice
from .edits import Edit, Part, RuntimeName, edited, replaced_words
from .errors import CodemodError, UsageError, VerificationFailed
from .generated import generated_at
from .line_length import line_length
from .other_files import OtherFiles
from .plan import Plan, decline
from .text import SourceText
from .transform import Asked, Case, Transform, all_transforms, transform_for
from .unsafe import UNSAFE
from .verify import imports_apart, verify_file


@dataclass(frozen=True)
class MigrationPlan(ChangeSet):
    """A plan for every finding, the changes they amount to, and the files that could not be read."""

    plans: tuple[Plan, ...] = ()
    problems: tuple[Problem, ...] = ()


@collector_paused()
def plan_migration(
    analysis: Analysis,
    config: Config,
    *,
    root: Path = Path(),
    direct: bool = False,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    respect_baseline: bool = False,
    unsafe: Sequence[str] = (),
    carry: Sequence[str] = (),
    idiomatic: bool = False,
    resources: bool = False,
    within: Sequence[str] = (),
    progress: Progress | None = None,
) -> MigrationPlan:
    """Plan all, edit and verify all; `engine.apply` writes the result.

    `only` and `skip` name kinds of states, or paths and path patterns below `root`; `within` names paths, of which the
    states are to be declared in one. The analysis has to cover the whole project all the same: whoever uses a
    state decides what may become of it. `direct` leaves no old way behind. With `respect_baseline`, findings of the baseline are left alone.
    `unsafe` names the reasons (`unsafe.UNSAFE`) that are overruled. `carry` names the states
    (or `transform.ALL`) that work handed to other threads takes along. With `idiomatic`, the attributes of
    a thread-local become typed values; with `resources`, what belongs to its thread goes under a
    `ThreadResource`. `progress` is told how many states are planned, of how many.
    """
    _require_known(root, (*only, *skip))
    for name in unsafe:
        if name not in UNSAFE:
            raise UsageError(f"{name!r} is no reason that can be overruled", f"there are {', '.join(UNSAFE)}")
    asked = Asked(frozenset(unsafe), frozenset(carry), idiomatic, resources)
    if respect_baseline:
        analysis = applied(analysis, read_baseline(root / config.baseline), SourceLines(root))
    answered = [_answered(finding, config) for finding in analysis.findings]
    wanted = [each for each in answered if _selected(each, only, skip) and (not within or is_below(each.state.place.path, within))]
    others = OtherFiles(root, analysis.files)
    plans = with_something_to_carry(_planned(wanted, others, config.min_priority, asked, progress), carry)
    if direct:
        plans = [_direct(plan) for plan in plans]
    plans, changes = _edited(plans, others, line_length(root))
    notes = advice(root, [change.path for change in changes])
    if changes and not direct:
        changes += _declared(root, config, plans)
    return MigrationPlan(tuple(changes), tuple(plans), notes, problems=analysis.problems)


def _require_known(root: Path, names: Iterable[str]) -> None:
    kinds = [kind.value for kind in Kind]
    for name in names:
        if name not in kinds and not (root / name).exists() and not set(name) & set("*?["):
            raise UsageError(f"{name!r} is neither a kind of state nor a path", f"kinds: {', '.join(kinds)}")


def _answered(finding: Finding, config: Config) -> Finding:
    """The finding with the kind that the configuration gives its state, however the rule made that state."""
    kind = config.states.get(finding.state.name)
    return finding if kind is None else replace(finding, state=replace(finding.state, kind=Kind(kind)))


def _selected(finding: Finding, only: Sequence[str], skip: Sequence[str]) -> bool:
    return not _matches(finding, skip) and (not only or _matches(finding, only))


def _matches(finding: Finding, names: Sequence[str]) -> bool:
    return finding.state.kind.value in names or is_below(finding.state.place.path, names)


def is_below(path: str, names: Sequence[str]) -> bool:
    """Whether a path, seen from the root, is one of the names, lies below one that is a folder, or matches one as a pattern."""
    folders = [name.removeprefix("./").rstrip("/") for name in names]
    return any(folder == "." or path == folder or path.startswith(folder + "/") or fnmatch(path, folder) for folder in folders)


def _planned(
    findings: Iterable[Finding], others: OtherFiles, threshold: Priority, asked: Asked, progress: Progress | None
) -> list[Plan]:
    """One plan for each state and transform; every finding's code is in exactly one of them."""
    transforms = all_transforms()
    grouped: dict[tuple[object, object, str], list[Finding]] = defaultdict(list)
    chosen: dict[str, Transform] = {}
    for finding in findings:
        transform = transform_for(finding, transforms)
        chosen[transform.name] = transform
        grouped[finding.state.place, transform.each_place and finding.place, transform.name].append(finding)
    plans = []
    for done, ((*_, name), group) in enumerate(grouped.items()):
        if progress is not None:
            progress(done, len(grouped))
        source = others.source(group[0].state.place.path)
        plan = chosen[name].plan(Case(tuple(group), source, others, asked))
        plan = _by_hand_only(replace(plan, fix_safety=chosen[name].fix_safety), others)
        priority = max(finding.priority for finding in group)
        plans.append(_too_low(plan, priority, threshold) if priority < threshold else plan)
    if progress is not None:
        progress(len(grouped), len(grouped))
    return sorted(plans, key=lambda plan: (plan.state.place, plan.codes))


def _by_hand_only(plan: Plan, others: OtherFiles) -> Plan:
    """A generated file is not edited: its generator would take the change back."""
    for path in sorted(plan.paths):
        line = generated_at(others.source(path))
        if line is not None:
            remedy = "change what generates it, or take that line out if it is kept by hand"
            return decline(plan.state, plan.codes, f"{path} is generated, as its line {line} says; {remedy}")
    return plan


def _too_low(plan: Plan, priority: Priority, threshold: Priority) -> Plan:
    """A state that `check` does not show is not rewritten behind its reader's back either."""
    if not plan.rewrites:
        return plan
    low = priority.name.lower()
    return decline(plan.state, plan.codes, f'its priority is {low}; `min-priority = "{low}"` in [tool.outfall] has it rewritten too')


def _direct(plan: Plan) -> Plan:
    if not plan.rewrites:
        return plan
    edits = tuple(replace(edit, parts=tuple(map(_unstaged, edit.parts))) for edit in plan.edits)
    return replace(plan, target=(plan.target or "").removeprefix("Staged"), flag=None, edits=edits)


def _unstaged(part: Part) -> Part:
    return RuntimeName(part.name.removeprefix("Staged")) if isinstance(part, RuntimeName) else part


def _edited(plans: Sequence[Plan], others: OtherFiles, limit: int | None) -> tuple[list[Plan], list[FileChange]]:
    """The changes; a plan that touches a file whose edit fails verification becomes declined, and says why."""
    settled = [plan for plan in plans if not plan.rewrites]
    standing = [plan for plan in plans if plan.rewrites]
    changes: list[FileChange] = []
    for path in sorted({path for plan in standing for path in plan.paths}):
        here = [plan for plan in standing if path in plan.paths]
        try:
            changes.append(_changed(others.source(path), here, limit, others))
        except CodemodError as error:
            left = [decline(plan.state, plan.codes, error.message) for plan in here]
            kept = [plan for plan in plans if plan not in here]
            return _edited([*kept, *left], others, limit)
    return sorted([*settled, *standing], key=lambda plan: (plan.state.place, plan.codes)), changes


def _changed(source: SourceText, plans: Sequence[Plan], limit: int | None, others: OtherFiles) -> FileChange:
    unbound = {plan.unbound for plan in plans if plan.unbound and plan.state.place.path == source.path}
    edits: list[Edit] = []
    for plan in plans:  # what two states share, such as `cls.x = v` for either class, is written once
        shared = set(edits)
        edits += [edit for edit in plan.edits if edit.place.path == source.path and edit not in shared]
    try:
        exported = "__all__" not in source.text and others.star_import(source.path)
        taken = others.taken(source.path, replaced_words(source, edits) & set(source.imported))
        new = edited(source, edits, unbound, limit, others.importable(source.path), exported, taken)
    except SyntaxError as error:
        raise VerificationFailed(f"{source.path}: the edit would not parse: {error}", "skip this file and report it") from error
    change = FileChange(source.path, source.to_bytes(source.text), source.to_bytes(new.text), new.spans)
    verify_file(change)
    if any(plan.state.place.path != source.path for plan in plans):
        imports_apart(source, new.text)
    return change


def _declared(root: Path, config: Config, plans: Iterable[Plan]) -> list[FileChange]:
    """The ledger's change: each staged state declared under its flag."""
    states: dict[str, list[str]] = defaultdict(list)
    for plan in plans:
        if plan.rewrites and plan.flag:
            states[plan.flag] += plan.names or (plan.state.name,)
    if not states:
        return []
    ledger.load(root, config.ledger)  # raises for one that cannot be used
    after = ledger.with_states(ledger.text_of(root, config.ledger), states, date.today(), config.ledger)
    change = ledger.changed(root, config.ledger, after)
    return [change] if change else []
