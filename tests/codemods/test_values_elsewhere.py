"""`--idiomatic`: what other modules do with a private thread-local is part of the same plan, or it stays one namespace."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"
STATE = "import threading\n\n_request = threading.local()\n\n\ndef begin(user):\n    _request.user = user\n"
NAMED = "from app.state import _request\n\n\n"
MODULE = "from app import state\n\n\n"
GET = "def get():\n    return _request.user\n"

NAMESPACE = {
    "used as a whole": (NAMED + "def get():\n    return _request.user, bool(_request)\n", "it is used as a whole (app/views.py:5)"),
    "let go": (MODULE + "def get(f):\n    f(state._request.user, key=state._request.user)\n    setattr(state._request, f, 1)\n", "it is used as a whole"),
    "bound with others": (NAMED + "def put(x):\n    a, _request.user = x\n", "is bound together with others, or changed in place (app/views.py:5)"),
    "under another name": ("from app.state import _request as r\n\ndef get():\n    return r.user\n", "out of sight at app/views.py:1"),
    "imported and not used": ("from app.state import _request\n", "out of sight at app/views.py:1"),
    "imported in a function": ("def get():\n    from app.state import _request\n    return _request.user\n", "out of sight at app/views.py:2"),
    "imported twice": (NAMED + GET + "def put():\n    from app.state import _request\n    _request.user = 1\n", "out of sight at app/views.py:1"),
    "said in a text": (NAMED + GET + "NAME = '_request'\n", "out of sight"),
    "said in a comment": (NAMED + GET + "# of _request\n", "out of sight"),
    "a parameter of that name": (NAMED + GET + "def other(_request):\n    return _request.user\n", "out of sight"),
    "an attribute of another": (NAMED + GET + "def other(self):\n    return self._request.user\n", "out of sight at app/views.py:7"),
    "by a module that is a parameter's name too": (MODULE + "def get(state=state):\n    return state._request.user\n", "out of sight at app/views.py:5"),
    "by a module imported in a function": ("def get():\n    from app import state\n    return state._request.user\n", "out of sight at app/views.py:3"),
    "absence told by an error": (
        NAMED + "def get():\n    try:\n        return _request.user\n    except AttributeError:\n        return None\n",
        "may take an AttributeError for the absence of a value (app/views.py:6)",
    ),
    "the new name taken": (NAMED + GET + "_request_user = 1\n", "`_request_user` means something else there (app/views.py:1)"),
    "letters of another alphabet": (NAMED + GET + "# \u00fc\n", "out of sight"),
    "by a computed name": ("import importlib\nM = 'state'\ndef get():\n    return importlib.import_module('app.' + M)._request.user\n", "out of sight"),
}  # fmt: skip


def write(project: Project, **files: str) -> None:
    for name, text in {"__init__": "", **files}.items():
        project.write(f"app/{name}.py", text)


@pytest.mark.parametrize("name", NAMESPACE)
def test_stays_one_namespace_where_a_use_elsewhere_is_not_understood(name: str, project: Project) -> None:
    text, reason = NAMESPACE[name]
    write(project, state=STATE, views=text)
    migration = project.migration(idiomatic=True)
    (plan,) = (each for each in migration.plans if "OUT201" in each.codes)
    assert (plan.target, plan.paths) == ("StagedContextLocal", {"app/state.py"})
    assert plan.evidence[-1].startswith("stays one namespace: ") and reason in plan.evidence[-1]


def test_what_a_third_module_gets_from_a_second_stays_one_namespace(project: Project) -> None:
    write(project, state=STATE, views=NAMED + GET, mid="from app.views import _request\n\ndef put():\n    _request.user = 1\n")
    (plan,) = (each for each in project.migration(idiomatic=True).plans if "OUT201" in each.codes)
    assert (plan.target, "out of sight at app/mid.py:1" in plan.evidence[-1]) == ("StagedContextLocal", True)


def test_another_type_than_its_module_tells_stays_one_namespace(project: Project) -> None:
    typed = STATE.replace("begin(user)", "begin(user: str) -> None")
    write(project, state=typed, views=NAMED + "def put(user: int) -> None:\n    _request.user = user\n")
    (plan,) = (each for each in project.migration(idiomatic=True).plans if "OUT201" in each.codes)
    assert (plan.target, "no one type of `user` is told (app/views.py:5)" in plan.evidence[-1]) == ("StagedContextLocal", True)


MADE = "def begin(user):\n    _request_user.set(user)\n"
TRANSFORMED = {
    "by its name": (
        NAMED + "def put(user):\n    _request.user = user\n    return getattr(_request, 'user', '-')\n",
        "from app.state import _request_user\n\n\ndef put(user):\n    _request_user.set(user)\n    return _request_user.get('-')\n",
    ),
    "by a relative import, among others": (
        "from .state import (\n    _request,  # of now\n    begin,\n)\n\n\ndef get():\n    begin(1)\n    return _request.user.name\n",
        "from .state import (\n    _request_user,  # of now\n    begin,\n)\n\n\ndef get():\n    begin(1)\n    return _request_user.get().name\n",
    ),
    "by its module": (
        MODULE + "def put():\n    state._request.user = 1\n    del state._request.user\n    print(f'{state._request.user}')\n",
        MODULE + "def put():\n    state._request_user.set(1)\n    state._request_user.unset()\n    print(f'{state._request_user.get()}')\n",
    ),
    "by its module's full name": (
        "import app.state\n\n\ndef get():\n    return hasattr(app.state._request, 'user')\n",
        "import app.state\n\n\ndef get():\n    return app.state._request_user.is_set()\n",
    ),
    "by its module under another name": (
        "import app.state as here\n\n\ndef get():\n    return here._request.user\n",
        "import app.state as here\n\n\ndef get():\n    return here._request_user.get()\n",
    ),
    "by its module, from the package": (
        "from . import state\n\n\ndef get():\n    return state._request.user\n",
        "from . import state\n\n\ndef get():\n    return state._request_user.get()\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMED)
def test_uses_elsewhere_are_part_of_the_plan(name: str, project: Project) -> None:
    before, after = TRANSFORMED[name]
    write(project, state=STATE, views=before)
    changes = {change.path: change.after.decode() for change in project.migration(idiomatic=True).changes}
    assert changes["app/views.py"] == after
    assert changes["app/state.py"].endswith('_request_user = StagedContextValue("app.state._request_user")\n\n\n' + MADE)
    for path, text in changes.items():
        project.write(path, text)
    assert project.migration(idiomatic=True).changes == ()


KEYED = "from threading import get_ident\n\n_users = {}\n\n\ndef login(user):\n    _users[get_ident()] = user\n"
KEYED_ELSEWHERE = {
    "all are counted": ("from app.state import _users\n\ndef count():\n    return len(_users)\n", "beyond the running thread's own entry (app/views.py:4)"),
    "another's is looked up": ("from app import state\n\ndef of(thread):\n    return state._users.get(thread)\n", "beyond the running thread's own entry (app/views.py:4)"),
    "absence told by an error": (
        "from threading import get_ident\nfrom app.state import _users\n\ndef user():\n    try:\n        return _users[get_ident()]\n"
        "    except KeyError:\n        return None\n",
        "may take a KeyError for the absence of an entry (app/views.py:6)",
    ),
    "said in a text": ("from app import state\nNAME = '_users'\n", "out of sight in app/views.py"),
}  # fmt: skip


@pytest.mark.parametrize("name", KEYED_ELSEWHERE)
def test_a_mapping_keyed_by_threads_stays_where_a_use_elsewhere_is_of_another_kind(name: str, project: Project) -> None:
    text, reason = KEYED_ELSEWHERE[name]
    write(project, state=KEYED, views=text)
    (plan,) = project.migration().plans
    assert (plan.action, reason in str(plan.reason)) == ("decline", True), plan.reason


def test_own_entries_elsewhere_are_part_of_the_plan(project: Project) -> None:
    views = (
        "from threading import get_ident\nfrom app import state\nfrom app.state import _users\n\n\ndef out():\n    if get_ident() in _users:\n"
        "        del state._users[get_ident()]\n\n\ndef user():\n    me = get_ident()\n    return state._users.get(me, '-')\n"
    )
    write(project, state=KEYED, views=views)
    changes = {change.path: change.after.decode() for change in project.migration().changes}
    assert changes["app/views.py"] == (
        "from app import state\nfrom app.state import _users\n\n\ndef out():\n    if _users.is_set():\n"
        "        state._users.unset()\n\n\ndef user():\n    return state._users.get('-')\n"
    )
    assert '_users = StagedContextValue("app.state._users")\n' in changes["app/state.py"]


ASKED = """\
import asyncio, threading
from app import mid, state, views

def told(user):
    seen = [views.get(), mid.get()]
    state.begin(user)
    seen += [views.get(), mid.get()]
    views.end()
    return [*seen, views.get(), mid.get()]

def in_thread(user):
    found = []
    thread = threading.Thread(target=lambda: found.append(told(user)))
    thread.start()
    thread.join()
    return found

async def tasks():
    return [await asyncio.to_thread(told, n) for n in range(2)]

print(told("a"), in_thread("b"), in_thread("c"), asyncio.run(tasks()))
"""


@pytest.mark.parametrize("mode", ["legacy", "new"])
def test_both_ways_say_the_same_across_modules(mode: str, project: Project) -> None:
    views = NAMED + "def get():\n    return getattr(_request, 'user', None)\n\ndef end():\n    del _request.user\n"
    mid = "from . import state\n\ndef get():\n    return state._request.user if hasattr(state._request, 'user') else None\n"
    write(project, state=STATE, views=views, mid=mid)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(project.root), str(RUNTIME))), "OUTFALL_FLAGS": f"use_context={mode}"}
    run = partial(subprocess.run, [sys.executable, "-c", ASKED], env=environment, cwd=project.root, capture_output=True, text=True, check=True)
    before = run().stdout
    for change in project.migration(idiomatic=True).changes:
        project.write(change.path, change.after)
    assert "StagedContextValue" in project.bytes()["app/state.py"].decode()
    assert run().stdout == before
