"""`outfall check`: find ambient state."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outfall_cli import options, summaries
from outfall_cli.exits import Exit
from outfall_cli.findings import View, conclude, least_priority
from outfall_cli.project import Project, analyse, complain_about, load_project

if TYPE_CHECKING:
    from outfall_lint.engine import Analysis
    from outfall_lint.model import Priority
    from outfall_lint.source import Source, SourceLines


@click.command()
@options.paths
@click.option("--strict", is_flag=True, help="Report the low priorities too, and let them count.")
@click.option("--all", "show_all", is_flag=True, help="Show all findings, not five per category.")
@click.option("--min-priority", callback=options.priority, metavar="PRIORITY", help="Leave out what is less urgent.")
@click.option("--select", callback=options.codes, metavar="CODES", help="Only these rules: OUT101,OUT2.")
@click.option("--ignore", callback=options.codes, metavar="CODES", help="Not these rules.")
@options.output_format("text", "oneline", "json")
@click.option("--baseline", type=click.Path(dir_okay=False), help="Another baseline file.")
@click.option("--no-baseline", is_flag=True, help="Report what the baseline accepts, too.")
@click.option("--update-baseline", is_flag=True, help="Take what is mended out of the baseline.")
@click.option("--allow-growth", metavar="REASON", help="With --update-baseline: also take in what is new.")
@click.option("--stdin-filename", metavar="PATH", help="Read one file from stdin, as if it lay there; a - beside it is allowed.")
@options.jobs
@options.cached
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    strict: bool,
    show_all: bool,
    min_priority: Priority | None,
    select: tuple[str, ...] | None,
    ignore: tuple[str, ...] | None,
    shape: str,
    baseline: str | None,
    no_baseline: bool,
    update_baseline: bool,
    allow_growth: str | None,
    stdin_filename: str | None,
    jobs: int,
    cached: bool,
) -> None:
    """Find what functions share without being handed it.

    That is ambient state: globals and class attributes that functions change, thread-locals, patches.

    Findings are grouped by category, the most urgent first. `outfall explain` says why a place is
    one. `# outfall: ignore[OUT101] reason` beside a line accepts it for good; a baseline accepts
    what there is today, and may only shrink.

    \b
    Examples:
      outfall check
      outfall check src --strict --all
      outfall check --select OUT2 --format oneline
      outfall check --update-baseline --allow-growth "first run"
    """
    require_growth_with_reason(allow_growth, update_baseline)
    require_one_source(paths, stdin_filename)
    if strict and min_priority:
        raise click.UsageError("--strict reports every priority; leave out --min-priority.")
    if no_baseline and (baseline or update_baseline):
        raise click.UsageError("--no-baseline goes with neither --baseline nor --update-baseline.")
    if baseline and not update_baseline and not Path(baseline).exists():
        raise click.BadParameter(f"{baseline}: no such file; --update-baseline writes one.", param_hint="'--baseline'")
    project = load_project()
    other = project.within([baseline])[0] if baseline else None
    project = project.configured(select=select, ignore=ignore, min_priority=min_priority, baseline=other)
    sources = (from_stdin(project, stdin_filename),) if stdin_filename else ()
    wanted = [source.path for source in sources] or project.within(paths)
    analysis = analyse(project, wanted, jobs, sources, cached=cached)
    lines = source_lines(project, sources)
    whole = not (sources or select or ignore) and set(wanted) == set(project.within(()))
    if update_baseline:
        require_whole(whole)
        ctx.exit(renew_baseline(project, analysis, lines, allow_growth))
    if not no_baseline:
        if whole and not analysis.problems:
            name_stale(project, analysis, lines)
        analysis = beyond_baseline(project, analysis, lines)
    view = View(least_priority(project.config.min_priority, strict), shape, show_all)
    ctx.exit(conclude(analysis, lines, view))


def require_one_source(paths: tuple[str, ...], stdin_filename: str | None) -> None:
    """Raises UsageError for paths beside stdin, and for `-` alone, which says nothing about where the text would lie."""
    if "-" in paths and not stdin_filename:
        raise click.UsageError("to read stdin, say where the text lies: --stdin-filename PATH.")
    if stdin_filename and paths not in ((), ("-",)):
        raise click.UsageError("--stdin-filename reads that one file; leave out the paths.")


def require_growth_with_reason(reason: str | None, update_baseline: bool) -> None:
    """Raises UsageError for `--allow-growth` alone, or without a reason that will mean something in a year."""
    if reason is None:
        return
    if not update_baseline:
        raise click.UsageError("--allow-growth goes with --update-baseline.")
    if not reason.strip():
        raise click.UsageError("--allow-growth needs a reason; the baseline keeps it.")


def require_whole(whole: bool) -> None:
    """Raises UsageError where only a part is looked at: the rest of the baseline would seem mended."""
    if not whole:
        remedy = "leave out paths, --select, --ignore and stdin; `paths` in [tool.outfall] says what the project is."
        raise click.UsageError(f"--update-baseline looks at the whole project: {remedy}")


def source_lines(project: Project, sources: tuple[Source, ...]) -> SourceLines:
    """The lines of the project's files, with texts that take the place of files."""
    from outfall_lint.source import SourceLines

    return SourceLines(project.root, sources)


def from_stdin(project: Project, name: str) -> Source:
    """What comes on stdin, as if it lay in the file of that name; raises Unreadable where it is no text."""
    from outfall_lint.model import Problem
    from outfall_lint.source import decode

    path = Path(project.within([name])[0]).as_posix()
    source = decode(path, sys.stdin.buffer.read())
    if isinstance(source, Problem):
        raise Unreadable(f"{name}: {source.message}")
    return source


class Unreadable(click.ClickException):
    """What came on stdin is no Python source text."""

    exit_code = Exit.UNREADABLE


def name_stale(project: Project, analysis: Analysis, lines: SourceLines) -> None:
    """Say on stderr how much of the baseline matches nothing any more."""
    from outfall_lint.baseline import compare, read_baseline

    stale = compare(analysis.findings, read_baseline(project.baseline), lines).stale
    if stale:
        entries = summaries.counted(len(stale), "entry", "entries")
        click.echo(f"{project.config.baseline}: {entries} mended; `outfall check --update-baseline` drops them", err=True)


def beyond_baseline(project: Project, analysis: Analysis, lines: SourceLines) -> Analysis:
    """The analysis without what the baseline accepts."""
    from outfall_lint.baseline import applied, read_baseline

    return applied(analysis, read_baseline(project.baseline), lines)


def renew_baseline(project: Project, analysis: Analysis, lines: SourceLines, reason: str | None) -> Exit:
    """Write the baseline without what is mended and, given a reason, with what is new."""
    from outfall_lint.baseline import read_baseline, updated, write_baseline

    complain_about(analysis.problems)
    if analysis.problems:
        click.echo(f"{project.config.baseline} is left as it is: not every file could be read.", err=True)
        return Exit.UNREADABLE
    before = read_baseline(project.baseline)
    after = updated(analysis.findings, before, lines, reason)
    write_baseline(project.baseline, after)
    entries = summaries.counted(len(after.entries), "entry", "entries")
    click.echo(f"{project.config.baseline}: {entries}, before {len(before.entries)}")
    return Exit.DONE
