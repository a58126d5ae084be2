"""docs/runtime.md: every example does what it says, and every public name is on the page."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

import outfall_runtime

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "runtime.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = FENCE.findall(PAGE)


class _Shown(ast.NodeTransformer):
    """Turns `expression  # => value` into a call that compares the two."""

    def __init__(self, expected: Dict[int, str]) -> None:
        self.expected = expected

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        text = self.expected.pop(node.end_lineno or 0, None)
        if text is None:
            return node
        value = ast.parse(text, mode="eval").body
        call = ast.Call(ast.Name("_shown", ast.Load()), [node.value, value], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node))


def run(example: str) -> List[Tuple[Any, Any]]:
    """What the example's lines gave, beside what the page says they give."""
    lines = enumerate(example.splitlines(), start=1)
    expected = {number: line.split("# => ", 1)[1] for number, line in lines if "# => " in line}
    pairs: List[Tuple[Any, Any]] = []
    shown = _Shown(dict(expected))
    tree = shown.visit(ast.parse(example))
    assert shown.expected == {}, "`# =>` stands behind something that is no expression"
    names = {"_shown": lambda value, says: pairs.append((_frozen(value), says)), "__name__": "example"}
    exec(compile(tree, "docs/runtime.md", "exec"), names)
    assert len(pairs) >= len(expected), "a line that shows a value was not reached"
    return pairs


def _frozen(value: Any) -> Any:
    """As it is now: a table goes on changing."""
    return value.copy() if hasattr(value, "copy") else value


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_gives_what_the_page_says(example: str) -> None:
    pairs = run(example)
    assert [value for value, _ in pairs] == [says for _, says in pairs]
    assert pairs


def test_an_example_that_lies_is_found() -> None:
    assert run("1 + 1  # => 3\n") == [(2, 3)]
    with pytest.raises(AssertionError, match="not reached"):
        run("if False:\n    1  # => 1\n")
    with pytest.raises(AssertionError, match="no expression"):
        run("x = 1  # => 1\n")


def test_every_public_name_is_on_the_page() -> None:
    words = set(re.findall(r"[A-Za-z_]\w*", PAGE))
    assert sorted(set(outfall_runtime.__all__) - words) == []


def test_every_link_to_a_section_leads_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) == anchors
