"""A global that one function makes on first use becomes a `Lazy`; anything less plain stays a slot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

LAZY = """\
from db import connect

_client = None

def client():
    global _client
    if _client is None:
        _client = connect("x")
    return _client
"""
MADE_ONCE = """\
from db import connect
from outfall_runtime import Lazy

_client = Lazy("app._client", lambda: connect("x"))

def client():
    return _client.get()
"""
KEPT_AS_A_SLOT = {
    "of an argument": LAZY.replace("client():", "client(url):").replace('"x"', "url"),
    "reset elsewhere": LAZY + "\ndef close():\n    global _client\n    _client = None\n",
    "looked at elsewhere": LAZY + "\ndef state():\n    return _client\n",
    "made of itself": LAZY.replace('connect("x")', 'connect(_client)'),
    "in an inner function": LAZY.replace("def client", "def outer(connect):\n  def client").replace("\n    ", "\n      "),
    "awaited": LAZY.replace("def client", "async def client").replace("connect(", "await connect("),
    "tested for truth": LAZY.replace("if _client is None", "if not _client"),
    "with a comment that would be lost": LAZY.replace(' is None:', " is None:  # first"),
    "of a name that its class mangles": (
        "from db import connect as _Api__connect\n\n_client = None\n\nclass Api:\n    def client(self):\n        global _client\n"
        "        if _client is None:\n            _client = __connect('x')\n        return _client\n"
    ),
    "looked for until it is there": LAZY.replace('connect("x")', 'connect.get("x")'),
    "found by a function that may give None": LAZY.replace(
        "from db import connect\n", "from db import there\n\ndef connect(x):\n    if there:\n        return there[x]\n    return None\n"
    ),
    "one of two, of which one is None": LAZY.replace('connect("x")', 'connect("x") if connect else None'),
    "of a name bound in the function": LAZY.replace("global _client\n", "global _client\n    import db as connect\n"),
}


def test_what_is_plainly_made_on_first_use_is_made_once(migrated: Callable[[str], str]) -> None:
    assert migrated(LAZY) == MADE_ONCE
    assert migrated(MADE_ONCE) == MADE_ONCE


def test_a_function_that_only_makes_the_value_still_does(migrated: Callable[[str], str]) -> None:
    after = migrated(LAZY.replace("    return _client\n", ""))
    assert after == MADE_ONCE.replace("return _client.get()", "_client.get()")


KEEPS_ITS_PLACE = {
    "below a try": "    try:\n        return {0}\n    except ValueError:\n        return 0\n",
    "below a block that may swallow errors": "    with quiet():\n        return {0}\n",
    "in a loop that may not run": "    for job in jobs:\n        {0}.run(job)\n",
    "for the elements of a comprehension": "    return [{0} for job in jobs]\n",
    "on one side of a choice": "    return ready and {0}\n",
    "in a function made there": "    return lambda: {0}\n",
    "after another call": "    return log(), {0}\n",
    "as the second argument": "    return log(jobs(), {0})\n",
    "only in a branch": "    if ready:\n        return {0}\n",
}
NOT_NEEDED = ("return {0}", "return {0}.run(jobs())", "return wrap({0}, jobs())", "conn = {0}.get(1)[2]", "return {0} or jobs()", "if {0}.up(): jobs()")


@pytest.mark.parametrize("name", KEEPS_ITS_PLACE)
def test_the_value_is_made_where_it_was(name: str, migrated: Callable[[str], str]) -> None:
    used = KEEPS_ITS_PLACE[name]
    after = migrated(LAZY.replace("    return _client\n", used.format("_client")))
    assert after == MADE_ONCE.replace("    return _client.get()\n", "    _client.get()\n" + used.format("_client.get()"))


@pytest.mark.parametrize("used", NOT_NEEDED)
def test_what_asks_for_the_value_before_all_else_makes_it(used: str, migrated: Callable[[str], str]) -> None:
    after = migrated(LAZY.replace("return _client\n", used.format("_client") + "\n"))
    assert after == MADE_ONCE.replace("return _client.get()", used.format("_client.get()"))


@pytest.mark.parametrize("name", KEPT_AS_A_SLOT)
def test_anything_else_that_is_made_on_first_use_is_a_slot(name: str, project: Project) -> None:
    project.write("app.py", KEPT_AS_A_SLOT[name])
    assert {plan.target for plan in project.migration().plans if plan.rewrites} == {"Slot"}
