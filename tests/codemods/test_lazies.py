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
    "of a name bound in the function": LAZY.replace("global _client\n", "global _client\n    import db as connect\n"),
}


def test_what_is_plainly_made_on_first_use_is_made_once(migrated: Callable[[str], str]) -> None:
    assert migrated(LAZY) == MADE_ONCE
    assert migrated(MADE_ONCE) == MADE_ONCE


def test_a_function_that_only_makes_the_value_still_does(migrated: Callable[[str], str]) -> None:
    after = migrated(LAZY.replace("    return _client\n", ""))
    assert after == MADE_ONCE.replace("return _client.get()", "_client.get()")


@pytest.mark.parametrize("name", KEPT_AS_A_SLOT)
def test_anything_else_that_is_made_on_first_use_is_a_slot(name: str, project: Project) -> None:
    project.write("app.py", KEPT_AS_A_SLOT[name])
    assert {plan.target for plan in project.migration().plans if plan.rewrites} == {"Slot"}
