"""Values that are equal whenever and by whomever they are made, and those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_lint.model import Priority

ANOTHER_EACH_TIME = {
    "a parameter": "re.compile(x)",
    "a local made of a parameter": "re.compile(of_x)",
    "a part of a parameter": "str(x.name)[0]",
    "an attribute that changes": "settings.level",
    "an entry of a table": "TABLE['a']",
    "a call that nobody knows": "connect()",
    "a call that nobody knows, in a known one": "str(connect())",
    "an empty container": "{}",
    "an own entry counted on": "str(TABLE)[0]",
    "a comprehension over a parameter": "[a for a in x]",
    "a comprehension's name that a parameter has outside": "[x for a in x]",
    "a time": "int(time.time())",
}
EQUAL = {
    "a pattern": "re.compile('a')",
    "a table": "{'a': 1}",
    "a comprehension that uses a parameter's name for its own": "[x for x in 'abc']",
    "two loops": "[(a + b) for a in WORDS for b in WORDS]",
    "locals made of constants": "str.maketrans(bad, '_' * len(bad))",
    "a fact about the machine": "pwd.getpwnam('nobody')[2]",
    "a sum of such": "1 + max(u[2] for u in pwd.getpwall())",
    "where a program stands": "os.path.join(os.path.dirname(__file__), 'data')",
}
START = "import os\nimport pwd\nimport re\nimport time\n\nWORDS = ['a', 'b']\nTABLE = {}\n_it = None\n\ndef get(x):\n    global _it\n    bad = '<>'\n    of_x = x + 'a'\n"


def priority(folder: Path, text: str, code: str) -> Priority:
    (folder / "app.py").write_text(text, encoding="utf-8")
    (one,) = [f for f in analyse([folder], Config(), folder).findings if f.state.name.endswith("_it")]
    assert one.code == code
    return one.priority


@pytest.mark.parametrize("case", ANOTHER_EACH_TIME)
def test_another_value_each_time(tmp_path: Path, case: str) -> None:
    made = f"    if _it is None:\n        _it = {ANOTHER_EACH_TIME[case]}\n    return _it\n"
    assert priority(tmp_path, START + made, "OUT105") is Priority.HIGH


@pytest.mark.parametrize("case", EQUAL)
def test_made_on_first_use_an_equal_value_is_low(tmp_path: Path, case: str) -> None:
    assert priority(tmp_path, START + f"    if _it is None:\n        _it = {EQUAL[case]}\n    return _it\n", "OUT105") is Priority.LOW


@pytest.mark.parametrize("case", EQUAL)
def test_bound_at_any_time_an_equal_value_is_low(tmp_path: Path, case: str) -> None:
    assert priority(tmp_path, START + f"    _it = {EQUAL[case]}\n\ndef use():\n    return _it\n", "OUT104") is Priority.LOW


SNAPSHOTS = {"a copy of a registry": "dict(TABLE)", "its names": "sorted(TABLE)", "how many": "len(TABLE)"}


@pytest.mark.parametrize("case", SNAPSHOTS)
def test_a_snapshot_of_what_changes_counts(tmp_path: Path, case: str) -> None:
    assert priority(tmp_path, START + f"    _it = {SNAPSHOTS[case]}\n\ndef use():\n    return _it\n", "OUT104") is Priority.HIGH


def test_a_table_that_is_changed_in_place_counts(tmp_path: Path) -> None:
    text = START + "    _it = ['a']\n\ndef add(x):\n    _it.append(x)\n"
    (tmp_path / "app.py").write_text(text, encoding="utf-8")
    assert [f.priority for f in analyse([tmp_path], Config(), tmp_path).findings] == [Priority.HIGH]


def test_a_class_s_table_of_constants_is_low(tmp_path: Path) -> None:
    text = "class Zip:\n    _it = None\n\n    @classmethod\n    def clean(cls):\n        if cls._it is None:\n            cls._it = str.maketrans({'a': 'b'})\n        return cls._it\n"
    assert priority(tmp_path, text, "OUT103") is Priority.LOW


def test_a_class_s_value_made_of_what_it_is_given_counts(tmp_path: Path) -> None:
    text = "class Zip:\n    _it = None\n\n    @classmethod\n    def clean(cls, x):\n        if cls._it is None:\n            cls._it = str.maketrans(x)\n        return cls._it\n"
    assert priority(tmp_path, text, "OUT103") is Priority.HIGH
