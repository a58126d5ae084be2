"""`outfall diff`: only the findings that are new since a git revision."""

from __future__ import annotations

import click

from outfall_cli import options
from outfall_cli.cache import open_cache
from outfall_cli.findings import View, conclude, least_priority
from outfall_cli.project import Project, analyse, load_project
from outfall_cli.revision import checked_out


@click.command()
@click.argument("revision", metavar="REV")
@options.paths
@click.option("--strict", is_flag=True, help="Report the low priorities too, and let them count.")
@options.output_format("text", "oneline", "json")
@options.jobs
@options.cached
@click.pass_context
def command(
    ctx: click.Context, revision: str, paths: tuple[str, ...], strict: bool, shape: str, jobs: int, cached: bool
) -> None:
    """Find the ambient state that came in since revision REV.

    A finding is new when its state is, or when a function changes the state that did not before;
    what was only moved or re-indented is not. The work tree is left as it is.

    \b
    Examples:
      outfall diff main
      outfall diff HEAD~5 src --strict
    """
    from outfall_lint.baseline import Baseline, applied, updated
    from outfall_lint.source import SourceLines

    project = load_project()
    wanted = project.within(paths)
    cache = open_cache(project.root) if cached else None
    with checked_out(project.root, revision) as then:
        before = analyse(Project(then, project.config), wanted, jobs, cached=cached, cache=cache)
        known = updated(before.findings, Baseline(), SourceLines(then), allow_growth=revision)
    lines = SourceLines(project.root)
    analysis = applied(analyse(project, wanted, jobs, cached=cached, cache=cache), known, lines)
    view = View(least_priority(project.config.min_priority, strict), shape, everything=True)
    ctx.exit(conclude(analysis, lines, view))
