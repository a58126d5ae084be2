"""A mapping keyed by threads becomes a context value where each thread touches its own entry only; else it stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Project

HEAD = "from threading import get_ident\nimport threading\n\n_users = {}\n\n\ndef login(user):\n    _users[get_ident()] = user\n\n\n"

DECLINED = {
    "others are looked up": ("def of(thread):\n    return _users.get(thread)\n", "beyond the running thread's own entry (app.py:12)"),
    "shown by an f-string": ("def f():\n    return f'{_users[get_ident()]=}'\n", "an f-string shows its name"),
    "all are listed": ("def everybody():\n    return list(_users.values())\n", "beyond the running thread's own entry"),
    "all are counted": ("def count():\n    return len(_users)\n", "beyond the running thread's own entry"),
    "the dead are cleaned away": ("def clean():\n    for one in list(_users):\n        del _users[one]\n", "beyond the running thread's own entry"),
    "handed out": ("def leak(f):\n    f(_users)\n", "beyond the running thread's own entry"),
    "replaced as a whole": ("def reset():\n    global _users\n    _users = {}\n", "its name is bound to something else"),
    "keyed by a task as well": ("import asyncio\ndef f():\n    return _users[asyncio.current_task()]\n", "beyond the running thread's own entry"),
    "keyed by a name": ("def f():\n    return _users[threading.current_thread().name]\n", "beyond the running thread's own entry"),
    "a key of another's making": (
        "def f(me=None):\n    me = me or get_ident()\n    return _users[me]\n", "beyond the running thread's own entry",
    ),
    "a key that another thread may use": (
        "def f():\n    me = get_ident()\n    return lambda: _users[me]\n", "beyond the running thread's own entry",
    ),
    "absence told by an error": ("def f():\n    try:\n        return _users[get_ident()]\n    except KeyError:\n        return None\n", "may take a KeyError"),
    "made where absent": ("def f(user):\n    return _users.setdefault(get_ident(), user)\n", "its `setdefault` has no form"),
    "taken out and used": ("def f():\n    return _users.pop(get_ident(), None)\n", "its `pop` has no form"),
    "an entry of an entry": ("def f(k, v):\n    _users[get_ident()][k] = v\n", "changed in place"),
    "an entry that grows": ("def f(k):\n    _users[get_ident()].append(k)\n", "an entry is changed in place at app.py:12"),
    "reached as text": ("def f(n):\n    return globals()[n]\n", "calls `globals`"),
}  # fmt: skip

DECLARED = 'from outfall_runtime import StagedContextValue\n\n_users = StagedContextValue("app._users")\n\n\ndef login(user):\n    _users.set(user)\n\n\n'
TRANSFORMED = {
    "asked for": (
        "def user():\n    return _users.get(threading.get_ident())\ndef shout():\n    print(_users[get_ident()].upper(), _users.get(get_ident(), '-'))\n",
        "def user():\n    return _users.get(None)\ndef shout():\n    print(_users.get().upper(), _users.get('-'))\n",
    ),
    "tested and taken out": (
        "def out():\n    if get_ident() in _users:\n        del _users[get_ident()]\n    if get_ident() not in _users:\n        return\n"
        "    _users.pop(get_ident())\n",
        "def out():\n    if _users.is_set():\n        _users.unset()\n    if not _users.is_set():\n        return\n    _users.unset()\n",
    ),
    "taken out if there": (
        "def out():\n    _users.pop(threading.current_thread().ident, None)\n",
        "def out():\n    if _users.is_set():\n        _users.unset()\n",
    ),
    "by a variable that goes": (
        "def swap(user):\n    me = get_ident()\n    before = _users.get(me)\n    _users[me] = user, before  # both\n",
        "def swap(user):\n    before = _users.get(None)\n    _users.set((user, before))  # both\n",
    ),
    "by a variable that stays": (
        "def swap():\n    me = get_ident()\n    print(me, _users.get(me))\n", "def swap():\n    me = get_ident()\n    print(me, _users.get(None))\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DECLINED)
def test_left_alone_with_the_place_that_is_in_the_way(name: str, project: Project) -> None:
    text, reason = DECLINED[name]
    project.write("app.py", HEAD + text)
    plan = next(each for each in project.migration().plans if "OUT203" in each.codes)
    assert (plan.action, reason in str(plan.reason)) == ("decline", True), plan.reason


MORE = {
    "public": (HEAD.replace("_users", "users"), "it is public: code outside the project may look at its entries"),
    "filled": (HEAD.replace("= {}", "= {0: 'root'}"), "it does not begin empty"),
    "on a class": ("import threading\nclass C:\n    _m = {}\n    def f(self, user):\n        self._m[threading.get_ident()] = user\n", "it is declared at class level"),
    "a resource": (HEAD.replace("= user", "= user.connect()").replace("login(user)", "login()"), "stays per thread: `_users` keeps what `user.connect` makes"),
    "of no telling": (HEAD.replace("_users", "_data").replace("= user", "= 1"), '[tool.outfall.states] "app._data" = "context"'),
    "of a type that does not tell": (HEAD.replace("_users =", "_users: dict ="), "its type does not tell"),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_what_is_no_plain_context_stays(name: str, project: Project) -> None:
    text, reason = MORE[name]
    project.write("app.py", text)
    plan = next(each for each in project.migration().plans if "OUT203" in each.codes)
    assert (plan.action, reason in str(plan.reason)) == ("decline", True), plan.reason


@pytest.mark.parametrize("name", TRANSFORMED)
def test_rewritten_as_a_colleague_would(name: str, migrated: Callable[..., str]) -> None:
    text, after = TRANSFORMED[name]
    head = HEAD if "threading." in text else HEAD.replace("import threading\n", "")
    kept = "from threading import get_ident\n\n" if "get_ident" in after else ""
    assert migrated(head + text) == kept + DECLARED + after


@pytest.mark.parametrize("name", TRANSFORMED)
def test_a_second_run_changes_nothing(name: str, migrated: Callable[..., str]) -> None:
    once = migrated(HEAD + TRANSFORMED[name][0])
    assert migrated(once) == once


def test_the_configuration_answers(project: Project) -> None:
    project.write("app.py", HEAD.replace("= user", "= 1"))
    project.write("pyproject.toml", '[tool.outfall.states]\n"app._users" = "context"\n')
    (plan,) = project.migration().plans
    assert (plan.target, plan.state.kind.value, plan.evidence[0]) == ("StagedContextValue", "context", "the configuration says so")


def test_its_type_goes_along_and_removal_takes_it_too(project: Project) -> None:
    project.write("app.py", HEAD.replace("_users =", "_users: dict[int, str] ="))
    for change in project.migration().changes:
        project.write(change.path, change.after)
    assert '_users: StagedContextValue[str] = StagedContextValue("app._users")\n' in project.bytes()["app.py"].decode()
    removal = project.removal(flags=("use_context",), force="a test")
    after = next(change.after.decode() for change in removal.changes if change.path == "app.py")
    assert '_users: ContextValue[str] = ContextValue("app._users")\n' in after
    assert "Staged" not in after


def test_each_thread_finds_its_own_and_no_later_thread_does(migrated: Callable[..., str]) -> None:
    text = migrated(HEAD + TRANSFORMED["asked for"][0], direct=True)
    app: Any = ModuleType("app")
    exec(compile(text, "app.py", "exec"), vars(app))
    seen: list[object] = []

    def work(user: str) -> None:
        seen.append(app.user())
        app.login(user)
        seen.append(app.user())

    for user in ("ann", "ben"):
        thread = threading.Thread(target=work, args=(user,))
        thread.start()
        thread.join(60)
    assert (seen, app.user()) == ([None, "ann", None, "ben"], None)
