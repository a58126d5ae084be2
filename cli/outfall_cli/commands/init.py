"""`outfall init`: what a project needs to start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from outfall_cli import changes, dependency, summaries
from outfall_cli.exits import Exit
from outfall_cli.project import Project, analyse, complain_about, find_root, load_project

HOOK = """\
repos:
  - repo: https://github.com/OWNER/outfall   # where you have outfall from
    rev: v{version}
    hooks:
      - id: outfall-check
"""


@click.command()
@click.option("--no-baseline", is_flag=True, help="Accept nothing: every finding counts from the start.")
@click.option("--runtime", is_flag=True, help="Add outfall-runtime to the project's dependencies; nothing else.")
@click.option("--diff", "show_diff", is_flag=True, help="With --runtime: show the change; write nothing.")
@click.pass_context
def command(ctx: click.Context, no_baseline: bool, runtime: bool, show_diff: bool) -> None:
    """Add what a project needs to start: settings, a baseline.

    Adds a [tool.outfall] section to pyproject.toml and a baseline file, and prints a snippet for
    pre-commit.

    The baseline accepts what there is today and may only shrink, so that an old project starts at
    zero. Formatting and comments are kept; a section or baseline that is already there is left alone.

    What `outfall migrate` writes imports outfall-runtime. `--runtime` adds it wherever the project
    lists its dependencies (pyproject.toml, setup.cfg, requirements.txt), and to the build
    requirements where setup.py imports the package. `outfall undo` takes that back.

    \b
    Examples:
      outfall init
      outfall init --runtime --diff
    """
    if show_diff and not runtime:
        raise click.UsageError("--diff belongs to --runtime: outfall init --runtime --diff")
    if runtime:
        with_runtime(ctx, load_project(), show_diff)
    path = find_root(Path.cwd()) / "pyproject.toml"
    click.echo(f"{path}: {added(path)}")
    if not no_baseline:
        click.echo(accepted(load_project()))
    click.echo(f"\nFor .pre-commit-config.yaml:\n\n{indented(HOOK.format(version=own_version()))}")
    click.echo(
        summaries.advice(
            [
                ("see what there is", "outfall check --no-baseline"),
                ("see what comes in", "outfall check"),
                ("see what would be rewritten", "outfall migrate --diff"),
            ]
        )
    )


def with_runtime(ctx: click.Context, project: Project, show_diff: bool) -> None:
    """`--runtime`; ends the command."""
    planned = dependency.planned(project)
    if show_diff:
        click.echo(changes.diff_of(planned), nl=False)
        dependency.said(planned.notes)
        ctx.exit(Exit.FINDINGS if planned else Exit.DONE)
    click.echo(dependency.added(project, planned))
    ctx.exit(Exit.DONE)


def accepted(project: Project) -> str:
    """Write a baseline of all findings unless there is one; says what was done."""
    from outfall_lint.baseline import Baseline, updated, write_baseline
    from outfall_lint.source import SourceLines

    path = project.baseline
    if path.exists():
        return f"{path}: is there already; left as it is"
    analysis = analyse(project, project.within(()))
    complain_about(analysis.problems)
    if not analysis.findings:
        return "no baseline is needed: there are no findings"
    today = updated(analysis.findings, Baseline(), SourceLines(project.root), allow_growth="outfall init")
    write_baseline(path, today)
    return f"{path}: accepts {summaries.counted(len(analysis.findings), 'finding')} of today"


def added(path: Path) -> str:
    """Write the section unless there is one; says which. Raises UsageError for a broken file."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document: Any = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path}: {error}") from None
    tool = document.get("tool", {})
    if not isinstance(tool, dict):
        raise click.UsageError(f"{path}: `tool` is not a table; correct that first")
    if "outfall" in tool:
        return "already has [tool.outfall]; left as it is"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    gap = "\n" if text.endswith("\n") or not text else "\n\n"
    path.write_text(f"{text}{gap if text else ''}{section(path.parent)}", encoding="utf-8")
    return "[tool.outfall] added"


def section(root: Path) -> str:
    """The section for this project: its paths, and the settings that most will want to see."""
    import tomlkit

    wanted = paths_of(root)
    return (
        "[tool.outfall]\n"
        f"paths = {tomlkit.item(wanted).as_string()}\n\n"
        "[tool.outfall.rollout]\n"
        "# Hours that the new way must have served, and who must have reported, before the old way may go.\n"
        "dwell-hours = 48\n"
        "processes = []\n"
    )


def paths_of(root: Path) -> list[str]:
    """The project's own folders, its tests last: all but those of scripts; everything where modules lie beside them, as the next may."""
    from outfall_lint.collect import lives_for_one_run
    from outfall_lint.discovery import discover

    files, _ = discover(["."], root)
    own = sorted({file.path.partition("/")[0] for file in files if not lives_for_one_run(file)})
    if any(name.endswith(".py") for name in own):
        return ["."]
    return [*own, *(["tests"] if "tests" not in own and (root / "tests").is_dir() else [])] or ["."]


def own_version() -> str:
    from importlib.metadata import version

    return version("outfall")


def indented(text: str) -> str:
    return "".join(f"  {line}" for line in text.splitlines(keepends=True))
