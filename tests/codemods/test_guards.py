"""Guards of finished flags fall away; everything that they do not decide stays as it was."""

from __future__ import annotations

import textwrap

import pytest
from outfall_codemods.errors import Refused
from outfall_codemods.remove.guards import simplify
from outfall_codemods.text import SourceText

HEAD = "from outfall_runtime import flags\n\n"

NOOP = {
    "another flag": "if flags.enabled('other'):\n    new()\nelse:\n    old()\n",
    "a name given at run time": "def f(name):\n    if flags.enabled(name):\n        new()\n",
    "a key with a side effect": "if flags.enabled('x', key=next_user()):\n    new()\n",
    "a method of another object": "if other.enabled('x'):\n    new()\n",
    "a parameter called flags": "def f(flags):\n    if flags.enabled('x'):\n        new()\n",
}

SIMPLIFIED = {
    "if": ("if flags.enabled('x'):\n    new()\nelse:\n    old()\n", "new()\n"),
    "if not": ("if not flags.enabled('x'):\n    old()\nelse:\n    new()\n", "new()\n"),
    "if without else": ("a()\nif not flags.enabled('x'):\n    old()\nb()\n", "a()\nb()\n"),
    "elif in the middle": (
        "if a:\n    one()\nelif flags.enabled('x'):\n    two()\nelse:\n    old()\n",
        "if a:\n    one()\nelse:\n    two()\n",
    ),
    "a first branch that never runs": (
        "# why\nif not flags.enabled('x'):\n    old()\nelif a:\n    one()\nelse:\n    two()\n",
        "# why\nif a:\n    one()\nelse:\n    two()\n",
    ),
    "and": ("if flags.enabled('x') and ready():\n    new()\n", "if ready():\n    new()\n"),
    "and, from the right, in a test": ("if ready() and flags.enabled('x'):\n    new()\n", "if ready():\n    new()\n"),
    "or drops what never runs": ("if flags.enabled('x') or ready():\n    new()\n", "new()\n"),
    "or keeps what runs before": ("if ready() or flags.enabled('x'):\n    new()\n", "if ready() or True:\n    new()\n"),
    "a value that is used": ("y = ready() and flags.enabled('x')\n", "y = ready() and True\n"),
    "precedence": ("y = (flags.enabled('x') and a or b).c\n", "y = (a or b).c\n"),
    "precedence of what replaces": ("y = (flags.enabled('x') and a == b).c\n", "y = (a == b).c\n"),
    "ternary": ("y = new() if flags.enabled('x') else old()\n", "y = new()\n"),
    "while not": ("while not flags.enabled('x'):\n    wait()\ngo()\n", "go()\n"),
    "assert": ("assert flags.enabled('x')\ngo()\n", "go()\n"),
    "comprehension": ("y = [i for i in a if flags.enabled('x') if i]\n", "y = [i for i in a if i]\n"),
    "match guard": (
        "match a:\n    case 1 if flags.enabled('x'):\n        new()\n    case _:\n        b()\n",
        "match a:\n    case 1:\n        new()\n    case _:\n        b()\n",
    ),
    "a match guard that is never true": (
        "match a:\n    # old\n    case 1 | None if not flags.enabled('x'):\n        old()\n    case _:\n        b()\n",
        "match a:\n    case _:\n        b()\n",
    ),
    "a match guard that is never true behind a pattern that binds": (
        "match a:\n    case [b] if not flags.enabled('x'):\n        old()\n    case _:\n        go(b)\n",
        "match a:\n    case [b] if False:\n        old()\n    case _:\n        go(b)\n",
    ),
    "cases behind one that takes everything now": (
        "match a:\n    case 1:\n        one()\n    case _ if flags.enabled('x'):\n        new()\n    case 2:\n        two()\n"
        "    case _:\n        old()\n",
        "match a:\n    case 1:\n        one()\n    case _:\n        new()\n",
    ),
    "a name that takes everything now": (
        "match a:\n    case (1 | b) as c if flags.enabled('x'):\n        new()\n    case b:\n        old()\n",
        "match a:\n    case (1 | b) as c:\n        new()\n",
    ),
    "the only case stays": (
        "match a:\n    case 1 if not flags.enabled('x'):\n        old()\n",
        "match a:\n    case 1 if False:\n        old()\n",
    ),
    "early return": (
        "def f():\n    if flags.enabled('x'):\n        return new()\n    y = old()\n    return y\n",
        "def f():\n    return new()\n",
    ),
    "local alias": (
        "def f():\n    on = flags.enabled('x')\n    if on:\n        return new()\n    return old()\n",
        "def f():\n    return new()\n",
    ),
    "an emptied block": ("def f():\n    if not flags.enabled('x'):\n        old()\n", "def f():\n    pass\n"),
    "comments and text dedent": (
        'def f():\n    # above\n    if flags.enabled("x"):\n        # inside\n        y = """\n  text\n"""\n    go(y)\n',
        'def f():\n    # above\n    # inside\n    y = """\n  text\n"""\n    go(y)\n',
    ),
}

DEAD = {
    "helper, its constant, its import": (
        "import legacy\n_LIMIT = 3\n\n\ndef _old():\n    return legacy.run(_LIMIT)\n\n\n"
        "def f():\n    return new() if flags.enabled('x') else _old()\n",
        "def f():\n    return new()\n",
    ),
    "an error of its own, of the module's": (
        "class Error(Exception):\n    pass\n\n\nclass _OldError(Error):\n    code = 1\n\n    def text(self):\n        return say(self)\n\n\n"
        "y = 2 if flags.enabled('x') else _OldError()\n",
        "class Error(Exception):\n    pass\n\n\ny = 2\n",
    ),
    "what was unused before stays": (
        "import unused\n\n\ndef _idle():\n    return 1\n\n\nif flags.enabled('x'):\n    new()\n",
        "import unused\n\n\ndef _idle():\n    return 1\n\n\nnew()\n",
    ),
    "a public helper stays": (
        "def old():\n    return 1\n\n\ny = 2 if flags.enabled('x') else old()\n",
        "def old():\n    return 1\n\n\ny = 2\n",
    ),
}


def simplified(text: str, elsewhere: frozenset[str] = frozenset()) -> str:
    return simplify(SourceText("app.py", HEAD + text), frozenset({"x"}), elsewhere).text


@pytest.mark.parametrize("name", NOOP)
def test_check_noop(name: str) -> None:
    assert simplified(NOOP[name]) == HEAD + NOOP[name]


@pytest.mark.parametrize("name", SIMPLIFIED)
def test_check_transformed(name: str) -> None:
    before, after = SIMPLIFIED[name]
    assert simplified(before).replace(HEAD, "").lstrip() == after


@pytest.mark.parametrize("name", DEAD)
def test_what_died_goes(name: str) -> None:
    before, after = DEAD[name]
    assert simplified(before).replace(HEAD, "").strip() == after.strip()


DOES_SOMETHING = {
    "a class whose base notices": "class Base:\n    def __init_subclass__(cls):\n        say(cls)\n\n\nclass _old(Base):\n    pass\n",
    "a class of a base from elsewhere": "from lib import Base\n\n\nclass _old(Base):\n    pass\n",
    "a class of its metaclass": "class _old(metaclass=Meta):\n    pass\n",
    "a class of the name of its base": "from lib import Base\n\n\nclass Base(Base):\n    pass\n\n\nclass _old(Base):\n    pass\n",
    "a class body that calls": "class _old:\n    say(1)\n",
    "a default that is called for": "def _old(x=say(1)):\n    return x\n",
    "a constant that shares its line": "_old = 1; say(1)\n",
}


@pytest.mark.parametrize("name", DOES_SOMETHING)
def test_what_does_something_where_it_is_made_stays(name: str) -> None:
    made = DOES_SOMETHING[name]
    assert simplified(f"{made}\n\ny = 2 if flags.enabled('x') else _old\n").replace(HEAD, "").strip() == f"{made}\n\ny = 2"


def test_an_alias_that_shares_its_line_stays() -> None:
    after = simplified("def f():\n    on = flags.enabled('x'); say(1)\n    if on:\n        new()\n")
    assert after.replace(HEAD, "").strip() == "def f():\n    on = True; say(1)\n    new()"


def test_what_a_file_begins_with_stays() -> None:
    head = "#!/usr/bin/env python\n# Copyright\n"
    text = head + "_old = 1\n# of y\n\n" + HEAD + "y = 2 if flags.enabled('x') else _old\n"
    assert simplify(SourceText("app.py", text), frozenset({"x"}), frozenset()).text == head + "# of y\n\ny = 2\n"


def test_a_helper_that_another_file_names_stays() -> None:
    before = "def _old():\n    return 1\n\n\ny = 2 if flags.enabled('x') else _old()\n"
    assert "def _old" in simplified(before, elsewhere=frozenset({"_old"}))


def test_the_import_goes_with_the_last_guard_only() -> None:
    assert "outfall_runtime" not in simplified("if flags.enabled('x'):\n    new()\n")
    assert HEAD in simplified("if flags.enabled('x'):\n    new()\nif flags.enabled('other'):\n    b()\n")


@pytest.mark.parametrize("legacy", ["yield 1", "global n\nn = 1"])
def test_refuses_to_change_what_a_function_is(legacy: str) -> None:
    body = textwrap.indent(f"if not flags.enabled('x'):\n{textwrap.indent(legacy, '    ')}\nreturn 2\n", "    ")
    with pytest.raises(Refused, match="makes `f` what it is"):
        simplified("def f():\n" + body)
