"""`python -m benchmarks.draw ROOT ...`: draw findings at random, to be judged by reading the code.

Precision is measured by people: draw a sample with a seed, let two readers judge every finding
without seeing each other's verdict, and record both (docs/precision.md). The draw is over the
findings that `outfall check` shows without `--strict`, from all roots together.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path

from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_lint.model import Finding, Priority

ACCESSES_SHOWN = 12


@dataclass(frozen=True)
class Drawn:
    """One finding and the folder that its path is relative to."""

    root: Path
    finding: Finding

    def to_json(self, number: int) -> dict[str, object]:
        finding = self.finding
        lines = (self.root / finding.place.path).read_text("utf-8", errors="replace").splitlines()
        accesses = [f"{a.place.path}:{a.place.line} {a.operation.value} in {a.function}" for a in finding.state.accesses]
        return {
            "number": number,
            "root": self.root.as_posix(),
            "place": f"{finding.place.path}:{finding.place.line}",
            "code": f"{finding.code} {finding.name}",
            "priority": finding.priority.name.lower(),
            "message": finding.message,
            "state": f"{finding.state.name} ({finding.state.kind.value})",
            "source": lines[finding.place.line - 1].strip(),
            "accesses": accesses[:ACCESSES_SHOWN],
        }


def population(roots: list[Path]) -> list[Drawn]:
    """Every finding shown by default below the roots, in a stable order."""
    found = []
    for root in roots:
        analysis = analyse([root], Config(), root)
        found += [Drawn(root, finding) for finding in analysis.findings if finding.priority > Priority.LOW]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the drawn findings as one JSON document."""
    parser = argparse.ArgumentParser("python -m benchmarks.draw", description="Draw findings to judge by reading.")
    parser.add_argument("root", nargs="+", type=Path, help="folders to check, each a project of its own")
    parser.add_argument("--count", type=int, default=100, help="how many to draw (100)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same findings (1)")
    options = parser.parse_args(arguments)
    everything = population([root.resolve() for root in options.root])
    drawn = random.Random(options.seed).sample(everything, min(options.count, len(everything)))
    sheet = {
        "population": len(everything),
        "seed": options.seed,
        "findings": [one.to_json(number) for number, one in enumerate(drawn, start=1)],
    }
    print(json.dumps(sheet, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
