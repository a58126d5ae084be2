"""Hands command lines over to the runtime's own console, the only touch between the two."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence

import click

from outfall_cli.exits import Exit

COMMANDS = {
    "diagnostics": "Let the runtime examine itself and write what it finds.",
    "metrics": "Collect the evidence that running processes recorded.",
    "stage": "Advance a rollout by one stage, or roll it back.",
    "tables": "Back up, restore, rebuild and clean up the registries.",
}
MISSING = "this needs the runtime: pip install outfall-runtime"


def runtime_installed() -> bool:
    """Whether the interpreter that runs outfall can import the runtime."""
    return importlib.util.find_spec("outfall_runtime") is not None


def hand_over(name: str, arguments: Sequence[str]) -> int:
    """Run `python -m outfall_runtime NAME ARGUMENTS` in our place; its exit code."""
    if not runtime_installed():
        click.echo(f"outfall {name}: {MISSING}", err=True)
        return Exit.USAGE
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", "outfall_runtime", name, *arguments]).returncode


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What `python -m outfall_runtime ARGUMENTS` says, for a command of ours that reads it."""
    return subprocess.run([sys.executable, "-m", "outfall_runtime", *arguments], capture_output=True, text=True)


def command(name: str, run: Callable[[tuple[str, ...]], int], help: str | None) -> click.Command:
    """The click command that gives everything after its name, `--help` included, to `run` and ends with its exit code."""

    @click.pass_context
    def typed(ctx: click.Context, arguments: tuple[str, ...]) -> None:
        ctx.exit(run(arguments))

    return click.Command(
        name,
        callback=typed,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
        help=help,
        add_help_option=False,
    )
