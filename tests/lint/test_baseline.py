"""What the baseline accepts: what was there, however it moves, and nothing that is new."""

from __future__ import annotations

from pathlib import Path

import pytest

from outfall_lint.baseline import Baseline, BaselineError, compare, read_baseline, updated, write_baseline
from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_lint.source import SourceLines

OLD = "S = {}\ndef f(k):\n    S[k] = 1\n"


def accepted(before: dict[str, str], after: dict[str, str], root: Path) -> tuple[list[str], int, int]:
    """(codes that are new, accepted, stale) when `before` was accepted and `after` is there."""
    baseline = updated(findings(before, root), Baseline(), SourceLines(root), "first run")
    comparison = compare(findings(after, root), baseline, SourceLines(root))
    return [f.code for f in comparison.new], len(comparison.accepted), len(comparison.stale)


def findings(files: dict[str, str], root: Path):
    for path in root.glob("*.py"):
        path.unlink()
    for name, text in files.items():
        (root / name).write_text(text)
    return analyse(["."], Config(), root).findings


def test_a_new_writer_to_an_old_state_is_new(tmp_path: Path) -> None:
    after = OLD + "def g(k):\n    S.pop(k)\n"
    assert accepted({"a.py": OLD}, {"a.py": after}, tmp_path) == (["OUT101"], 0, 0)


def test_a_new_state_is_new(tmp_path: Path) -> None:
    after = OLD + "T = []\ndef g(k):\n    T.append(k)\n"
    assert accepted({"a.py": OLD}, {"a.py": after}, tmp_path) == (["OUT102"], 1, 0)


@pytest.mark.parametrize(
    "after",
    [
        {"a.py": "\n\n# moved down\n" + OLD},
        {"a.py": "S = {}\ndef f(k):\n    if k:\n        S[k]  =  1\n"},
        {"renamed.py": OLD},
        {"a.py": OLD + "def g(k):\n    return S[k]\n"},
    ],
)
def test_moved_reindented_renamed_and_read_is_accepted(tmp_path: Path, after: dict[str, str]) -> None:
    assert accepted({"a.py": OLD}, after, tmp_path) == ([], 1, 0)


PATCHES = "import json\ndef f():\n    json.loads = 1\ndef g():\n    json.loads = 2\n"


def test_what_several_functions_change_elsewhere_is_accepted_with_each_of_them(tmp_path: Path) -> None:
    assert accepted({"a.py": PATCHES}, {"a.py": PATCHES}, tmp_path) == ([], 2, 0)
    assert accepted({"a.py": PATCHES}, {"renamed.py": PATCHES}, tmp_path) == ([], 2, 0)


def test_one_more_function_that_changes_it_elsewhere_is_new(tmp_path: Path) -> None:
    after = PATCHES + "def h():\n    json.loads = 3\n"
    assert accepted({"a.py": PATCHES}, {"a.py": after}, tmp_path) == (["OUT106"], 2, 0)


def test_one_more_function_that_leaves_a_context_set_is_new(tmp_path: Path) -> None:
    leak = "import contextvars\nV = contextvars.ContextVar('V')\ndef f(v):\n    V.set(v)\n"
    assert accepted({"a.py": leak}, {"a.py": leak}, tmp_path) == ([], 1, 0)
    assert accepted({"a.py": leak}, {"a.py": leak + "def g(v):\n    V.set(v)\n"}, tmp_path) == (["OUT205", "OUT205"], 0, 0)


def test_one_function_less_that_changes_it_elsewhere_is_mended(tmp_path: Path) -> None:
    assert accepted({"a.py": PATCHES}, {"a.py": PATCHES.partition("def g")[0]}, tmp_path) == ([], 1, 1)


def test_what_is_mended_is_stale_and_goes_with_the_next_update(tmp_path: Path) -> None:
    baseline = updated(findings({"a.py": OLD}, tmp_path), Baseline(), SourceLines(tmp_path), "first run")
    now = findings({"a.py": "S = {}\n"}, tmp_path)
    assert len(compare(now, baseline, SourceLines(tmp_path)).stale) == 1
    assert updated(now, baseline, SourceLines(tmp_path)).entries == ()


def test_it_grows_only_with_a_reason(tmp_path: Path) -> None:
    now = findings({"a.py": OLD}, tmp_path)
    assert updated(now, Baseline(), SourceLines(tmp_path)).entries == ()
    grown = updated(now, Baseline(), SourceLines(tmp_path), "first run")
    assert [(g.reason, g.entries) for g in grown.growth] == [("first run", 1)]


def test_it_survives_being_written(tmp_path: Path) -> None:
    baseline = updated(findings({"a.py": OLD}, tmp_path), Baseline(), SourceLines(tmp_path), "first run")
    write_baseline(tmp_path / "b.json", baseline)
    assert read_baseline(tmp_path / "b.json") == baseline


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1}', '{"version": 1, "entries": [1]}'])
def test_a_broken_one_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(BaselineError, match="b.json"):
        read_baseline(tmp_path / "b.json")
