"""`--unsafe REASON`: one named reason is overruled, every other still counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from outfall_codemods.errors import UsageError
from outfall_codemods.unsafe import UNSAFE

if TYPE_CHECKING:
    from .conftest import Project

DOCS = Path(__file__).resolve().parents[2] / "docs" / "unsafe.md"
SET = "    @classmethod\n    def set(cls, value):\n        cls.x = value\n"
GLOBAL = "x = 0\ndef put(value):\n    global x\n    x = value\n"

# What is declined, and a text that the overruled rewrite holds.
CASES = {
    "bases-out-of-sight": ({"app.py": "from web.db import Record\nclass C(Record):\n    x = None\n" + SET}, 'class_slot("app.C.x", None)'),
    "namespace-calls": ({"app.py": GLOBAL + "def get(name):\n    return globals()[name]\n"}, 'Slot("app.x", 0)'),
    "star-imports": ({"app.py": GLOBAL, "web.py": "from app import *\n"}, 'Slot("app.x", 0)'),
    "type-checkers": (
        {"app.py": "class C:\n    x: int | None = None\n    @classmethod\n    def get(cls):\n        if cls.x is None:\n            cls.x = 1\n        return cls.x\n"},
        'slot_of(cls, "x").value = 1',
    ),
    "values-in-place": (
        {
            "pyproject.toml": '[tool.outfall.states]\n"app._here" = "context"\n',
            "app.py": "import threading\n_here = threading.local()\ndef f(request):\n    _here.request = request\n    _here.request['a'] = 1\n",
        },
        'StagedContextLocal("app._here", "request")',
    ),
}  # fmt: skip


def test_every_reason_has_a_case_and_a_line_in_the_docs() -> None:
    assert set(CASES) == set(UNSAFE)
    assert [name for name, risk in UNSAFE.items() if f"| `{name}` | {risk} |" not in DOCS.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("name", CASES)
def test_declined_with_the_name_that_overrules_it(name: str, project: Project) -> None:
    files, _ = CASES[name]
    for path, text in files.items():
        project.write(path, text)
    plan = project.migration(unsafe=[other for other in UNSAFE if other != name])
    declined = [each for each in plan.plans if each.state.local_name in ("x", "_here")]
    assert {(each.action, each.unsafe) for each in declined} == {("decline", name)}
    assert all(f"`--unsafe {name}` rewrites it all the same" in str(each.reason) for each in declined)


@pytest.mark.parametrize("name", CASES)
def test_rewritten_where_it_is_overruled(name: str, project: Project) -> None:
    files, expected = CASES[name]
    for path, text in files.items():
        project.write(path, text)
    after = {change.path: change.after.decode() for change in project.migration(unsafe=[name]).changes}
    assert expected in after["app.py"]


def test_what_nothing_overrules_stays_declined(project: Project) -> None:
    project.write("app.py", "from web.db import Record\nclass C(Record):\n    x = None\n    y = x\n" + SET)
    (plan,) = project.migration(unsafe=list(UNSAFE)).plans
    assert (plan.action, plan.unsafe) == ("decline", None)


def test_an_unknown_reason_is_a_usage_error(project: Project) -> None:
    project.write("app.py", GLOBAL)
    with pytest.raises(UsageError, match="'globals' is no reason that can be overruled"):
        project.migration(unsafe=["globals"])
