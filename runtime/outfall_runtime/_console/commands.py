"""The commands of `python -m outfall_runtime`, for operators on a machine without the tools.

Exit codes: 0 done, 1 done, but some process did not answer or a threshold is exceeded, 2 usage or
configuration, 3 some file could not be read (the others were), 4 refused, nothing changed.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import NoReturn, Sequence

from .._common.modes import MODES
from .._common.states import FOLDER_VARIABLE
from .._flags.sources import FILE_VARIABLE, FLAGS_VARIABLE
from ..errors import NotReady, OutfallError

DONE, ATTENTION, USAGE, UNREADABLE, REFUSED = 0, 1, 2, 3, 4

COMMANDS = {
    "flags": "show the flags, or set them in the flag file",
    "stage": "show where a rollout stands; take it forward or back",
    "tables": "sizes, backup, restore, rebuild and clean up the tables of running processes",
    "diagnostics": "have running processes, or this one, examine themselves",
    "bench": "what the runtime costs here, as ratios to a dict read",
    "metrics": "the baseline, figures now, and the merged evidence of all processes",
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; every expected failure is one line on stderr."""
    parser = _parser(arguments)
    # A command is no process of the service: it must not report as one, whatever its options are. They have the folder.
    os.environ.pop(FOLDER_VARIABLE, None)  # outfall: ignore[OUT110] of this command's own process
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except NotReady as error:
        return _failed(error, REFUSED)
    except (OutfallError, OSError) as error:
        return _failed(error, USAGE)
    except KeyboardInterrupt:
        return 130  # as shells report it
    return code


def _failed(error: BaseException, code: int) -> int:
    said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
    print(f"outfall_runtime: {said}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """Says where to learn more when it is used wrongly."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}; `{self.prog} --help` says more\n")


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """All commands by name, and the options of the one that is asked for."""
    parser = _Parser(
        prog="python -m outfall_runtime",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Look at and steer the staged states of a service, where the service runs.",
        epilog=_EPILOG,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name in arguments[:1]:
            import_module(f"{__package__}.{name}").add(command)
    return parser


_EPILOG = f"""\
A flag is a dial: {' -> '.join(MODES)}. It is enabled from `new` on.
A rollout has stages: 1 monitoring, 2 registry, 3 context, 4a spans, 4b events, 5 enforcement.

examples:
  python -m outfall_runtime flags list --ledger outfall-flags.toml
  python -m outfall_runtime flags set use_context=shadow --file /etc/app/flags.json
  python -m outfall_runtime stage show
  python -m outfall_runtime stage advance --actor ada
  python -m outfall_runtime stage rollback 3 --reason "wrong tenants"
  python -m outfall_runtime stage emergency --reason "errors everywhere"
  python -m outfall_runtime metrics export --from /var/lib/app/metrics --out evidence.json

environment:
  {FLAGS_VARIABLE}       values for one process: "use_context=shadow,use_registry=new"
  {FILE_VARIABLE}   the flag file; services watch it, commands write it
  {FOLDER_VARIABLE} folder into which every process writes its evidence

exit codes: 0 done, 1 done but some process did not answer or a threshold is exceeded,
  2 usage or configuration, 3 some file could not be read (the others were), 4 refused, nothing changed
"""
