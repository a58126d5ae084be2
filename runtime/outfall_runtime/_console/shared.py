"""What several commands of the console have in common."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Dict, Iterable, List, Optional

from .._common.states import FOLDER_VARIABLE
from .._flags.flag_file import place
from .._flags.sources import FILE_VARIABLE
from .._rollout import workers as _workers
from .._rollout.moves import Move
from .._rollout.requests import Answers
from .._rollout.workers import Worker
from ..errors import BrokenSource
from .commands import ATTENTION, DONE, REFUSED, UNREADABLE

TIMEOUT = 10.0


def warn(lines: Iterable[str]) -> None:
    """Each line on stderr, under the name of the program."""
    for line in lines:
        print(f"outfall_runtime: {line}", file=sys.stderr)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Options that say which service a command is about."""
    parser.add_argument("--file", default=os.environ.get(FILE_VARIABLE), help=f"the flag file; default: ${FILE_VARIABLE}")
    parser.add_argument(
        "--metrics",
        metavar="DIR",
        default=os.environ.get(FOLDER_VARIABLE),
        help=f"where processes report; default: ${FOLDER_VARIABLE}",
    )


def add_change(parser: argparse.ArgumentParser, *, reason: bool) -> None:
    """Options of a command that changes the flag file."""
    add_place(parser)
    parser.add_argument("--actor", default=os.environ.get("USER", ""), help="who does this; default: $USER")
    parser.add_argument("--reason", default="", required=reason, help="why; the history keeps it")
    parser.add_argument(
        "--timeout", type=seconds, default=TIMEOUT, metavar="SECONDS", help="for all processes (default: %(default)g)"
    )


def change(options: argparse.Namespace) -> Dict[str, Any]:
    """What `add_change` asks for, as the functions of `control` take it."""
    return {
        "actor": options.actor,
        "reason": options.reason,
        "file": options.file,
        "folder": options.metrics,
        "timeout": options.timeout,
    }


def seconds(text: str) -> float:
    """A length of time, for argparse."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def reached(move: Move) -> int:
    """Say which processes have a change; the exit code."""
    warn(move.problems)
    if move.reach is None:
        return DONE
    number = len(move.reach.reached)
    if number:
        print(f"{number} process{'es have' if number > 1 else ' has'} it after {move.reach.seconds:.2f} s", file=sys.stderr)
    elif not move.reach.missing:
        warn(["no running process is known to follow this file, so none was waited for"])
    warn(move.reach.lines())
    return ATTENTION if move.reach.missing else DONE


def workers_of(options: argparse.Namespace) -> List[Worker]:
    """The running processes that a command is for, all or the one of `--pid`.

    Raises:
        BrokenSource: there is none, or nobody knows where they answer.
    """
    folder: Optional[str] = options.metrics
    if not folder:
        raise BrokenSource(f"processes answer through the metrics folder: give --metrics or set {FOLDER_VARIABLE}")
    workers, problems = _workers.living(folder, place(options.file) if options.file else None)
    warn(problems)
    found = [one for one in workers if options.pid in (None, one.pid)]
    if not found:
        which = f"process {options.pid}" if options.pid is not None else "running process"
        raise BrokenSource(
            f"{folder}: no {which} of this service is known here; one has to run with {FOLDER_VARIABLE} and "
            f"{FILE_VARIABLE} set to the same places as here, and to have staged states or flags"
        )
    return found


def answered(answers: Answers) -> int:
    """Say which processes failed or did not answer; the exit code."""
    warn(answers.failures)
    warn(f"{who} did not answer" for who in answers.missing)
    if answers.failures:
        return UNREADABLE if answers.results else REFUSED
    return ATTENTION if answers.missing else DONE
