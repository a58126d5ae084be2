"""`outfall undo`: take a migrate or remove-legacy back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from outfall_cli import changes, summaries, terminal
from outfall_cli.project import load_project

if TYPE_CHECKING:
    from outfall_codemods.journal import JournalEntry


@click.command()
@click.argument("entry", metavar="[ENTRY]", required=False)
@click.option("--list", "show_list", is_flag=True, help="Show the journal's entries, oldest first; change nothing.")
def command(entry: str | None, show_list: bool) -> None:
    """Put every file back as it was before the last change.

    Or before journal entry ENTRY. A change that was stopped half way counts as the last one.
    Refuses (exit code 4) where a file has been edited since: nothing of yours is overwritten.

    \b
    Examples:
      outfall undo
      outfall undo --list
      outfall undo 20261123T101500Z-migrate
    """
    from outfall_codemods.journal import entries, undo

    root = load_project().root
    if show_list:
        click.echo(listed(entries(root)))
        return
    if changes.recover(root) and entry is None:
        return
    undone = undo(root, entry)
    click.echo(f"Undone: {undone.command} of {undone.created}")
    for file in undone.files:
        click.echo(f"  {file.path}")


def listed(entries: Sequence[JournalEntry]) -> str:
    """The entries in columns: id, status, what they changed; one that was forced with its reason."""
    if not entries:
        return "The journal holds no entry."
    widest = max(len(entry.id) for entry in entries)
    return "\n".join(
        f"{terminal.styled(f'{entry.id:<{widest}}', bold=True)}  {entry.status:<8}  {summaries.counted(len(entry.files), 'file')}"
        + (f", forced: {entry.forced}" if entry.forced else "")
        for entry in entries
    )
