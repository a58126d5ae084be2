"""`python -m outfall_runtime metrics`."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Dict, List

from . import _console_shared as shared
from . import metrics
from ._console import DONE, UNREADABLE
from ._documents import write_document
from ._states import FOLDER_VARIABLE


def add(parser: argparse.ArgumentParser) -> None:
    """The actions of this command."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    export = actions.add_parser("export", help="merge the files of all processes into one evidence file")
    export.add_argument("--from", dest="folder", required=True, metavar="DIR", help=f"the ${FOLDER_VARIABLE}")
    export.add_argument("--out", required=True, metavar="FILE", help="the evidence file to write; - is stdout")
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    documents, problems = metrics.read_folder(options.folder)
    merged = metrics.merge(documents)
    write(options.out, merged)
    shared.warn(problems)
    states: List[str] = sorted({state for one in merged["processes"] for state in one["states"]})
    counted = [_counted(len(merged["processes"]), "process", "es"), _counted(len(states), "state", "s")]
    print(f"{options.out}: {', '.join(counted)}", file=sys.stderr)
    return UNREADABLE if problems else DONE


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
