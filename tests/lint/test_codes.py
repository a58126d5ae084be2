"""Rules, pages, snippets and changelog speak of the same codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outfall_lint.rule import all_rules

ROOT = Path(__file__).resolve().parents[2]
CODES = {rule.code for rule in all_rules()}


def named(text: str) -> set[str]:
    """Every code in a text; `OUT101–OUT112` names all between, as far as there are rules."""
    found = set(re.findall(r"\bOUT\d{3}\b", text))
    for first, last in re.findall(r"\b(OUT\d{3})\s*(?:–|-|to)\s*(OUT\d{3})\b", text):
        found |= {code for code in CODES if first <= code <= last}
    return found


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("nothing", set()),
        ("OUT101", {"OUT101"}),
        ("OUT110–OUT112", {"OUT110", "OUT111", "OUT112"}),
        ("OUT110-OUT112, OUT201", {"OUT110", "OUT111", "OUT112", "OUT201"}),
    ],
)
def test_a_range_names_all_between(text: str, codes: set[str]) -> None:
    assert named(text) == codes


def test_rules_pages_changelog_and_fixtures_have_the_same_codes() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "rules").glob("OUT*.md")}
    changelog = named((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    fixtures = named((ROOT / "tests/lint/snippets/hits.txt").read_text(encoding="utf-8"))
    assert {"pages": pages, "changelog": changelog, "fixtures": fixtures} == dict.fromkeys(("pages", "changelog", "fixtures"), CODES)


def test_the_readme_names_no_code_that_does_not_exist() -> None:
    assert named((ROOT / "README.md").read_text(encoding="utf-8")) <= CODES
