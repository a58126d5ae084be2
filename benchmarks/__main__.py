"""`python -m benchmarks [SECTION ...]`: run the sections and print ratios."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from benchmarks import sections
from benchmarks.table import render

EPILOG = """\
Every figure is a ratio to something measured in the same run, in turn with it; see
benchmarks/timing.py for the method. Absolute times on a shared machine mean nothing.
`python -m benchmarks corpus --help`: real projects through the whole way, with their own tests."""


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments name; `corpus` is a programme of its own, never part of the default run."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["corpus"]:
        code: int = import_module("benchmarks.corpus.__main__").main(given[1:])
        return code
    known = sorted(module.name for module in iter_modules(sections.__path__))
    parser = argparse.ArgumentParser("python -m benchmarks", description="What outfall costs, as ratios.", epilog=EPILOG)
    parser.add_argument("section", nargs="*", help=f"which to run: {', '.join(known)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="few rounds: a smoke test, not a measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args(given)
    unknown = [name for name in options.section if name not in known]
    if unknown:
        parser.error(f"no section {unknown[0]!r}; there are {', '.join(known)}")
    print(f"CPython {platform.python_version()}, {platform.machine()}, {platform.system()}")
    figures: dict[str, list[dict[str, object]]] = {}
    for name in with_companions(options.section or known):
        module = section(name)
        rows = module.rows(options.quick)
        print(f"\n{render(module.TITLE, rows)}", flush=True)
        figures[name] = [row.to_json() for row in rows]
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def section(name: str) -> ModuleType:
    """The module of a section."""
    return import_module(f"benchmarks.sections.{name}")


def with_companions(names: list[str]) -> list[str]:
    """The sections, each followed by those that belong to the same run; none twice."""
    return list(dict.fromkeys(one for name in names for one in (name, *getattr(section(name), "ALSO", ()))))


if __name__ == "__main__":
    raise SystemExit(main())
