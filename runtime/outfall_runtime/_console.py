"""The commands of `python -m outfall_runtime`, for operators on a machine without the tools.

Exit codes: 0 done, 2 usage or configuration, 3 some file could not be read (the others were),
4 refused.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any, Dict, List, Optional, Sequence

from . import flags, metrics
from ._changes import checked_setting
from ._modes import MODES
from ._sources import FILE_VARIABLE, FILE_VERSION, FLAGS_VARIABLE, read_file
from ._states import FOLDER_VARIABLE
from .errors import BrokenSource, InvalidSetting, OutfallError

DONE, USAGE, UNREADABLE = 0, 2, 3


def main(arguments: Sequence[str]) -> int:
    """Run one command; every expected failure is one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (OutfallError, OSError) as error:
        print(f"outfall_runtime: {_line(error)}", file=sys.stderr)
        return USAGE
    return code


def _line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m outfall_runtime",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Look at and steer the staged states of a service, where the service runs.",
        epilog=_EPILOG,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_flags(commands.add_parser("flags", help="show the flags, or set them in the flag file"))
    _add_metrics(commands.add_parser("metrics", help="merge the evidence that processes wrote"))
    return parser


_EPILOG = f"""\
A flag is a dial: {' -> '.join(MODES)}. It is enabled from `new` on.

examples:
  python -m outfall_runtime flags list --ledger outfall-flags.toml
  python -m outfall_runtime flags set use_context=shadow --file /etc/app/flags.json
  python -m outfall_runtime flags set use_context=25% --actor ada
  python -m outfall_runtime metrics export --from /var/lib/app/metrics --out evidence.json

environment:
  {FLAGS_VARIABLE}       values for one process: "use_context=shadow,use_registry=new"
  {FILE_VARIABLE}   the flag file; services watch it, `flags set` writes it
  {FOLDER_VARIABLE} folder into which every process writes its evidence
"""


def _add_flags(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every flag with its value and where that comes from")
    listing.add_argument("--ledger", metavar="FILE", help="also show what this ledger declares")
    listing.set_defaults(run=_list_flags)
    setting = actions.add_parser("set", help="set flags in the flag file; running services follow within a second")
    setting.add_argument("values", nargs="+", metavar="FLAG=VALUE", help=f"{', '.join(MODES)} or a percentage")
    setting.add_argument("--file", default=os.environ.get(FILE_VARIABLE), help=f"default: ${FILE_VARIABLE}")
    setting.add_argument("--ledger", metavar="FILE", help="refuse names that this ledger does not declare")
    setting.add_argument("--actor", default=os.environ.get("USER", ""), help="who does this, for the change events")
    setting.set_defaults(run=_set_flags)


def _add_metrics(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    export = actions.add_parser("export", help="merge the files of all processes into one evidence file")
    export.add_argument("--from", dest="folder", required=True, metavar="DIR", help=f"the ${FOLDER_VARIABLE}")
    export.add_argument("--out", required=True, metavar="FILE", help="the evidence file to write; - is stdout")
    export.set_defaults(run=_export_metrics)


def _list_flags(options: argparse.Namespace) -> int:
    if options.ledger:
        flags.load_ledger(options.ledger)
    shown = flags.all()
    for name in flags.board.current.settings:
        shown.setdefault(name, str(flags.board.current.settings[name]))
    width = max(map(len, shown))
    for name, value in sorted(shown.items()):
        print(f"{name:<{width}}  {value:<8}  {flags.source(name)}")
    for problem in flags.problems():
        print(f"outfall_runtime: {problem}", file=sys.stderr)
    return DONE


def _set_flags(options: argparse.Namespace) -> int:
    if not options.file:
        raise BrokenSource(f"no flag file: give --file or set {FILE_VARIABLE}")
    if options.ledger:
        flags.load_ledger(options.ledger)
    changed = _parsed(options.values, check_names=bool(options.ledger))
    values = {name: str(setting) for name, setting in _present(options.file).items()}
    values.update(changed)
    document: Dict[str, Any] = {"version": FILE_VERSION, "flags": dict(sorted(values.items()))}
    document.update(actor=options.actor, updated=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    metrics.write(options.file, document)
    for name, value in changed.items():
        print(f"{name} = {value}")
    return DONE


def _present(path: str) -> Dict[str, Any]:
    return dict(read_file(path).settings) if os.path.exists(path) else {}


def _parsed(entries: Sequence[str], *, check_names: bool) -> Dict[str, str]:
    values: Dict[str, str] = {}
    for entry in entries:
        name, equals, value = entry.rpartition("=")
        if not equals or not name:
            raise InvalidSetting(f'{entry!r} is not of the form FLAG=VALUE, such as "use_context=shadow"')
        values[name] = str(checked_setting(name, value))
        if check_names:
            flags.mode(name)  # raises UnknownFlag with the nearest name
    return values


def _export_metrics(options: argparse.Namespace) -> int:
    documents, problems = metrics.read_folder(options.folder)
    merged = metrics.merge(documents)
    _write(options.out, merged)
    for problem in problems:
        print(f"outfall_runtime: {problem}", file=sys.stderr)
    states: List[str] = sorted({state for one in merged["processes"] for state in one["states"]})
    counted = [_counted(len(merged["processes"]), "process", "es"), _counted(len(states), "state", "s")]
    print(f"{options.out}: {', '.join(counted)}", file=sys.stderr)
    return UNREADABLE if problems else DONE


def _counted(number: int, word: str, plural: str) -> str:
    return f"{number} {word}{plural if number != 1 else ''}"


def _write(path: str, document: Dict[str, Any], stream: Optional[Any] = None) -> None:
    if path != "-":
        metrics.write(path, document)
        return
    import json

    json.dump(document, stream or sys.stdout, indent=1)
    print(file=stream or sys.stdout)
