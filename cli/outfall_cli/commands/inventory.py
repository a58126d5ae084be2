"""`outfall inventory`: every state of the project."""

from __future__ import annotations

import click

from outfall_cli import options, terminal
from outfall_cli.documents import as_json, inventory
from outfall_cli.exits import Exit
from outfall_cli.project import analyse, complain_about, load_project


@click.command()
@options.paths
@options.output_format("text", "json")
@options.jobs
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], shape: str, jobs: int) -> None:
    """List every state, whether a rule objects to it or not.

    \b
    Examples:
      outfall inventory
      outfall inventory src --format json
    """
    project = load_project()
    analysis = analyse(project, project.within(paths), jobs)
    complain_about(analysis.problems)
    document = inventory(analysis)
    if shape == "json":
        click.echo(as_json(document))
    else:
        click.echo(table(document["states"]))
    ctx.exit(Exit.UNREADABLE if analysis.problems else Exit.DONE)


def table(rows: list[dict[str, object]]) -> str:
    """The states as aligned columns."""
    if not rows:
        return "No state outlives the functions that use it."
    cells = [
        (str(row["state"]), str(row["kind"]), f"{row['changes']}/{row['accesses']}", f"{row['path']}:{row['line']}")
        for row in rows
    ]
    heads = ("state", "kind", "changes/accesses", "declared at")
    widths = [max(len(line[n]) for line in (heads, *cells)) for n in range(4)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in (heads, *cells)]
    return "\n".join([terminal.styled(lines[0], dim=True), *lines[1:]])
