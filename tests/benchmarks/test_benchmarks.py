"""The method first, then each section runs and yields figures that make sense."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, text=True)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_an_unknown_section_is_named_with_the_known_ones() -> None:
    done = run("runtme")
    assert done.returncode == 2
    assert "'runtme'" in done.stderr and "runtime" in done.stderr


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    code = "from benchmarks.timing import Ratio; print(Ratio.of([(4, 2), (9, 1), (3, 1)]))"
    assert python(code) == "Ratio(median=3.0, low=2.0, high=9.0)"


def test_a_statement_that_does_more_costs_more() -> None:
    code = "from benchmarks.timing import ratio; print(ratio('f(); f(); f(); f()', 'f()', {'f': dict}, 3).median > 2)"
    assert python(code) == "True"


def test_every_section_yields_positive_figures(tmp_path: Path) -> None:
    done = run("--quick", "--json", str(tmp_path / "figures.json"))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert set(figures) >= {"check", "runtime"}
    assert all(row["ratio"]["median"] > 0 for rows in figures.values() for row in rows)
    assert all(row["verdict"] in ("", "reached", "missed") for rows in figures.values() for row in rows)
