"""The page on spans and events: each of its Python blocks runs, one after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spans-and-events.md"


def blocks(text: str) -> List[str]:
    """The Python blocks, each padded so that an error names its line on the page."""
    found = re.finditer(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return ["\n" * text.count("\n", 0, one.start(1)) + one.group(1) for one in found]


def test_every_block_runs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names: Dict[str, Any] = {"__name__": "page"}
    for block in blocks(text):
        exec(compile(block, str(PAGE), "exec"), names)
    assert len(blocks(text)) == 8
    assert text.count("assert ") > 12
