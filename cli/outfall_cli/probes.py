"""`outfall migrate --probe`: the file that states who shares which state, shown or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from outfall_cli import changes, summaries, terminal
from outfall_cli.project import Project

if TYPE_CHECKING:
    from outfall_codemods.migrate import MigrationPlan
    from outfall_codemods.probe import ProbePlan
    from outfall_lint.engine import Analysis

DEFAULT = "the project's tests"
LAWS = {
    "CONTEXTS": ("context", "contexts", "each thread has its own, and from mode new on each task"),
    "RESOURCES": ("thread resource", "thread resources", "each thread has its own, which its tasks share"),
    "THREADS": ("thread-local that stays", "thread-locals that stay", "each thread has its own"),
    "TABLES": ("table", "tables", "one for the whole process"),
    "SLOTS": ("global", "globals", "one value for the whole process"),
    "LAZIES": ("value made on first use", "values made on first use", "made once for the whole process"),
}


def python_file(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The file to write; raises BadParameter for one that pytest would not read."""
    if value is not None and value != DEFAULT and not value.endswith(".py"):
        raise click.BadParameter(f"{value!r} is no Python file; write --probe=FILE.py, or put the paths first.", ctx, param)
    return value


def planned(project: Project, analysis: Analysis, plan: MigrationPlan, file: str, below: Sequence[str] = ()) -> tuple[str, ProbePlan]:
    """Where the probe goes, seen from the root, and what it holds: of the states that are declared below the paths, where there are such."""
    from outfall_codemods.migrate import is_below
    from outfall_codemods.probe import default_path, plan_probe

    if below:
        states = tuple(state for state in analysis.states if is_below(state.place.path, below))
        analysis = replace(analysis, states=states)

    path = default_path(project.root) if file == DEFAULT else project.within([file])[0]
    return path, plan_probe(analysis, plan.plans, path, project.root)


def written(project: Project, path: str, probe: ProbePlan, verify: str | None) -> str:
    """Write it, unless it is there already; what was done, what is left out, what to do next."""
    if probe.changes:
        changes.write(probe, project.root, "probe", allow_dirty=True, verify=verify)
    return summary(path, probe)


def previewed(path: str, probe: ProbePlan, show_diff: bool) -> str:
    """`--diff` or `--check`."""
    if show_diff:
        return changes.diff_of(probe)
    return f"Would write {path}" if probe.changes else "Nothing to write."


def summary(path: str, probe: ProbePlan) -> str:
    """How many states are covered under which law, and why others are not."""
    if not probe.subjects:
        return summaries.paragraphs("No state is moved, so there is nothing to probe.", missing(probe))
    did = "Wrote" if probe.changes else "Is up to date:"
    names = {scope: {each.name for each in probe.subjects if each.scope.value == scope} for scope in LAWS}
    rows = [
        f"  {summaries.counted(len(names[scope]), one, many)}: {law}"
        for scope, (one, many, law) in LAWS.items()
        if names[scope]
    ]
    title = terminal.styled(f"{did} {path}", fg="green", bold=True)
    following = [
        ("run it before the migration", f"pytest {path}"),
        ("rewrite", "outfall migrate"),
        ("run it again, in every mode", f"pytest -rxX {path}"),
    ]
    return summaries.paragraphs("\n".join([title, *rows]), missing(probe), summaries.advice(following))


def missing(probe: ProbePlan) -> str:
    """The states that no test can get hold of."""
    if not probe.uncovered:
        return ""
    title = terminal.styled(f"Not covered: {summaries.counted(len(probe.uncovered), 'state')}", fg="yellow", bold=True)
    return "\n".join([title, *(f"  {each.name}: {each.reason}" for each in probe.uncovered)])
