"""`python -m outfall_runtime flags`."""

from __future__ import annotations

import argparse
from typing import Dict, Sequence

from . import _console_shared as shared
from . import control, flags
from ._changes import checked_setting
from ._console import DONE
from ._modes import MODES, Setting
from .errors import InvalidSetting


def add(parser: argparse.ArgumentParser) -> None:
    """The actions of this command."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every flag with its value and where that comes from")
    listing.add_argument("--ledger", metavar="FILE", help="also show what this ledger declares")
    listing.set_defaults(run=_list)
    setting = actions.add_parser("set", help="set flags in the flag file, and wait until every process has them")
    setting.add_argument("values", nargs="+", metavar="FLAG=VALUE", help=f"{', '.join(MODES)} or a percentage")
    setting.add_argument("--ledger", metavar="FILE", help="refuse names that this ledger does not declare")
    shared.add_change(setting, reason=False)
    setting.set_defaults(run=_set)


def _list(options: argparse.Namespace) -> int:
    if options.ledger:
        flags.load_ledger(options.ledger)
    shown = flags.all()
    for name in flags.board.current.settings:
        shown.setdefault(name, str(flags.board.current.settings[name]))
    width = max(map(len, shown))
    for name, value in sorted(shown.items()):
        print(f"{name:<{width}}  {value:<8}  {flags.source(name)}")
    if flags.board.stopped:
        shared.warn([f"an emergency rollback holds: {flags.board.stopped}"])
    shared.warn(flags.problems())
    return DONE


def _set(options: argparse.Namespace) -> int:
    if options.ledger:
        flags.load_ledger(options.ledger)
    changed = _parsed(options.values, check_names=bool(options.ledger))
    move = control.set_flags(
        changed,
        actor=options.actor,
        reason=options.reason,
        file=options.file,
        folder=options.metrics,
        timeout=options.timeout,
    )
    for name, value in changed.items():
        print(f"{name} = {value}")
    return shared.reached(move)


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
