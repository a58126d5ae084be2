"""Short pieces of code, near misses first. A `# OUTnnn` at the end of a line is the finding expected there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_lint.model import Priority

FOLDER = Path(__file__).parent / "snippets"
MARKER = re.compile(r"#\s(OUT\d{3})\b")


def snippets(name: str) -> list[tuple[str, str]]:
    """The (title, text) pairs of a file whose parts start with `### title`."""
    parts = re.split(r"^### (.*)\n", (FOLDER / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


NEAR_MISSES = snippets("near_misses.txt")
HITS = snippets("hits.txt")


def found(text: str, folder: Path) -> set[tuple[int, str]]:
    """What is reported about a file of its own, as (line, code); low priorities only for process state."""
    (folder / "snippet.py").write_text(text, encoding="utf-8")
    analysis = analyse(["."], Config(), folder)
    assert analysis.problems == ()
    shown = [f for f in analysis.findings if f.priority > Priority.LOW or f.code in ("OUT110", "OUT201")]
    return {(f.place.line, f.code) for f in shown}


UNSEEN = snippets("unseen.txt")
ALTERNATIVES = re.compile(r"#\s(OUT\d{3}(?:\|OUT\d{3})*)(?: @(\w+))?")


def answers(text: str) -> list[set[tuple[int, str]]]:
    """For each finding that is expected the places and codes that fit: `# OUT101|OUT109`, or on either line `# OUT106 @a`."""
    fitting: dict[str, set[tuple[int, str]]] = {}
    for n, line in enumerate(text.splitlines(), 1):
        for codes, group in ALTERNATIVES.findall(line):
            fitting.setdefault(group or f"{n} {codes}", set()).update((n, code) for code in codes.split("|"))
    return list(fitting.values())


def expected(text: str) -> set[tuple[int, str]]:
    return {(n, code) for n, line in enumerate(text.splitlines(), 1) for code in MARKER.findall(line)}


@pytest.mark.parametrize("text", [text for _, text in NEAR_MISSES], ids=[title for title, _ in NEAR_MISSES])
def test_a_near_miss_is_no_finding(tmp_path: Path, text: str) -> None:
    assert found(text, tmp_path) == set()


@pytest.mark.parametrize("text", [text for _, text in HITS], ids=[title for title, _ in HITS])
def test_a_hit_is_found_once_and_where_it_stands(tmp_path: Path, text: str) -> None:
    assert expected(text)
    assert found(text, tmp_path) == expected(text)


@pytest.mark.parametrize("text", [text for _, text in UNSEEN], ids=[title for title, _ in UNSEEN])
def test_what_was_written_without_sight_of_the_rules_is_met(tmp_path: Path, text: str) -> None:
    reported, wanted = found(text, tmp_path), answers(text)
    assert [sorted(fitting) for fitting in wanted if not fitting & reported] == []
    low = {place for place in reported if place[1] == "OUT110"}
    assert reported - low - set().union(*wanted) == set()


def test_recall_and_precision_are_at_least_95_percent(tmp_path: Path) -> None:
    hits = false_alarms = wanted = 0
    for _, text in NEAR_MISSES + HITS:
        reported, right = found(text, tmp_path), expected(text)
        hits, wanted = hits + len(reported & right), wanted + len(right)
        false_alarms += len(reported - right)
    assert len(NEAR_MISSES) + len(HITS) >= 200
    assert hits / wanted >= 0.95
    assert hits / (hits + false_alarms) >= 0.95
