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
@options.cached
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], shape: str, jobs: int, cached: bool) -> None:
    """List every ambient state, and how far it is on its way.

    Listed is what a rule objects to, less urgent or not, and what the runtime keeps already.

    \b
    ambient    functions change it
    staged     the old and the new way both exist, chosen by a flag
    completed  the ledger says that the rollout is over: `outfall remove-legacy`
    moved      the runtime alone keeps it

    \b
    Examples:
      outfall inventory
      outfall inventory src --format json
    """
    from outfall_lint.ledger import read_ledger

    project = load_project()
    analysis = analyse(project, project.within(paths), jobs, cached=cached)
    complain_about(analysis.problems)
    document = inventory(analysis, read_ledger(project.ledger))
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
        (str(row["state"]), str(row["kind"]), str(row["rollout"]), f"{row['changes']}/{row['accesses']}", f"{row['path']}:{row['line']}")
        for row in rows
    ]
    heads = ("state", "kind", "rollout", "changes/accesses", "declared at")
    widths = [max(len(line[n]) for line in (heads, *cells)) for n in range(len(heads))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in (heads, *cells)]
    return "\n".join([terminal.styled(lines[0], dim=True), *lines[1:]])
