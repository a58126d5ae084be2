"""Lines that stand below an opening bracket follow it, and no others."""

from __future__ import annotations

import ast

import pytest
from outfall_codemods.alignment import realigned
from outfall_codemods.splices import Splice, splice
from outfall_codemods.text import SourceText

LEFT_ALONE = {
    "hanging": "x = f(\n    N,\n    b)\n",
    "behind the bracket's line": "x = f(a,\n      N)\n",
    "in a string": "x = f(N, \"\"\"\n      b\"\"\")\n",
    "not quite aligned": "x = f(N(a,\n      b))\n",
    "behind a comment": "N = f(  # why\n       b)\n",
    "with tabs": "x = N(a,\n\t b)\n",
    "of another statement": "N = 1\nx = f(a,\n      b)\n",
    "continued by a backslash": "x = N \\\n    + a\n",
    "a body": "if f(N):\n     b = 1\n",
}
MOVED = {
    "by what grew before the bracket": ("x = N(a,\n      b)\n", "x = N.value(a,\n            b)\n"),
    "a comment and a closing bracket, too, but no blank line": (
        "x = N(a,\n\n      # why\n      b\n      )\n", "x = N.value(a,\n\n            # why\n            b\n            )\n"
    ),
    "a closing bracket below the opening one": ("x = N(a,\n      b\n     )\n", "x = N.value(a,\n            b\n           )\n"),
    "what hangs within": (
        "x = N(f(\n          a,\n      ),\n      b)\n", "x = N.value(f(\n          a,\n      ),\n            b)\n",
    ),
    "what is aligned within": (
        "x = N(a,\n      g(b,\n        N))\n", "x = N.value(a,\n            g(b,\n              N.value))\n",
    ),
    "what hangs within a moved line": (
        "x = N(a,\n      g(\n          N,\n      ))\n",
        "x = N.value(a,\n            g(\n                N.value,\n            ))\n",
    ),
    "the head of a block": ("if f(N) and g(a,\n              b):\n    pass\n", "if f(N.value) and g(a,\n                    b):\n    pass\n"),
    "windows line ends": ("x = N(a,\r\n      b)\r\n", "x = N.value(a,\r\n            b)\r\n"),
}  # fmt: skip


def grown(text: str, old: str = "N", new: str = "N.value") -> str:
    """The text with a name replaced, and what follows from that."""
    source = SourceText("app.py", text)
    names = [n for n in ast.walk(source.tree) if isinstance(n, ast.Name) and n.id == old]
    starts = [source.offset(n.lineno, n.col_offset) for n in names]
    splices = [Splice(start, start + len(old), new) for start in starts]
    return splice(text, [*splices, *realigned(source, splices)])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_no_other_line_moves(name: str) -> None:
    before = LEFT_ALONE[name]
    assert grown(before).splitlines()[1:] == [line.replace("N", "N.value") for line in before.splitlines()[1:]]


@pytest.mark.parametrize("name", MOVED)
def test_the_line_moves(name: str) -> None:
    before, after = MOVED[name]
    assert grown(before) == after
    assert grown(after.replace("N.value", "N_SEVEN"), "N_SEVEN", "N") == before
