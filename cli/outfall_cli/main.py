"""The entry point of `outfall`."""

from __future__ import annotations

import click

from outfall_cli import terminal
from outfall_cli.group import LazyGroup

WIDTH = 100


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"outfall {version('outfall')}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"max_content_width": WIDTH, "help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
def outfall() -> None:
    """Drain ambient state out of Python code.

    Find it, give it an owner, prove that nothing uses the old way any more, delete the old way.

    \b
    The whole way:
      outfall check                   find ambient state
      outfall explain app/db.py:12    why this place is one, and what migrate would do
      outfall migrate --diff          what would be rewritten; without --diff: rewrite it
      outfall flags ...               switch running services from the old way to the new
      outfall remove-legacy ...       delete the old way, once evidence shows it unused
      outfall report                  one HTML page about all of it

    Try `outfall demo` to watch all of it on a small service.
    """


def main() -> None:
    """Run the command line; never returns."""
    terminal.tolerate()
    outfall(prog_name="outfall")
