"""`python -m outfall_runtime bench`."""

from __future__ import annotations

import argparse

from .. import bench
from .commands import DONE


def add(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = "Ratios mean something on a busy machine, times do not; more rounds steady them."
    parser.add_argument("--rounds", type=int, default=bench.ROUNDS, help="default: %(default)d")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    print(f"{'operation':<34} {'dict reads':>10}   at most")
    for cost in bench.run(max(options.rounds, 1)):
        limit = "" if cost.limit is None else f"{cost.limit:g}" + ("" if cost.kept else "  exceeded")
        print(f"{cost.operation:<34} {cost.ratio:>10.1f}   {limit}".rstrip())
    return DONE
