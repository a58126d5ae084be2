"""`python -m outfall_runtime metrics`."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from typing import Any, Dict, List

from .. import metrics
from .._common.documents import write_document
from .._common.states import FOLDER_VARIABLE
from .._flags import flag_file
from .._flags.flag_file import place
from .._flags.sources import FILE_VARIABLE
from .._measures.reporting import SECONDS_VARIABLE
from .._rollout import figures as _figures
from .._rollout import guard, limits, workers
from .._rollout.moves import position_of
from .._rollout.stages import NOT_BEGUN, STAGES, title
from ..errors import BrokenSource, NotReady
from . import shared
from .commands import ATTENTION, DONE, UNREADABLE


def add(parser: argparse.ArgumentParser) -> None:
    """The actions of this command."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    export = actions.add_parser("export", help="merge the files of all processes into one evidence file")
    export.add_argument(
        "--from", dest="metrics", default=os.environ.get(FOLDER_VARIABLE), metavar="DIR",
        help=f"where processes report; default: ${FOLDER_VARIABLE}",
    )  # fmt: skip
    export.add_argument("--out", required=True, metavar="FILE", help="the evidence file to write; - is stdout")
    export.add_argument(
        "--file",
        default=os.environ.get(FILE_VARIABLE),
        help=f"the flag file, beside which stands what was accepted; default: ${FILE_VARIABLE}",
    )
    export.set_defaults(run=_export)
    collect = actions.add_parser("collect", help="write the baseline: how the service does before anything is switched on")
    shared.add_place(collect)
    collect.add_argument("--out", metavar="FILE", help="default: beside the flag file, where `stage` looks for it")
    collect.add_argument("--force", action="store_true", help="also when the rollout has begun to switch things on")
    collect.set_defaults(run=_collect)
    show = actions.add_parser("show", help="how the service does now, beside its baseline and the thresholds")
    shared.add_place(show)
    show.set_defaults(run=_show)
    compact = actions.add_parser("compact", help="put the evidence of processes that ended into one file")
    shared.add_place(compact)
    compact.set_defaults(run=_compact)


def _export(options: argparse.Namespace) -> int:
    documents, problems = metrics.read_folder(_folder(options))
    accepted = limits.read(limits.place(place(options.file))).accepted if options.file else {}
    merged = metrics.merge([*documents, metrics.evidence([], accepted)])
    write(options.out, merged)
    shared.warn(problems)
    states: List[str] = sorted({state for one in merged["processes"] for state in one["states"]})
    counted = [_counted(len(merged["processes"]), "process", "es"), _counted(len(states), "state", "s")]
    print(f"{options.out}: {', '.join(counted)}", file=sys.stderr)
    return UNREADABLE if problems else DONE


def _collect(options: argparse.Namespace) -> int:
    if not options.out and not options.force:
        _only_before_the_rollout(place(options.file))
    documents, problems = metrics.read_folder(_folder(options))
    found = _figures.baseline(metrics.merge(documents)["processes"])
    if not found["figures"]["processes"]:
        raise BrokenSource(
            f"{options.metrics}: no running process reports yet, so there is nothing to measure; one that has "
            f"{FOLDER_VARIABLE} set reports once a minute ({SECONDS_VARIABLE})"
        )
    target = options.out or guard.place(place(options.file))
    write(target, found)
    shared.warn(problems)
    for name, value in found["figures"].items():
        print(f"{name} = {value:.4g}", file=sys.stderr)
    if "error_rate" not in found["figures"]:
        shared.warn([f"fewer than {_figures.ENOUGH} requests were reported; the service calls metrics.count_request for each"])
    return UNREADABLE if problems else DONE


def _only_before_the_rollout(path: str) -> None:
    """A baseline of the new way would have nothing to be held against.

    Raises:
        NotReady: something that behaves differently is switched on.
    """
    position = position_of(flag_file.read(path))
    if position not in (NOT_BEGUN, STAGES[0].name):
        why = "these figures are of the new way; write them elsewhere with --out, or over the baseline with --force"
        raise NotReady(f"the rollout is at stage {title(position)}", [why])


def _show(options: argparse.Namespace) -> int:
    figures, breaches = guard.measured(place(options.file), _folder(options))
    exceeded = {breach.name: breach for breach in breaches}
    for name, value in figures.items():
        print(f"{name:<20} {value:>12.4g}" + (f"  exceeds {exceeded[name].limit:.4g}" if name in exceeded else ""))
    processes = metrics.merge(metrics.read_folder(_folder(options))[0])["processes"]
    fates = Counter(_figures.fate(one) for one in processes)
    print(", ".join(f"{count} {fate}" for fate, count in sorted(fates.items())) or "no process has reported")
    return ATTENTION if breaches else DONE


def _compact(options: argparse.Namespace) -> int:
    gone = metrics.compact(_folder(options))
    dead = workers.forget_dead(_folder(options))
    print(f"{_counted(gone, 'file', 's')} of ended processes in one, {_counted(dead, 'dead process', 'es')} forgotten")
    return DONE


def _folder(options: argparse.Namespace) -> str:
    if not options.metrics:
        raise BrokenSource(f"nobody knows where processes report: set {FOLDER_VARIABLE} or name the folder")
    return str(options.metrics)


def _counted(number: int, word: str, plural: str) -> str:
    return f"{number} {word}{plural if number != 1 else ''}"


def write(path: str, document: Dict[str, Any]) -> None:
    """A document to a file, or to stdout where the path is `-`."""
    if path != "-":
        write_document(path, document)
        return
    import json

    json.dump(document, sys.stdout, indent=1)
    print()
