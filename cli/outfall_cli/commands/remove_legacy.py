"""`outfall remove-legacy`: delete the old way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from outfall_cli import changes, options, summaries, terminal
from outfall_cli.project import Project, complain_about, exit_code, load_project

if TYPE_CHECKING:
    from outfall_codemods.remove import RemovalPlan


@click.command()
@options.paths
@click.option("--flag", "flags", multiple=True, metavar="NAME", help="This flag only; may be repeated.")
@click.option(
    "--evidence", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="From `outfall metrics export`; may be repeated.",
)  # fmt: skip
@click.option("--force", metavar="REASON", help="Delete without sufficient evidence; the journal keeps the reason.")
@click.option("--diff", "show_diff", is_flag=True, help="Show the change; write nothing.")
@click.option("--check", "only_check", is_flag=True, help="Say what would change; write nothing.")
@click.option("--allow-dirty", is_flag=True, help="Delete although there are uncommitted changes.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    flags: tuple[str, ...],
    evidence: tuple[Path, ...],
    force: str | None,
    show_diff: bool,
    only_check: bool,
    allow_dirty: bool,
) -> None:
    """Delete the old way of completed flags.

    With it goes all that it alone kept alive. Takes the flags that the ledger calls completed, or
    those named. A flag that is not completed needs evidence from production that the new way has
    served for the dwell time; without it this refuses (exit code 4) and says exactly what is
    missing.

    \b
    Examples:
      outfall remove-legacy --diff
      outfall remove-legacy --flag use_context --evidence evidence.json
      outfall remove-legacy --flag use_context --force "staging only, no users"
    """
    from outfall_codemods.remove import plan_removal

    project = load_project()
    changes.recover(project.root)
    changes.remind(project.root)
    plan = plan_removal(
        project.root, project.config, files=project.within(paths), flags=flags, evidence=evidence, force=force
    )
    complain_about(plan.problems)
    if show_diff or only_check:
        click.echo(previewed(plan, show_diff), nl=False)
    elif plan.changes:
        changes.write(plan, project.root, "remove-legacy", allow_dirty, forced=force)
        click.echo(summary(plan))
    if not plan.changes:
        click.echo(summaries.paragraphs(nothing(project, plan), "\n".join(plan.notes)), err=show_diff)
    ctx.exit(exit_code(plan.problems, found=bool(plan.changes) and (show_diff or only_check)))


def previewed(plan: RemovalPlan, show_diff: bool) -> str:
    """`--diff` or `--check`."""
    if show_diff:
        return changes.diff_of(plan)
    return files(plan, "Would delete the old way of") + "\n" if plan.changes else ""


def nothing(project: Project, plan: RemovalPlan) -> str:
    """Why nothing would go."""
    from outfall_lint.ledger import read_ledger

    declared = [flag.name for flag in read_ledger(project.ledger).flags]
    if not declared:
        return f"{project.config.ledger} declares no flag, so nothing is staged."
    if not plan.flags:
        return (
            f"No flag is completed yet, so no old way may go; {project.config.ledger} declares {', '.join(declared)}.\n"
            "Complete one with: outfall flags complete NAME --evidence FILE"
        )
    return "No completed flag has a legacy path left."


def files(plan: RemovalPlan, did: str) -> str:
    """Whose old way goes, and the files that change."""
    title = f"{did} {', '.join(plan.flags)} in {summaries.counted(len(plan.changes), 'file')}"
    states = "\n".join(f"  {state}" for state in plan.states)
    changed = "\n".join(f"  {terminal.styled(change.path, dim=True)}" for change in plan.changes)
    return summaries.paragraphs(terminal.styled(title, fg="green", bold=True) + (f"\n{states}" if states else ""), changed)


def summary(plan: RemovalPlan) -> str:
    """What was deleted, and what to do next."""
    following = [("run your tests", "pytest"), ("see what is left", "outfall check"), ("take it back", "outfall undo")]
    return summaries.paragraphs(files(plan, "Deleted the old way of"), "\n".join(plan.notes), summaries.advice(following))
