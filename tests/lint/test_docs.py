"""The pages in docs/rules are what the rules say of themselves."""

from __future__ import annotations

from pathlib import Path

from outfall_lint.docs import page
from outfall_lint.rule import all_rules

PAGES = Path(__file__).resolve().parents[2] / "docs" / "rules"


def test_the_pages_are_those_of_the_rules() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {rule.code for rule in all_rules()}
    stale = [r.code for r in all_rules() if (PAGES / f"{r.code}.md").read_text(encoding="utf-8") != page(r)]
    assert stale == [], "run: python -m outfall_lint.docs docs/rules"
