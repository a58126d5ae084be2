"""What the codemods write keeps to the project's line length, and what was aligned stays aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from outfall_codemods.layout import layouts
from outfall_codemods.line_length import line_length
from outfall_codemods.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Project

CALL = "X = Registry('app.X', {})\n"

KEPT = {
    "short enough": (CALL, 40),
    "not ours": ("X = Other('app.X', {})\n", 10),
    "with a comment inside": ("X = Registry('app.X',  # name\n    {})\n", 10),
    "hugging its brackets": ("X = Registry('app.X', {\n    'a': 1,\n})\n", 40),
    "with lines in a string": ("X = Slot('app.X', \"\"\"a\nb\"\"\")\n", 40),
    "an argument in brackets": ("X = Slot('app.X', (a or\n  b))\n", 10),
    "beside another statement": ("Y = 1; X = Registry('app.X', {})\n", 10),
    "before another statement": ("X = Registry('app.X', {}); Y = 1\n", 10),
    "inside an expression": ("X = [Registry('app.X', {})]\n", 10),
    "a statement that is short enough": ("x.value = f(1)\n", 14),
    "a statement of a module that asks for line numbers": ("x.value = f(1 + 1, stack().f_lineno)\n", 20),
    "a statement beside one that looks at its stack": ("import traceback\nx.value = traceback.extract_stack(limit=2)\n", 20),
    "a statement with a comment": ("x.value = f(1)  # why\n", 14),
    "one of two statements of a line": ("x.value = f(11); y()\n", 14),
    "the body of a one-line block": ("if x.value: y = f(11)\n", 14),
    "a statement too long all the same": ("x.value[1].b.c.d = f(1)\n", 14),
    "the entry of a table": ("print(x).value[y]\n", 12),
    "a block's head": ("if f(x.value):\n    pass\n", 10),
    "brackets in a text": ("x.value = '(a)'\n", 12),
    "nothing in its brackets": ("x.value.method()\n", 12),
    "on lines of the author's": ("x.value = f(\n    1 + 1\n)\n", 8),
}

LAID_OUT = {
    "too long": (CALL, 20, "X = Registry(\n    'app.X', {}\n)\n"),
    "with a comment that makes it too long": (CALL[:-1] + "  #: Why.\n", 30, "#: Why.\nX = Registry('app.X', {})\n"),
    "with such a comment in a class": (
        "class C:\n    X = Slot('app.X', 1)  # why\n", 25, "class C:\n    # why\n    X = Slot('app.X', 1)\n"
    ),
    "with a comment for a tool": (CALL[:-1] + "  # noqa: E1\n", 30, "X = Registry(\n    'app.X', {}\n)  # noqa: E1\n"),
    "a statement, in its last brackets": ("x.value = f(1) + g(2 + 2)\n", 20, "x.value = f(1) + g(\n    2 + 2\n)\n"),
    "a statement that ends with a display": ("x.value.update({'a': 1}, [y, z])\n", 25, "x.value.update(\n    {'a': 1}, [y, z]\n)\n"),
    "a returned value without brackets": ("def f():\n    return x.value or y\n", 20, "def f():\n    return (\n        x.value or y\n    )\n"),
    "an assigned entry": ("of_the_list = f(x).value[y]\n", 20, "of_the_list = (\n    f(x).value[y]\n)\n"),
    "a long check": ("assert f(x.value, y.value)\n", 20, "assert f(\n    x.value, y.value\n)\n"),
    "aligned below an inner bracket": (
        "X = Slot('app.X', [[1,\n                    2],\n                   3])\n", 60, "X = Slot(\n    'app.X',\n    [[1,\n      2],\n     3],\n)\n"
    ),
    "too long for one line within": (CALL, 14, "X = Registry(\n    'app.X',\n    {},\n)\n"),
    "with a comment behind": (CALL[:-1] + "  # type: T\n", 30, "X = Registry(\n    'app.X', {}\n)  # type: T\n"),
    "in a class": ("class C:\n" + "    " + CALL, 18, "class C:\n    X = Registry(\n        'app.X',\n        {},\n    )\n"),
    "with tabs": ("class C:\n\t" + CALL, 22, "class C:\n\tX = Registry(\n\t\t'app.X', {}\n\t)\n"),
    "hugging, too long": (
        "X = Registry('app.X', {\n    'a': 1,\n})\n",
        20,
        "X = Registry(\n    'app.X',\n    {\n        'a': 1,\n    },\n)\n",
    ),
    "aligned with what has moved": (
        "X = Registry('app.X', ['a',\n     'b'])\n",
        40,
        "X = Registry(\n    'app.X',\n    ['a',\n     'b'],\n)\n",
    ),
    "lines in strings keep their place": (
        "X = Registry('app.X', {\n    'a': \"\"\"b\n  c\"\"\",\n    'd': f'{e\n  }',\n})\n".replace("f'{e\n  }'", "f\"\"\"{e\n  }\"\"\""),
        20,
        "X = Registry(\n    'app.X',\n    {\n        'a': \"\"\"b\n  c\"\"\",\n        'd': f\"\"\"{e\n  }\"\"\",\n    },\n)\n",
    ),
    "windows line ends": ("X = Registry('app.X', {\r\n})\r\n", 20, "X = Registry(\r\n    'app.X',\r\n    {\r\n    },\r\n)\r\n"),
    "an import": (
        "from outfall_runtime import A as B, C\n",
        30,
        "from outfall_runtime import (\n    A as B,\n    C,\n)\n",
    ),
}


def laid_out(text: str, limit: int) -> str:
    source = SourceText("app.py", text)
    for one in layouts(source, {"Registry", "Slot"}, range(1, 9), limit):
        text = text[: one.start] + one.text + text[one.end :]
    return text


@pytest.mark.parametrize("name", KEPT)
def test_a_call_stays_as_it_is(name: str) -> None:
    text, limit = KEPT[name]
    assert laid_out(text, limit) == text


@pytest.mark.parametrize("name", LAID_OUT)
def test_a_call_is_laid_out(name: str) -> None:
    before, limit, after = LAID_OUT[name]
    assert laid_out(before, limit) == after


def test_lines_that_were_there_are_left_alone() -> None:
    assert list(layouts(SourceText("app.py", CALL), {"Registry"}, (), 10)) == []


CONFIGURED = {
    "black": ("pyproject.toml", "[tool.black]\nline-length = 79\n", 79),
    "ruff": ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", 100),
    "ruff alone": ("ruff.toml", "line-length = 101\n", 101),
    "flake8": ("setup.cfg", "[flake8]\nmax-line-length = 99\n", 99),
    "flake8, spelled otherwise": (".flake8", "[flake8]\nmax_line_length = 98\n", 98),
    "tox": ("tox.ini", "[pycodestyle]\nmax-line-length = 97\n", 97),
    "nothing": ("setup.cfg", "[metadata]\nname = x\n", None),
    "nonsense": ("pyproject.toml", "[tool.black]\nline-length = 'wide'\n", None),
    "a broken file": ("pyproject.toml", "[tool.black\n", None),
    "no section": ("setup.cfg", "max-line-length = 4\n", None),
}


@pytest.mark.parametrize("name", CONFIGURED)
def test_the_projects_own_limit(name: str, tmp_path: Path) -> None:
    path, text, limit = CONFIGURED[name]
    (tmp_path / path).write_text(text)
    assert line_length(tmp_path) == limit


def test_migrate_keeps_to_the_limit(project: Project, migrated: Callable[[str], str]) -> None:
    text = "_agents: dict[str, int] = {  # by name\n    'a': 1,\n}\n\ndef put(k, v):\n    _agents[k] = v\n"
    assert '= StagedRegistry("app._agents", {  # by name\n' in migrated(text)
    project.write("pyproject.toml", "[tool.black]\nline-length = 60\n")
    after = migrated(text)
    assert '= StagedRegistry(\n    "app._agents",\n    {  # by name\n        \'a\': 1,\n    },\n)\n' in after
    assert migrated(after) == after
