"""`python -m outfall_runtime flags`."""

from __future__ import annotations

import argparse
from typing import Dict, Iterable, List, Sequence

from .. import control, flags
from .._common.modes import LEGACY, MODES, Setting
from .._flags.board import FILE
from .._flags.changes import checked_setting
from .._flags.flag_file import place
from .._flags.sources import read_file
from .._rollout import workers as _workers
from .._rollout.workers import Worker
from ..errors import InvalidSetting, nearest
from . import shared
from .commands import DONE


def add(parser: argparse.ArgumentParser) -> None:
    """The actions of this command."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every flag with its value and where that comes from")
    listing.add_argument("--ledger", metavar="FILE", help="also show what this ledger declares")
    shared.add_place(listing)
    listing.set_defaults(run=_list)
    setting = actions.add_parser("set", help="set flags in the flag file, and wait until every process has them")
    setting.add_argument("values", nargs="+", metavar="FLAG=VALUE", help=f"{', '.join(MODES)} or a percentage")
    setting.add_argument("--ledger", metavar="FILE", help="refuse names that this ledger does not declare")
    setting.add_argument("--undeclared", action="store_true", help="set names that no running process declares yet")
    shared.add_change(setting, reason=False)
    setting.set_defaults(run=_set)


def _list(options: argparse.Namespace) -> int:
    if options.ledger:
        flags.load_ledger(options.ledger)
    if options.file and options.file != flags.watcher.path:
        flags.board.load(FILE, read_file(options.file))
    shown = flags.all()
    for name in flags.board.current.settings:
        shown.setdefault(name, str(flags.board.current.settings[name]))
    width = max(map(len, shown))
    for name, value in sorted(shown.items()):
        print(f"{name:<{width}}  {value:<8}  {flags.source(name)}")
    for worker in _workers_of(options):
        for name in sorted(shown.keys() | worker.flags.keys()):
            value = worker.flags.get(name, worker.flags.get(name.partition(":")[0], LEGACY))
            if value != shown.get(name):
                print(f"  {worker} has {name} at {value}")
    if flags.board.stopped:
        shared.warn([f"an emergency rollback holds: {flags.board.stopped}"])
    shared.warn(flags.problems())
    return DONE


def _set(options: argparse.Namespace) -> int:
    if options.ledger:
        flags.load_ledger(options.ledger)
    changed = _parsed(options.values, check_names=bool(options.ledger))
    if not options.undeclared:
        _check_running(changed, _workers_of(options))
    move = control.set_flags(changed, **shared.change(options))
    for name, value in changed.items():
        print(f"{name} = {value}")
    return shared.reached(move)


def _workers_of(options: argparse.Namespace) -> List[Worker]:
    if not options.metrics or not options.file:
        return []
    return _workers.living(options.metrics, place(options.file))[0]


def _check_running(names: Iterable[str], workers: Sequence[Worker]) -> None:
    """A name that no running process knows is most likely a slip; without processes nobody can tell."""
    if not workers or any(worker.declared is None for worker in workers):
        return
    known = {name for worker in workers for name in worker.declared or ()}
    for name in names:
        if name not in known:
            hint = "a version that is yet to be deployed may, and then say --undeclared"
            raise InvalidSetting(f"no running process declares {name!r}{nearest(name, known)}; {hint}")


def _parsed(entries: Sequence[str], *, check_names: bool) -> Dict[str, Setting]:
    values: Dict[str, Setting] = {}
    for entry in entries:
        name, equals, value = entry.rpartition("=")
        if not equals or not name:
            raise InvalidSetting(f'{entry!r} is not of the form FLAG=VALUE, such as "use_context=shadow"')
        values[name] = checked_setting(name, value)
        if check_names:
            flags.mode(name)  # raises UnknownFlag with the nearest name
    return values
