"""`python -m outfall_runtime tables`: the running processes do the work, this asks them."""

from __future__ import annotations

import argparse
import os
from typing import Any, Callable, Dict

from .._rollout import requests
from ..errors import BrokenSource
from . import shared

_EPILOG = """\
Tables live inside processes, so each action is done by every running process that follows the flag
file (or only by --pid), which answers through the metrics folder.

examples:
  tables sizes
  tables backup --to /var/lib/app/backups              one file for each process
  tables restore /var/lib/app/backups/web-17.tables.json --pid 17
  tables rebuild app.agents._agents                     from what tables.rebuilder names
  tables cleanup                                        removes what is over now
  tables ensure app.agents._agents                      imports the module that declares it
"""

Tell = Callable[[str, Any], None]


def add(parser: argparse.ArgumentParser) -> None:
    """The actions of this command."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    sizes = _action(actions, "sizes", "every table with its entries and its estimated size", _sizes)
    sizes.set_defaults(names=None)
    backup = _action(actions, "backup", "write the tables of each process to a file of its own", _backup)
    backup.add_argument("--to", required=True, metavar="DIR", help="where the files go; only their owner may read them")
    _names(backup)
    restore = _action(actions, "restore", "bring the entries of one file back into one process", _restore)
    restore.add_argument("backup", metavar="FILE", help="a file of `tables backup`")
    restore.add_argument("--replace", action="store_true", help="make the tables what the file holds")
    _names(restore)
    rebuild = _action(actions, "rebuild", "fill a table anew from the source that the service registered", _rebuild)
    rebuild.add_argument("name", metavar="TABLE")
    _names(_action(actions, "cleanup", "remove now what is over", _cleanup))
    ensure = _action(actions, "ensure", "import the modules that declare these tables", _ensure)
    ensure.add_argument("names", nargs="+", metavar="TABLE")


def _action(actions: Any, name: str, summary: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=summary)
    shared.add_place(parser)
    parser.add_argument("--pid", type=int, help="only this process")
    parser.add_argument("--timeout", type=shared.seconds, default=30.0, metavar="SECONDS", help="default: %(default)g")
    parser.set_defaults(run=run)
    return parser


def _names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", dest="names", action="append", metavar="TABLE", help="only this one; may be repeated")


def _sizes(options: argparse.Namespace) -> int:
    def tell(who: str, result: Any) -> None:
        print(who)
        for one in sorted(result, key=lambda one: -int(one["bytes"])):
            print(f"  {one['name']:<40} {one['type']:<12} {one['entries']:>9} entries {one['bytes'] / 1e6:>10.3f} MB")

    return _ask(options, "tables.sizes", {}, tell)


def _backup(options: argparse.Namespace) -> int:
    def tell(who: str, result: Any) -> None:
        print(f"{who}: {result['path']}, {sum(result['entries'].values())} entries of {len(result['entries'])} tables")
        shared.warn(f"{who}: {table}: {key} is not in the backup: {why}" for table, key, why in result["omitted"])

    folder = os.path.abspath(options.to)
    return _ask(options, "tables.backup", {"folder": folder, "names": options.names}, tell)


def _restore(options: argparse.Namespace) -> int:
    if options.pid is None and len(shared.workers_of(options)) > 1:
        raise BrokenSource("a backup is of one process; say with --pid into which one it goes")

    def tell(who: str, result: Any) -> None:
        print(f"{who}: {sum(result['entries'].values())} entries restored, {result['expired']} were over")
        shared.warn(f"{who}: has no table {name}" for name in result["absent"])

    path = os.path.abspath(options.backup)
    return _ask(options, "tables.restore", {"path": path, "names": options.names, "replace": options.replace}, tell)


def _rebuild(options: argparse.Namespace) -> int:
    return _ask(options, "tables.rebuild", {"name": options.name}, lambda who, count: print(f"{who}: {count} entries"))


def _cleanup(options: argparse.Namespace) -> int:
    def tell(who: str, result: Dict[str, int]) -> None:
        print(f"{who}: {sum(result.values())} entries removed from {len(result)} tables")

    return _ask(options, "tables.cleanup", {"names": options.names}, tell)


def _ensure(options: argparse.Namespace) -> int:
    def tell(who: str, missing: Dict[str, str]) -> None:
        print(f"{who}: {len(options.names) - len(missing)} of {len(options.names)} tables are there")
        shared.warn(f"{who}: {name}: {why}" for name, why in missing.items())

    return _ask(options, "tables.ensure", {"names": options.names}, tell)


def _ask(options: argparse.Namespace, action: str, arguments: Dict[str, Any], tell: Tell) -> int:
    workers = shared.workers_of(options)
    answers = requests.ask(options.metrics, workers, action, arguments, options.timeout)
    for who, result in sorted(answers.results.items()):
        tell(who, result)
    return shared.answered(answers)
