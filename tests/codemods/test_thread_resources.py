"""A thread's resource stays per thread; under a `ThreadResource` it is opened as often as before, or it is left alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Project

HEAD = "import threading\n\n_local = threading.local()\n\n\ndef connect():\n    return object()\n\n\n"
GUARD = "    if not hasattr(_local, 'conn'):\n        _local.conn = connect()\n"
USE = "def use():\n" + GUARD + "    return _local.conn\n"
ASK = "def use():\n    conn = getattr(_local, 'conn', None)\n    if conn is None:\n        conn = _local.conn = connect()\n    return conn\n"
TRY = "def use():\n    try:\n        return _local.conn\n    except AttributeError:\n        _local.conn = connect()\n        return _local.conn\n"
CLOSE = "\ndef close():\n    if hasattr(_local, 'conn'):\n        _local.conn.close()\n        del _local.conn\n"

DECLINED = {
    "used where nobody made sure of it": (USE + "def peek():\n    return _local.conn\n", "does not tell whether there is one (app.py:15)"),
    "asked for elsewhere": (USE + "def has():\n    return hasattr(_local, 'conn')\n", "does not tell whether there is one"),
    "used by a function made there": (
        "def use():\n" + GUARD + "    return lambda: _local.conn\n", "does not tell whether there is one",
    ),
    "used before it is made": ("def use():\n    print(_local.conn)\n" + GUARD + "    return _local.conn\n", "does not tell whether there is one"),
    "returned where it is there, made with more": (
        "def use():\n    if hasattr(_local, 'conn'):\n        return _local.conn\n    _local.conn = connect()\n    print(1)\n    return _local.conn\n",
        "no function plainly makes it",
    ),
    "returned where another is there": (
        "def use(conn):\n    if conn is not None:\n        return conn\n    conn = _local.conn = connect()\n    return conn\n", "no function plainly makes it",
    ),
    "made in two ways": (USE + USE.replace("use", "other").replace("connect()", "connect(1)"), "made in more than one way"),
    "made of an argument": (USE.replace("use()", "use(host)").replace("connect()", "connect(host)"), "belongs to the function"),
    "made by more than one statement": (
        USE.replace("    return", "    return").replace("= connect()\n", "= connect()\n        _local.conn.begin()\n"), "no function plainly makes it",
    ),
    "made anew where it is false": (
        "def use():\n    if not getattr(_local, 'conn', None):\n        _local.conn = connect()\n    return _local.conn\n",
        "no function plainly makes it",
    ),
    "two things in one": (USE + USE.replace("use", "other").replace("conn'", "sock'").replace(".conn", ".sock"), "more than one thing (conn, sock)"),
    "set to None where only absence counts": (USE + CLOSE.replace("del _local.conn", "_local.conn = None"), "is set to None"),
    "dropped without a test": (USE + "def drop():\n    del _local.conn\n", "does not tell whether there is one"),
    "closed in two ways": (USE + CLOSE + CLOSE.replace("close", "quit"), "closed in more than one way"),
    "a comment among the statements": (USE.replace("= connect()\n", "= connect()  # slow\n"), "a comment stands among"),
    "shown by an f-string": (USE.replace("    return", "    print(f'{_local.conn=}')\n    return"), "an f-string shows its name"),
    "handed out": (USE + "def leak(f):\n    f(_local)\n", "the namespace itself is passed"),
    "reached as text": (USE + "def find(n):\n    return globals()[n]\n", "calls `globals`"),
    "awaited": (USE.replace("def", "async def").replace("connect()", "await connect()"), "belongs to the function"),
}  # fmt: skip

DECLARED = 'from outfall_runtime import ThreadResource\n\n_local = ThreadResource("app._local", lambda: connect(){})\n\n\ndef connect():\n    return object()\n\n\n'
GOT = "def use():\n    return _local.get()\n"
CLOSED = ", close=lambda conn: conn.close()"

TRANSFORMED = {
    "made where absent": (USE, DECLARED.format("") + GOT),
    "asked for first": (ASK, DECLARED.format("") + "def use():\n    conn = _local.get()\n    return conn\n"),
    "tried first": (TRY, DECLARED.format("") + GOT),
    "tried, with a variable": (
        "def use():\n    try:\n        conn = _local.conn\n    except AttributeError:\n        conn = connect()\n        _local.conn = conn\n    return conn\n",
        DECLARED.format("") + "def use():\n    conn = _local.get()\n    return conn\n",
    ),
    "returned where it is there": (
        "def use():\n    if hasattr(_local, 'conn'):\n        return _local.conn\n    _local.conn = connect()\n    return _local.conn\n",
        DECLARED.format("") + GOT,
    ),
    "asked for, and returned where it is there": (
        "def use():\n    conn = getattr(_local, 'conn', None)\n    if conn is not None:\n        return conn\n    conn = _local.conn = connect()\n    return conn\n",
        DECLARED.format("") + GOT,
    ),
    "used after something else": (
        "def use(x):\n" + GUARD + "    if x:\n        return _local.conn.cursor()\n",
        DECLARED.format("") + "def use(x):\n    _local.get()\n    if x:\n        return _local.get().cursor()\n",
    ),
    "closed": (
        USE + CLOSE,
        DECLARED.replace('("app', '(\n    "app').format(CLOSED).replace(")\n\n\ndef", "\n)\n\n\ndef", 1) + GOT + "\ndef close():\n    _local.close()\n",
    ),
    "closed, and set to None": (
        ASK + "\ndef close():\n    conn = getattr(_local, 'conn', None)\n    if conn is not None:\n        _local.conn = None\n        conn.quit()\n",
        DECLARED.format(CLOSED.replace("close()", "quit()"))
        + "def use():\n    conn = _local.get()\n    return conn\n\ndef close():\n    _local.close()\n",
    ),
    "in a method, of a global that moves as well": (
        "_host = 1\ndef at(host):\n    global _host\n    _host = host\nclass C:\n    def use(self):\n        try:\n            conn = _local.conn\n"
        "        except AttributeError:\n            conn = _local.conn = connect(_host)\n        return conn\n",
        'from outfall_runtime import Slot, ThreadResource\n\n_local = ThreadResource("app._local", lambda: connect(_host.value))\n\n\ndef connect():\n'
        '    return object()\n\n\n_host = Slot("app._host", 1)\ndef at(host):\n    _host.value = host\nclass C:\n'
        "    def use(self):\n        conn = _local.get()\n        return conn\n",
    ),
}


@pytest.mark.parametrize("name", DECLINED)
def test_left_alone_with_the_form_that_is_in_the_way(name: str, project: Project) -> None:
    text, reason = DECLINED[name]
    project.write("app.py", HEAD + text)
    plan = next(each for each in project.migration(resources=True).plans if each.state.local_name == "_local")
    assert (plan.action, str(plan.reason).startswith("stays per thread: ")) == ("decline", True)
    assert reason in str(plan.reason)


@pytest.mark.parametrize(("declared", "reason"), [("local", "may use its attributes"), ("_local: threading.local", "no plain global")])
def test_what_others_may_use_is_left_alone(declared: str, reason: str, project: Project) -> None:
    text = (HEAD + USE).replace("_local =", f"{declared} =")
    project.write("app.py", text.replace("_local", "local") if declared == "local" else text)
    (plan,) = project.migration(resources=True).plans
    assert (plan.action, reason in str(plan.reason)) == ("decline", True)


def test_a_test_that_patches_it_stands_in_the_way(project: Project) -> None:
    project.write("app.py", HEAD + USE)
    project.write("test_app.py", "import app\n\ndef test_it(monkeypatch):\n    monkeypatch.setattr('app._local', object())\n")
    assert {plan.action for plan in project.migration(resources=True).plans} == {"decline"}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_nothing_moves_unless_asked_and_the_plan_says_how_to_ask(name: str, project: Project) -> None:
    project.write("app.py", HEAD + TRANSFORMED[name][0])
    plan = next(each for each in project.migration().plans if each.state.local_name == "_local")
    assert plan.action == "decline"
    assert str(plan.reason).endswith("; `--resources` puts it under a ThreadResource")


@pytest.mark.parametrize("name", TRANSFORMED)
def test_rewritten_as_a_colleague_would(name: str, migrated: Callable[..., str]) -> None:
    text, expected = TRANSFORMED[name]
    assert migrated(HEAD + text, resources=True) == expected


@pytest.mark.parametrize("name", TRANSFORMED)
def test_a_second_run_changes_nothing(name: str, migrated: Callable[..., str]) -> None:
    once = migrated(HEAD + TRANSFORMED[name][0], resources=True)
    assert migrated(once, resources=True) == once


def load(text: str) -> Any:
    module = ModuleType("app")
    exec(compile(text, "app.py", "exec"), vars(module))
    return module


def in_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)


@pytest.mark.parametrize("way", ["before", "after"])
@pytest.mark.parametrize("use", [USE, ASK, TRY], ids=["USE", "ASK", "TRY"])
def test_as_many_are_opened_before_and_after(way: str, use: str, migrated: Callable[..., str]) -> None:
    closes = CLOSE if use == USE else ""
    text = HEAD + use + closes
    app = load(text if way == "before" else migrated(text, resources=True))
    opened: list[Any] = []

    class Connection:
        closed = 0

        def close(self) -> None:
            self.closed += 1

    app.connect = lambda: opened.append(Connection()) or opened[-1]

    def work() -> None:
        assert len({id(app.use()) for _ in range(5)}) == 1
        if closes:
            app.close()
            app.close()
            app.use()

    in_thread(work)
    in_thread(work)
    assert len(opened) == (4 if closes else 2)
    assert opened[0].closed == (1 if closes else 0)
