"""`outfall init --runtime`: the runtime in the project's own lists of dependencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from outfall_cli import changes, summaries, terminal
from outfall_cli.project import Project, analyse, complain_about

if TYPE_CHECKING:
    from outfall_codemods.change import ChangeSet


def planned(project: Project) -> ChangeSet:
    """What has to be added where; setup.py is asked whether building needs the runtime too."""
    from outfall_codemods.dependencies import declare

    return declare(project.root, importers(project) if (project.root / "setup.py").is_file() else ())


def importers(project: Project) -> list[str]:
    """The files that import the runtime, and those that would after `outfall migrate`."""
    from outfall_codemods.migrate import plan_migration
    from outfall_lint.constructors import RUNTIME

    analysis = analyse(project, project.within(()))
    complain_about(analysis.problems)
    there = [m.path for m in analysis.modules if any(name.partition(".")[0] == RUNTIME for _, name in m.imports)]
    plan = plan_migration(analysis, project.config, root=project.root)
    return sorted({*there, *(change.path for change in plan.changes if change.is_python)})


def added(project: Project, planned: ChangeSet) -> str:
    """Write the changes; says where, what is left to do by hand, and what to do next."""
    if planned:
        changes.write(planned, project.root, "init", allow_dirty=True)
    return summary(planned, "Added outfall-runtime to")


def summary(planned: ChangeSet, did: str) -> str:
    paths = [change.path for change in planned.changes]
    title = terminal.styled(f"{did} {', '.join(paths)}", fg="green", bold=True) if paths else ""
    nothing = "" if paths or planned.notes else "outfall-runtime is declared already; nothing to add."
    following = [
        ("install it", "pip install outfall-runtime"),
        ("rewrite", "outfall migrate --diff"),
        ("take it back", "outfall undo"),
    ]
    return summaries.paragraphs(title, "\n".join(planned.notes), nothing, summaries.advice(following) if paths else "")


def said(notes: tuple[str, ...]) -> None:
    """What has to be done by hand, beside a diff that must stay one."""
    for note in notes:
        click.echo(note, err=True)
