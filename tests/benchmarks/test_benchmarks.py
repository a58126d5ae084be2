"""The method first, then each section runs and yields figures that make sense."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules

from benchmarks import sections
from benchmarks.__main__ import with_companions
from benchmarks.table import Row, render
from benchmarks.timing import Ratio, ratio

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_an_unknown_section_is_named_with_the_known_ones() -> None:
    done = run("runtme")
    assert done.returncode == 2
    assert "'runtme'" in done.stderr and "runtime" in done.stderr


def test_what_the_runtime_is_judged_by_stands_in_one_run() -> None:
    assert with_companions(["runtime", "rivals", "check"]) == ["runtime", "contention", "imports", "rivals", "check"]


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert Ratio.of([(4, 2), (9, 1), (3, 1)]) == Ratio(median=3.0, low=2.5, high=6.0)


def test_a_statement_that_does_more_costs_more() -> None:
    assert ratio("f(); f(); f(); f()", "f()", {"f": dict}, 3).median > 2


def test_a_row_is_judged_by_its_limit_only() -> None:
    two = Ratio(2.0, 1.0, 3.0)
    rows = [Row("a", two, "u", 1.9), Row("a", two, "u", 2), Row("a", two, "u"), Row("a", None, "u", 1)]
    assert [row.verdict for row in rows] == ["missed", "reached", "", "not installed"]


def test_the_table_aligns_its_columns_and_shows_what_is_absent() -> None:
    table = render("reads", [Row("read", Ratio(12.0, 9.0, 15.0), "dict.get", 15), Row("rival", None, "dict.get")])
    assert table.splitlines() == [
        "reads",
        "-" * 66,
        "operation  ratio       spread  at most                 in units of",
        "-" * 66,
        "read       12.00  9.00..15.00       15  reached        dict.get",
        "rival          -                        not installed  dict.get",
    ]


def test_what_an_empty_loop_costs_is_taken_off() -> None:
    assert ratio("pass", "f()", {"f": dict}, 3).median < 0.2


def test_every_section_yields_positive_figures(tmp_path: Path) -> None:
    done = run("--quick", "--json", str(tmp_path / "figures.json"))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert set(figures) == {module.name for module in iter_modules(sections.__path__)}
    rows = [row for section in figures.values() for row in section]
    absent = [row for row in rows if row["ratio"] is None]
    assert all(row["ratio"]["median"] > 0 for row in rows if row not in absent)
    assert all(row["verdict"] in ("", "reached", "missed") for row in rows if row not in absent)
    assert {row["verdict"] for row in absent} <= {"not installed"}
    assert {row["operation"].rpartition(": ")[2] for row in absent}.isdisjoint({"outfall"})
