"""Findings on their way to the reader: what counts, in which format, the exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from outfall_cli import terminal
from outfall_cli.exits import Exit
from outfall_cli.project import complain_about, exit_code

if TYPE_CHECKING:
    from outfall_lint.engine import Analysis
    from outfall_lint.model import Priority
    from outfall_lint.source import SourceLines


@dataclass(frozen=True)
class View:
    """What the reader wants to see of an analysis."""

    least: Priority  # what is less urgent neither is shown in full nor counts
    shape: str = "text"
    everything: bool = False  # more than five per category; machines always get all


def least_priority(configured: Priority, strict: bool) -> Priority:
    """The lowest priority that is shown and counts."""
    from outfall_lint.model import Priority

    return Priority.LOW if strict else configured


def conclude(analysis: Analysis, lines: SourceLines, view: View) -> Exit:
    """Print the findings, and the files that could not be read; the exit code."""
    complain_about(analysis.problems)
    if not analysis.files and not analysis.problems:
        click.echo("There is no Python file to check here; `exclude`, .gitignore, hidden and build folders are left out.", err=True)
    click.echo(rendered(analysis, lines, view), nl=False)
    return exit_code(analysis.problems, found=any(f.priority >= view.least for f in analysis.findings))


def rendered(analysis: Analysis, lines: SourceLines, view: View) -> str:
    """The findings in the wanted format."""
    from outfall_lint.formats import json, oneline, text, visible

    if view.shape == "json":
        return json.render(visible(analysis, view.least))
    if view.shape == "oneline":
        return oneline.render(visible(analysis, view.least))
    return text.render(analysis, lines, text.Shown(view.least, view.everything, terminal.colour()))
