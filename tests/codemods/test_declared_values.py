"""What a state holds at first is what it held before, however that is written; what cannot be swapped is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

HEAD = """\
import copy, threading
from collections import Counter, OrderedDict, defaultdict, deque
from collections import deque as Queue
from types import SimpleNamespace
FLAG = False
Own = OrderedDict
"""
TABLES = [
    "{}", "{'a': 1}", "dict(a=1)", "dict([('a', 1)])", "dict[str, int]()", "{**{'a': 1}}", "{k: 1 for k in 'ab'}",
    "[]", "[3, 1]", "list(range(3))", "[c for c in 'abc']", "set()", "{1, 2}", "set('ab')", "{c for c in 'ab'}",
    "deque()", "deque([1, 2], 1)", "deque(maxlen=2)", "Queue('ab')", "deque[int]()", "deque[tuple[()]] (\n    [()], maxlen = 4\n)",
    "defaultdict(list)", "defaultdict(list, {'a': [1]})", "defaultdict[str, list](list)",
    "OrderedDict()", "OrderedDict([('a', 1)])", "Own([('a', 1)])", "OrderedDict(\n    # first\n    [('a', 1)],\n)", "Counter('abca')",
]  # fmt: skip
LEFT = [
    "OrderedDict.fromkeys(['a', 'b'])", "dict.fromkeys('ab', 1)", "copy.copy(defaultdict(list))", "copy.deepcopy(deque([1]))",
    "{} if FLAG else OrderedDict()", "FLAG or []", "deque() if FLAG else []", "[] * 3", "[1] + [2]", "{} | {'a': 1}",
    "set('ab') - {'a'}", "sorted([3, 1])",
]  # fmt: skip
LOCALS = ["threading.local()", "threading . local ( )"]
LEFT_LOCALS = ["threading.local() if FLAG else SimpleNamespace()", "FLAG or threading.local()", "copy.copy(threading.local())"]
USES = """
def change(key):
    X[key] = 1
    X.append(key)
    X.add(key)
"""
SPEAKS = "\ndef enter(user):\n    X.user = user\n\ndef who():\n    return X.user\n"
ON_AN_INSTANCE = """
class Lock:
    def __init__(self, threaded=True):
        self.held = threading.local() if threaded else SimpleNamespace()

    def acquire(self, user):
        self.held.user = user
"""


def namespace(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": "app"}
    exec(compile(text, "app.py", "exec"), found)
    return found


@pytest.mark.parametrize("direct", [False, True], ids=["staged", "direct"])
@pytest.mark.parametrize("value", TABLES)
def test_the_first_content_is_the_same(value: str, direct: bool, migrated: Callable[..., str]) -> None:
    before = f"{HEAD}X = {value}\n{USES}"
    after = migrated(before, direct=direct)
    assert after != before
    was, now = namespace(before)["X"], namespace(after)["X"]
    assert (now == was, isinstance(now, type(was)), type(now) is not type(was)) == (True, True, True)
    assert (getattr(now, "maxlen", 0), getattr(now, "default_factory", 0)) == (getattr(was, "maxlen", 0), getattr(was, "default_factory", 0))


@pytest.mark.parametrize("value", LEFT)
def test_a_container_that_is_not_made_there_is_left(value: str, migrated: Callable[..., str]) -> None:
    before = f"{HEAD}X = {value}\n{USES}"
    assert migrated(before) == before


@pytest.mark.parametrize("value", LOCALS)
def test_a_thread_local_becomes_a_context_local(value: str, migrated: Callable[..., str]) -> None:
    after = migrated(f"{HEAD}X = {value}\n{SPEAKS}")
    assert 'X = StagedContextLocal("app.X", "user")\n' in after


@pytest.mark.parametrize("value", LEFT_LOCALS)
@pytest.mark.parametrize("idiomatic", [False, True])
def test_a_thread_local_in_one_case_only_is_left(value: str, idiomatic: bool, migrated: Callable[..., str]) -> None:
    before = f"{HEAD}X = {value}\n{SPEAKS}"
    assert migrated(before, idiomatic=idiomatic) == before


def test_a_thread_local_that_an_instance_has_in_one_case_only_is_left(migrated: Callable[..., str]) -> None:
    before = HEAD + ON_AN_INSTANCE
    assert migrated(before) == before
