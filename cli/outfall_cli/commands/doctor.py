"""`outfall doctor`: is everything in place for a migration?"""

from __future__ import annotations

import click

from outfall_cli import terminal
from outfall_cli.checkup import EXAMINATIONS, Verdict
from outfall_cli.exits import Exit

LOOKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "wrong": ("wrong", "red")}


@click.command()
@click.pass_context
def command(ctx: click.Context) -> None:
    """Examine the project and this installation.

    Says what to mend before a migration. Notes do not matter to the exit code; what is wrong gives 1.

    \b
    Example:
      outfall doctor
    """
    verdicts = [examine() for examine in EXAMINATIONS]
    for verdict in verdicts:
        click.echo(line(verdict))
    wrong = sum(verdict.level == "wrong" for verdict in verdicts)
    click.echo(f"\n{wrong} to mend." if wrong else "\nReady.")
    ctx.exit(Exit.FINDINGS if wrong else Exit.DONE)


def line(verdict: Verdict) -> str:
    """One verdict, its remedy below."""
    word, tone = LOOKS[verdict.level]
    remedy = f"\n{'':22}-> {verdict.remedy}" if verdict.remedy else ""
    return f"{terminal.styled(f'{word:<6}', fg=tone)} {verdict.subject:<14} {verdict.found}{remedy}"
