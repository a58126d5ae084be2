"""`outfall report`: one HTML page about the whole way."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from outfall_cli.documents import as_json, inventory
from outfall_cli.project import Project, analyse, complain_about, exit_code, load_project
from outfall_cli.summaries import counted

DEFAULT = "outfall-report.html"


@click.command()
@click.argument("documents", nargs=-1, metavar="[FILE]...", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", default=DEFAULT, show_default=True, type=click.Path(path_type=Path), help="The page.")
@click.option("--no-check", is_flag=True, help="Only show the documents; do not look at the code.")
@click.pass_context
def command(ctx: click.Context, documents: tuple[Path, ...], output: Path, no_check: bool) -> None:
    """Write one self-contained HTML page about all of it.

    It shows what moved, what the evidence says, what is open. FILEs are JSON documents: evidence of
    `outfall metrics export`, load tests, what `outfall diagnostics --to DIR` wrote. The journal,
    the ledger, and evidence and load tests below .outfall/ are found without being named.

    \b
    Examples:
      outfall report
      outfall report evidence.json load/*.json -o rollout.html
    """
    from outfall_reports import Rollout, load_documents, render_report

    project = load_project()
    with tempfile.TemporaryDirectory() as folder:
        problems = () if no_check else looked_at(project, Path(folder))
        found = sorted(Path(folder).glob("*.json")) + gathered(project, documents)
        rollout = project.config.rollout
        data = load_documents(
            found,
            project=project.root.name,
            rollout=Rollout(rollout.dwell_hours, rollout.processes, rollout.accepted),
        )
    output.write_text(render_report(data), encoding="utf-8")
    click.echo(f"{output}: {counted(len(found), 'document')} on one page")
    ctx.exit(exit_code(problems, found=False))


def looked_at(project: Project, folder: Path) -> tuple[object, ...]:
    """Write what check and inventory say now into the folder; the files that could not be read."""
    from outfall_lint.baseline import applied, read_baseline
    from outfall_lint.formats import visible
    from outfall_lint.formats.json import render
    from outfall_lint.ledger import read_ledger
    from outfall_lint.source import SourceLines

    analysis = analyse(project, project.within(()))
    complain_about(analysis.problems)
    open_now = applied(analysis, read_baseline(project.baseline), SourceLines(project.root))
    shown = visible(open_now, project.config.min_priority)
    (folder / "check.json").write_text(render(shown), encoding="utf-8")
    (folder / "inventory.json").write_text(as_json(inventory(analysis, read_ledger(project.ledger))), encoding="utf-8")
    return analysis.problems


def gathered(project: Project, named: tuple[Path, ...]) -> list[Path]:
    """The documents to show: what lies in the project, and what was named, each once."""
    folder = project.folder
    inside = [*folder.glob("*.json"), *folder.glob("load/*.json"), *folder.glob("journal/*/journal.json")]
    ledger = [project.ledger] if project.ledger.exists() else []
    by_place = {path.resolve(): path for path in (*ledger, *sorted(inside, key=oldest_first), *named)}
    return list(by_place.values())


def oldest_first(path: Path) -> tuple[float, str]:
    """Load tests are shown in the order in which they were run."""
    return path.stat().st_mtime, str(path)
