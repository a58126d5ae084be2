"""The page of transforms is what the transforms say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfall_codemods.docs import page
from outfall_codemods.transform import Transform, all_transforms

PAGE = Path(__file__).resolve().parents[2] / "docs" / "transforms.md"


@pytest.mark.parametrize("transform", all_transforms(), ids=lambda transform: transform.name)
def test_each_says_what_it_does_and_when_it_could_change_behaviour(transform: Transform) -> None:
    section = page().partition(f"\n## {transform.name}\n")[2].partition("\n## ")[0]
    said, safety = section.split("**Fix safety.** ")
    assert (len(said.split()) >= 10, safety.strip()) == (True, transform.fix_safety)


def test_the_page_is_theirs() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m outfall_codemods.docs docs/transforms.md"
