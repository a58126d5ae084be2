"""`python -m outfall_runtime stage`."""

from __future__ import annotations

import argparse
import time

from .. import control
from .._common.times import now
from .._rollout import guard, stages
from .._rollout.moves import Move
from ..errors import BrokenSource
from . import shared
from .commands import ATTENTION, DONE, REFUSED, UNREADABLE

_EPILOG = """\
stages: 1 monitoring, 2 registry, 3 context, 4a spans, 4b events, 5 enforcement

examples:
  stage show                              where the rollout stands, and what it waits for
  stage advance --actor ada               to the next stage, if everything it needs was measured
  stage advance --to 2 --actor ada        the same, but only if that is stage 2
  stage rollback 3 --reason "..."         stage 3 and all later ones back to legacy
  stage emergency --reason "..."          everything back to legacy, whatever is broken
  stage resume --reason "..."             end an emergency; the rollout begins anew
  stage watch                             take the latest stage back when a threshold is exceeded
"""


def add(parser: argparse.ArgumentParser) -> None:
    """The actions of this command."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="where the rollout stands, and what it waits for")
    shared.add_place(show)
    show.set_defaults(run=_show)
    advance = actions.add_parser("advance", help="go on to the next stage, if it is ready")
    shared.add_change(advance, reason=False)
    advance.add_argument("--force", action="store_true", help="go on whatever is missing; needs --reason")
    advance.add_argument("--to", metavar="STAGE", help="go on only if this is the next stage")
    advance.set_defaults(run=_advance)
    rollback = actions.add_parser("rollback", help="take a stage and all later ones back to legacy")
    rollback.add_argument("stage", metavar="STAGE", help="1, 2, 3, 4a, 4b or 5, or its title")
    shared.add_change(rollback, reason=True)
    rollback.set_defaults(run=_rollback)
    emergency = actions.add_parser("emergency", help="everything back to legacy, whatever is broken")
    shared.add_change(emergency, reason=True)
    emergency.set_defaults(run=_emergency)
    resume = actions.add_parser("resume", help="end an emergency; all flags stay at legacy")
    shared.add_change(resume, reason=True)
    resume.set_defaults(run=_resume)
    watch = actions.add_parser("watch", help="take the latest stage back when a threshold is exceeded")
    shared.add_place(watch)
    watch.add_argument("--every", type=shared.seconds, default=30.0, metavar="SECONDS", help="default: %(default)g")
    watch.add_argument("--once", action="store_true", help="look once; exit code 1 if a threshold is exceeded")
    watch.add_argument("--dry-run", action="store_true", help="only say what would be done")
    watch.set_defaults(run=_watch)
    history = actions.add_parser("history", help="what was done, by whom and why")
    shared.add_place(history)
    history.set_defaults(run=_history)


def _show(options: argparse.Namespace) -> int:
    status = control.status(file=options.file, folder=options.metrics)
    since = f" since {status.since}" if status.since else ""
    print(f"stage {stages.title(status.position)}{since}, revision {status.revision}")
    if status.emergency:
        print(f"an emergency rollback holds, until `stage resume`: {status.emergency}")
    for worker in status.workers:
        stopped = f", stopped: {worker.stopped}" if worker.stopped else ""
        print(f"  {worker}: revision {worker.revision}{stopped}{', ' + worker.problem if worker.problem else ''}")
    for flag in status.held_back:
        print(f"  {flag} is held back by a setting of its own")
    if status.upcoming is None:
        print("there is no later stage")
        return DONE
    goal = f"stage {stages.title(status.upcoming)}"
    goal = f"to take {goal} up again: flags of it were taken back" if status.upcoming == status.position else f"for {goal}"
    if not status.missing:
        print(f"ready {goal}")
        return DONE
    print(f"not ready {goal}" + ("; missing:" if status.upcoming == status.position else ":"))
    for line in status.missing:
        print(f"  {line}")
    return DONE


def _advance(options: argparse.Namespace) -> int:
    return _said(control.advance(force=options.force, to=options.to, **shared.change(options)))


def _rollback(options: argparse.Namespace) -> int:
    return _said(control.rollback(options.stage, **shared.change(options)))


def _emergency(options: argparse.Namespace) -> int:
    move = control.emergency_rollback(**shared.change(options))
    code = _said(move)
    if not move.revision:
        return REFUSED
    print("everything is at legacy until `stage resume`")
    return code


def _resume(options: argparse.Namespace) -> int:
    return _said(control.resume(**shared.change(options)))


def _watch(options: argparse.Namespace) -> int:
    said = ""
    while True:
        try:
            found = guard.look(file=options.file, folder=options.metrics, dry=options.dry_run)
        except BrokenSource as error:
            if options.once:
                raise
            found = guard.Look({}, (), None, str(error))  # it may be mended while this goes on
        if found.said != said or found.move is not None:
            said = found.said
            print(f"{now()} {said}", flush=True)
            shared.warn(map(str, found.breaches))
        if options.once:
            return ATTENTION if found.breaches else DONE
        time.sleep(options.every)


def _history(options: argparse.Namespace) -> int:
    entries, problems = control.history(file=options.file)
    for entry in entries:
        way = f"{entry.get('from') or '?'} -> {entry.get('to')}"
        forced = " by force" if entry.get("forced") else ""
        why = f": {entry['reason']}" if entry.get("reason") else ""
        print(f"{entry.get('time')}  {entry.get('action')}{forced}  {way}  {entry.get('actor') or 'somebody'}{why}")
    shared.warn(problems)
    return UNREADABLE if problems else DONE


def _said(move: Move) -> int:
    for flag, (before, after) in move.changes.items():
        print(f"{flag}: {before} -> {after}")
    if move.revision:
        print(f"stage {stages.title(move.after)}")
    return shared.reached(move)
