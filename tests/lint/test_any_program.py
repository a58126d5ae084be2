"""Whatever names stand for each other, and whichever modules import each other: each file is read to its end."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall_lint.config import Config
from outfall_lint.engine import Analysis, analyse

from .programs import project

SEEDS = st.integers(0, 2**32 - 1)

CIRCLES = {
    "a global that is made of itself": {"app.py": "def init():\n    global __doc__\n    __doc__ = __doc__ + 'more'\ninit()\n"},
    "a copy of a copy of itself": {"app.py": "import copy\ndef f():\n    a = copy.copy(b)\n    b = a.copy()\n"},
    "two modules that take all of each other": {"a.py": "from b import *\nX[1] = 2\n", "b.py": "from a import *\nX[1] = 2\n"},
    "a module that takes all of itself": {"app.py": "from app import *\nX[1] = 2\n"},
    "three modules that take all of each other": {
        "a.py": "from b import *\n", "b.py": "from c import *\n", "c.py": "from a import *\nfrom a import X\nX[1] = 2\n",
    },
    "a class that is its own base": {"a.py": "from b import A\nclass A(A): pass\n", "b.py": "from a import A\n"},
    "a condition that is made of itself": {"app.py": "debug = debug or flag\nflag = debug\nif debug:\n    X = {}\n"},
    "names that stand for each other": {"app.py": "a = b\nb = a\ndef f():\n    a[1] = b\n"},
}  # fmt: skip


def analysed(root: Path, files: dict[str, str]) -> Analysis:
    for path, text in files.items():
        (root / path).write_text(text, encoding="utf-8")
    return analyse(["."], Config(), root)


@pytest.mark.parametrize("name", CIRCLES)
def test_a_circle_has_an_end(name: str, tmp_path: Path) -> None:
    assert analysed(tmp_path, CIRCLES[name]).problems == ()


@settings(max_examples=150, deadline=None)
@given(seed=SEEDS)
def test_any_program_is_read_to_its_end(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert analysed(Path(folder), project(Random(seed))).problems == ()
