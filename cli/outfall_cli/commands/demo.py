"""`outfall demo`: watch the whole way on a small service."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from pathlib import Path

import click

from outfall_cli import handover, terminal
from outfall_cli.demo.runner import Outcome, copy_service, run_all
from outfall_cli.demo.steps import EVIDENCE, REPORT, STEPS
from outfall_cli.exits import Exit

NEEDED = {"outfall_runtime": "outfall-runtime", "pytest": "'outfall[demo]'"}


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path | None) -> None:
    """Take a small legacy service through the whole way.

    Copies the service into DIR (a new temporary folder by default), then types each command for
    you: check, migrate, its tests in every mode, a load test that bleeds before and does not after,
    remove-legacy, report. Works offline, in well under a minute, and leaves the folder to look at.

    \b
    Examples:
      outfall demo
      outfall demo ./tour
    """
    refuse_missing()
    target = empty_folder(folder)
    copy_service(target)
    click.echo(f"A legacy service, in {target}")
    began = time.perf_counter()
    failed = run_all(STEPS, target)
    if failed is not None:
        raise DemoFailed(failed, target)
    click.echo(closing(target, time.perf_counter() - began))


def refuse_missing() -> None:
    """Stop before anything is copied where a needed package is absent."""
    missing = [install for module, install in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise click.UsageError(f"the demo needs more than is installed: pip install {' '.join(missing)}")


def empty_folder(wanted: Path | None) -> Path:
    """The folder to fill; a new temporary one where none is wanted."""
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="outfall-demo-"))
    if wanted.exists() and any(wanted.iterdir()):
        raise click.BadParameter(f"{wanted} is not empty; name a new folder, or none.", param_hint="DIR")
    wanted.mkdir(parents=True, exist_ok=True)
    return wanted.resolve()


def closing(target: Path, seconds: float) -> str:
    """Where to look."""
    places: tuple[tuple[str, str], ...] = (
        (REPORT, "the report; open it in a browser"),
        ("dispatch/", "the service as it is now: see context.py and archive.py"),
        (".outfall/journal/", "what was changed when, with the files as they were"),
        (EVIDENCE, "what the processes recorded"),
    )
    if (target / ".git").is_dir():
        places = (*places, ("git log -p", "the changes, one commit each"))
    lines = [f"  {terminal.styled(f'{place:<24}', bold=True)} {what}" for place, what in places]
    done = terminal.styled("Every step went as it must", fg="green", bold=True)
    return "\n".join([f"\n{done}, in {seconds:.0f} s. Look at\n", f"  cd {target}", *lines])


class DemoFailed(click.ClickException):
    """A step did not end as it must; says which, with its output."""

    exit_code = Exit.FINDINGS

    def __init__(self, failed: Outcome, target: Path) -> None:
        expected = failed.step.expected
        super().__init__(
            f"{failed.output.rstrip()}\n\nthe step `{failed.step.typed}` ended with exit code {failed.code} "
            f"instead of {expected}.\nThe folder is left as it is: {target}\n{handover_hint()}".rstrip()
        )


def handover_hint() -> str:
    """A remedy for the one cause that is likely."""
    return "" if handover.runtime_installed() else handover.MISSING
