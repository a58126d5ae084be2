"""What readers of foreign code called wrong or shrugged at: each stays mended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_lint.model import Finding, Priority

BASE = "class Bar:\n    _live = set()\n\n    def __init__(self):\n        self._live.add(self)\n"
SUBCLASS = "from base import Bar\n\nclass Gui(Bar):\n    def close(self):\n        self._live.remove(self)\n"
SPEC = "class Spec:\n    overrides = None\n\n    def use(self):\n        return self.overrides\n"
OWN_SUBCLASS = "from base import Spec\n\nclass Cli(Spec):\n    pass\n\ndef start():\n    Cli.overrides = {'a': 1}\n"
AFTER_FORK = "import threading\n\n_lock = threading.Lock()\n\ndef _after_fork():\n    global _lock\n    _lock = threading.Lock()\n"
ONE_FUNCTION = "_root = None\n\ndef main(make):\n    global _root\n    _root = make()\n    _root.loop()\n"
REMEMBERED = "_last = None\n\ndef step(make):\n    global _last\n    before = _last\n    _last = make()\n    return before\n"
FOR_TESTS = "def browse(make):\n    global item\n    item = make()\n    item.open()\n"
LOOKS = "import app\n\ndef test_browse():\n    assert app.item\n"
REGISTRY = "seen = set()\n\ndef read(name):\n    seen.add(name)\n"


def findings(folder: Path, files: Mapping[str, str]) -> list[Finding]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return list(analyse([folder], Config(), folder).findings)


def shown(folder: Path, files: Mapping[str, str]) -> list[str]:
    found = findings(folder, files)
    return [f"{f.place.path}:{f.place.line} {f.code}" for f in found if f.priority > Priority.LOW]


NOT_FROM_OUTSIDE = {
    "a subclass changes what it inherits": ({"base.py": BASE, "gui.py": SUBCLASS}, ["base.py:2 OUT103"]),
    "a subclass of one's own is given an attribute": ({"base.py": SPEC, "cli.py": OWN_SUBCLASS}, ["cli.py:7 OUT103"]),
    "a lock is renewed in a forked child": ({"app.py": AFTER_FORK}, []),
    "one function binds it, then reads it": ({"app.py": ONE_FUNCTION}, []),
    "one function reads what the last call left": ({"app.py": REMEMBERED}, ["app.py:1 OUT104"]),
    "one function binds it, and tests look at it": ({"app.py": FOR_TESTS, "test_app.py": LOOKS}, []),
    "one function binds it, and another module looks at it": ({"app.py": FOR_TESTS, "other.py": LOOKS}, ["app.py:3 OUT104"]),
    "one function binds it, and nobody in sight looks at it": ({"app.py": FOR_TESTS}, ["app.py:3 OUT104"]),
    "an example": ({"examples/include.py": REGISTRY}, []),
    "a demo": ({"turtledemo/clock.py": REGISTRY}, []),
    "production code of the same text": ({"app/include.py": REGISTRY}, ["app/include.py:1 OUT102"]),
}


@pytest.mark.parametrize("case", NOT_FROM_OUTSIDE)
def test_shown(tmp_path: Path, case: str) -> None:
    files, expected = NOT_FROM_OUTSIDE[case]
    assert shown(tmp_path, files) == expected


PEOPLE_AGREE = {
    "a descriptor of the project's own": (
        "class Own:\n    def __get__(self, it, owner=None):\n        return vars(it).setdefault('own', {})\n\n"
        "class Task:\n    options = Own()\n\n    def set(self, k, v):\n        self.options[k] = v\n",
        [],
    ),
    "a property made by a call": (
        "class Task:\n    options = property(lambda self: self._o)\n\n    def set(self, k, v):\n        self.options[k] = v\n",
        [],
    ),
    "a field of a dataclass": (
        "from dataclasses import dataclass, field\n\n@dataclass\nclass Task:\n    options: dict = field(default_factory=dict)\n\n"
        "    def set(self, k, v):\n        self.options[k] = v\n",
        [],
    ),
    "a nested function's own variable, once an entry of a table": (
        "class Printer:\n    order = {'a': 1}\n\n    def visit(self, n):\n        at = self.order[n]\n"
        "        def next_one():\n            nonlocal at\n            at = at.next()\n        return next_one\n",
        [],
    ),
    "what the import protocol asks for": (
        "import sys\n\ndef load_module(name, loader):\n    module = sys.modules[name]\n    module.__loader__ = loader\n    return module\n",
        [],
    ),
    "a hook that is saved and put back": (
        "import warnings\n\n_saved = None\n\ndef capture(on):\n    global _saved\n    if on:\n        if _saved is None:\n"
        "            _saved = warnings.showwarning\n    elif _saved is not None:\n        _saved = None\n",
        ["app.py:3 OUT104"],
    ),
    "the last value, compared with": (
        "_last = None\n\ndef stamp(now):\n    global _last\n    if _last is not None and now <= _last:\n        now = _last + 1\n"
        "    _last = now.whole()\n    return now\n",
        ["app.py:1 OUT104"],
    ),
    "a default that is stored and never changed": (
        "class Error(Exception):\n    def __init__(self, details=[]):\n        self.details = details\n",
        [],
    ),
    "a name first imported, then bound": ("from limits import size\n\ndef grow(n):\n    global size\n    size = n\n", ["app.py:5 OUT104"]),
    "a module's own name given by an import in a function": ("def need():\n    global client\n    import xmlrpc.client as client\n", []),
}


@pytest.mark.parametrize("case", PEOPLE_AGREE)
def test_shown_of_one_file(tmp_path: Path, case: str) -> None:
    text, expected = PEOPLE_AGREE[case]
    assert shown(tmp_path, {"app.py": text}) == expected


LOCKED = {
    "acquired and released": "    _lock.acquire()\n    try:\n        if _it is None:\n            _it = make()\n    finally:\n        _lock.release()\n",
    "by functions of their own": "    _acquireLock()\n    try:\n        if not _it:\n            _it = make()\n    finally:\n        _releaseLock()\n",
}


@pytest.mark.parametrize("how", LOCKED)
def test_a_lock_that_is_taken_by_a_call_is_seen(tmp_path: Path, how: str) -> None:
    (found,) = findings(tmp_path, {"app.py": "_it = None\n\ndef get():\n    global _it\n" + LOCKED[how] + "    return _it\n"})
    assert (found.priority, ", under `_lock`" in found.message) == (Priority.NORMAL, True)


def test_after_a_lock_is_given_back_nothing_is_guarded(tmp_path: Path) -> None:
    text = "_it = None\n\ndef get():\n    global _it\n    _lock.acquire()\n    _lock.release()\n    if _it is None:\n        _it = make()\n    return _it\n"
    assert [f.message for f in findings(tmp_path, {"app.py": text})] == [
        "global `_it` is made on first use in `get`: two first users may both make it"
    ]


ONCE = {
    "main alone sets it": ("verbose = 0\n\ndef main(options):\n    global verbose\n    verbose = options.verbose\n\ndef say(x):\n    return verbose\n", []),
    "another function does too": (
        "verbose = 0\n\ndef main(options):\n    global verbose\n    verbose = 1\n\ndef quiet():\n    global verbose\n    verbose = 0\n",
        ["app.py:1 OUT104"],
    ),
    "filled where it is bound anew": (
        "_steps = []\n\ndef init(make):\n    global _steps\n    _steps = []\n    _steps.append(make())\n",
        ["app.py:1 OUT104"],
    ),
    "filled elsewhere as well": (
        "_steps = []\n\ndef init():\n    global _steps\n    _steps = []\n\ndef add(s):\n    _steps.append(s)\n",
        ["app.py:1 OUT102", "app.py:1 OUT104"],
    ),
    "several classes of a package patched": (
        "def patch(f):\n    from pandas import DataFrame, Series\n    DataFrame.apply = f\n    Series.apply = f\n",
        ["app.py:3 OUT106"],
    ),
    "a module's name written plainly and through its dictionary": (
        "import socks\n\ndef patch(f):\n    socks.socket = f\n    socks.__dict__['socket'] = f\n",
        ["app.py:4 OUT106"],
    ),
    "a module's names written through its dictionary alone": (
        "import socks\n\ndef patch(f):\n    socks.__dict__['socket'] = f\n",
        ["app.py:4 OUT111"],
    ),
    "a call that takes more than a decorator is given": (
        "class Exporter:\n    formats = {}\n\n    @classmethod\n    def register(cls, name, f):\n        cls.formats[name] = f\n        return f\n",
        ["app.py:2 OUT103"],
    ),
}


@pytest.mark.parametrize("case", ONCE)
def test_one_finding_for_one_reason(tmp_path: Path, case: str) -> None:
    text, expected = ONCE[case]
    assert shown(tmp_path, {"app.py": text}) == expected


MADE_ON_FIRST_USE = {
    "early return": "    if _it is not None:\n        return _it\n    _it = make()\n    return _it\n",
    "a step in between": "    if _it is None:\n        _it = ''\n        _it = make()\n    return _it\n",
    "a local for it": "    it = _it\n    if it is None:\n        it = _it = make()\n    return it\n",
    "or": "    _it = _it or make()\n    return _it\n",
    "a conditional expression": "    _it = make() if _it is None else _it\n    return _it\n",
    "an assignment expression": "    return _it or (_it := make())\n",
    "awaited": "    if not _it:\n        _it = make()\n    return _it\n",
    "a handler of something else": "    if _it is None:\n        try:\n            _it = make()\n        except OSError:\n            _it = 0\n    return _it\n",
}


@pytest.mark.parametrize("how", MADE_ON_FIRST_USE)
def test_every_spelling_of_made_on_first_use(tmp_path: Path, how: str) -> None:
    text = "_it = None\n\ndef get():\n    global _it\n" + MADE_ON_FIRST_USE[how]
    assert shown(tmp_path, {"app.py": text}) == ["app.py:1 OUT105"]


def test_a_value_made_under_a_lock_is_not_said_to_be_made_twice(tmp_path: Path) -> None:
    text = "_it = None\n\ndef get():\n    global _it\n    with _lock:\n        if _it is None:\n            _it = make()\n    return _it\n"
    assert [f.message for f in findings(tmp_path, {"app.py": text})] == ["global `_it` is made on first use in `get`, under `_lock`"]


def test_a_foreign_write_is_reported_at_both_ends(tmp_path: Path) -> None:
    files = {"app/__init__.py": "", "app/settings.py": "DEBUG = False\n"}
    files["app/cli.py"] = "from app import settings\n\ndef verbose():\n    settings.DEBUG = True\n"
    assert shown(tmp_path, files) == ["app/cli.py:4 OUT106", "app/settings.py:1 OUT106"]


def test_scripts_of_the_repository_live_for_one_run_and_packages_of_that_name_do_not(tmp_path: Path) -> None:
    script = {"tools/convert.py": REGISTRY}
    assert shown(tmp_path / "script", script) == []
    package = {"tools/__init__.py": "", **script}
    assert shown(tmp_path / "package", package) == ["tools/convert.py:1 OUT102"]


def test_an_import_under_global_binds_ones_own_name(tmp_path: Path) -> None:
    files = {"rpc/__init__.py": "", "rpc/client.py": "", "app.py": "def need():\n    global rpclib\n    import rpc.client as rpclib\n"}
    assert shown(tmp_path, files) == []


def test_two_names_of_one_object_are_one_state(tmp_path: Path) -> None:
    text = "a = b = {}\n\ndef f(k):\n    b[k] = 1\n\ndef g(k):\n    a[k] = 1\n"
    assert shown(tmp_path, {"app.py": text}) == ["app.py:1 OUT101"]


def test_two_names_of_none_are_two_states(tmp_path: Path) -> None:
    text = "a = b = None\n\ndef f(k):\n    global b\n    b = k\n"
    assert [f.state.name for f in findings(tmp_path, {"app.py": text})] == ["app.b"]


def test_what_is_the_same_each_time_it_is_made_is_less_urgent(tmp_path: Path) -> None:
    text = "import re\n\n_it = None\n\ndef get():\n    global _it\n    if _it is None:\n        _it = re.compile('a')\n    return _it\n"
    (found,) = findings(tmp_path, {"app.py": text})
    assert (found.priority, found.message) == (Priority.LOW, "global `_it` is made on first use in `get`, the same each time")


def test_a_bound_method_as_a_default_argument_is_credited_to_the_function_that_calls_it(tmp_path: Path) -> None:
    text = "_items = []\n\ndef add(x, put=_items.append):\n    put(x)\n"
    assert [f.message for f in findings(tmp_path, {"app.py": text})] == [
        "list `_items` lives as long as its module and is changed in `add`"
    ]
