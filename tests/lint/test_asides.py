"""Branches that ordinary production never takes: what is changed in them alone is low, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from outfall_lint.asides import CHECKED, NEVER, SWITCHED
from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_lint.model import Finding, Priority

HEADER = "import os\nimport sys\nimport atexit\nfrom typing import TYPE_CHECKING\n\nBENCH = os.environ.get('BENCH') or os.getenv('APP_BENCH')\nMODE = os.environ.get('MODE', 'fast')\n\n"
AT_TOP = "    seen = []\n    def note(x):\n        seen.append(x)\n"
TAKEN = {
    "unless a variable is set": "if not os.environ.get('NO_CACHE'):\n",
    "a variable with a default": "if MODE:\n",
    "a variable that has one in the call": "if os.environ.get('CACHE', '1') == '1':\n",
    "a variable or something else": "if BENCH or sys.platform == 'linux':\n",
    "a Python that many have": "if sys.version_info < (3, 12):\n",
    "every Python there is": "if sys.version_info >= (3,):\n",
    "Python 3": "if sys.version_info[0] == 3:\n",
    "no more than a comparison": "if sys.platform == 'win32':\n",
    "a version of something else": "if version < (3,):\n",
    "another value of a variable": "if os.environ.get('MODE') != 'slow':\n",
}
ASIDE = {
    "a variable by its name": ("if BENCH:\n", SWITCHED),
    "a variable that is read there": ("if os.getenv('BENCH'):\n", SWITCHED),
    "a variable with one value": ("if os.environ.get('BENCH', '') == '1':\n", SWITCHED),
    "a variable that is set at all": ("if 'BENCH' in os.environ:\n", SWITCHED),
    "a variable and something else": ("if BENCH and sys.platform == 'linux':\n", SWITCHED),
    "the other branch of a variable": ("if not BENCH:\n    pass\nelse:\n", SWITCHED),
    "Python 2": ("if sys.version_info[0] == 2:\n", NEVER),
    "before Python 3": ("if sys.version_info < (3,):\n", NEVER),
    "not from Python 3 on": ("if sys.version_info >= (3, 0):\n    pass\nelse:\n", NEVER),
    "a flag of six": ("if six.PY2:\n", NEVER),
    "not for type checkers": ("if TYPE_CHECKING:\n", CHECKED),
}


def found(folder: Path, text: str) -> list[Finding]:
    (folder / "app.py").write_text(text, encoding="utf-8")
    return list(analyse([folder], Config(), folder).findings)


@pytest.mark.parametrize("case", TAKEN)
def test_a_branch_that_may_be_taken_counts(tmp_path: Path, case: str) -> None:
    (one,) = found(tmp_path, HEADER + TAKEN[case] + AT_TOP)
    assert (one.priority, one.message) == (Priority.HIGH, "list `seen` lives as long as its module and is changed in `note`")


@pytest.mark.parametrize("case", ASIDE)
def test_a_branch_that_is_not_taken_is_low(tmp_path: Path, case: str) -> None:
    branch, why = ASIDE[case]
    (one,) = found(tmp_path, HEADER + branch + AT_TOP)
    assert (one.priority, one.message) == (Priority.LOW, f"list `seen` lives as long as its module and is changed in `note`, {why}")


def test_a_variable_that_a_function_asks_for_configures_the_program(tmp_path: Path) -> None:
    (one,) = found(tmp_path, HEADER + "def setup(x):\n    if os.environ.get('HOOK'):\n        atexit.hook = x\n")
    assert one.priority is Priority.HIGH


def test_of_several_names_of_a_module_those_of_an_old_python_are_not_counted(tmp_path: Path) -> None:
    text = "def setup(x):\n    if sys.version_info < (3,):\n        atexit.old = x\n    else:\n        atexit.new = x\n"
    assert [(f.priority, f.message) for f in found(tmp_path, HEADER + text)] == [(Priority.HIGH, "`new` of `atexit` is changed from outside")]


def test_a_write_that_an_old_python_alone_makes_is_low(tmp_path: Path) -> None:
    text = "def setup(x):\n    if sys.version_info < (3,):\n        atexit.old = x\n"
    assert [f.priority for f in found(tmp_path, HEADER + text)] == [Priority.LOW]


def test_a_thread_local_for_type_checkers_does_not_exist(tmp_path: Path) -> None:
    assert found(tmp_path, HEADER + "import threading\nif TYPE_CHECKING:\n    it = threading.local()\n") == []


def test_a_thread_local_that_a_variable_asks_for_is_low(tmp_path: Path) -> None:
    assert [f.priority for f in found(tmp_path, HEADER + "import threading\nif BENCH:\n    it = threading.local()\n")] == [Priority.LOW]


def test_what_is_changed_in_both_branches_counts(tmp_path: Path) -> None:
    (one,) = found(tmp_path, HEADER + "seen = []\nif BENCH:\n    def note(x):\n        seen.append(x)\nelse:\n    def note(x):\n        seen.append(x)\n")
    assert one.priority is Priority.HIGH
