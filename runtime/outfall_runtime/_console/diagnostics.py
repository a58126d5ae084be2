"""`python -m outfall_runtime diagnostics`."""

from __future__ import annotations

import argparse
import os
from typing import Any, Dict, List

from .. import diagnostics
from .._common.documents import write_document
from .._common.states import FOLDER_VARIABLE
from .._flags.sources import FILE_VARIABLE
from .._measures.checks import CHECKS
from .._rollout import requests
from . import shared
from .commands import ATTENTION, DONE

_EPILOG = """\
examples:
  diagnostics                        every running process that follows the flag file examines itself
  diagnostics tables flags --pid 17
  diagnostics --here                 this process: is the runtime whole, can the files be read
  diagnostics --to diagnostics       one JSON file for each process, for `outfall report`
"""


def add(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = _EPILOG
    names = ", ".join(CHECKS)
    parser.add_argument("components", nargs="*", metavar="COMPONENT", help=f"{names} (default: all)")
    shared.add_place(parser)
    parser.add_argument("--pid", type=int, help="only this process")
    parser.add_argument("--here", action="store_true", help="examine the process of this command instead")
    parser.add_argument("--all", action="store_true", help="show what is in order, too")
    parser.add_argument("--to", metavar="DIR", help="also write one JSON document for each process there")
    parser.add_argument("--timeout", type=shared.seconds, default=30.0, metavar="SECONDS", help="default: %(default)g")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    for name in options.components:
        if name not in CHECKS:
            diagnostics.check(name)  # raises, and names the nearest
    if options.here:
        return _shown([_here(options)], options)
    workers = shared.workers_of(options)
    arguments = {"components": options.components}
    answers = requests.ask(options.metrics, workers, "diagnostics.run", arguments, options.timeout)
    code = shared.answered(answers)
    return max(code, _shown([found for _, found in sorted(answers.results.items())], options))


def _here(options: argparse.Namespace) -> Dict[str, Any]:
    """What this process finds, where a process of the service would look."""
    wanted = {FOLDER_VARIABLE: options.metrics, FILE_VARIABLE: options.file}
    named = {name: value for name, value in wanted.items() if value and name not in os.environ}
    os.environ.update(named)  # outfall: ignore[OUT110] of this command's own process, and taken back
    try:
        return diagnostics.run(options.components)
    finally:
        for name in named:
            del os.environ[name]  # outfall: ignore[OUT110] as above


def _shown(documents: List[Dict[str, Any]], options: argparse.Namespace) -> int:
    for document in documents:
        print(f"{document['host']} process {document['pid']}, Python {document['python']}: {document['status']}")
        for finding in document["findings"]:
            if options.all or finding["status"] != "ok":
                remedy = f" ({finding['remedy']})" if finding["remedy"] else ""
                print(f"  {finding['status']:<8} {finding['component']:<8} {finding['detail']}{remedy}")
        if options.to:
            os.makedirs(options.to, exist_ok=True)
            write_document(os.path.join(options.to, f"{document['host']}-{document['pid']}.json"), document)
    return ATTENTION if any(document["status"] == "failure" for document in documents) else DONE
