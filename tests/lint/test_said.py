"""What findings say of a state: true to the letter, as readers of foreign code held it to be or not."""

from __future__ import annotations

import pytest

from .conftest import Analyse

SWAPPED = "_table = {}\n\ndef load(new):\n    global _table\n    _table = dict(new)\n"
FILLED = "_table = {}\n\ndef load(new):\n    global _table\n    _table = {}\n    for k, v in new:\n        _table[k] = v\n"
OTHERS_FILL = "_all = set()\n\ndef add(x):\n    _all.add(x)\n\ndef reset():\n    global _all\n    _all = set()\n"
MADE = "_t = None\n\ndef get(k):\n    global _t\n    if _t is None:\n"
HALF = "in `get` and then filled: a second user finds it half filled"
LOCAL = "import sqlite3\nimport threading\n\n_l = threading.local()\n\ndef f():\n"
SAID = {
    "swapped whole": (SWAPPED, "OUT104", "sees the old or the new one"),
    "bound empty, then filled": (FILLED, "OUT104", "sees it half filled"),
    "bound empty, filled by others": (OTHERS_FILL, "OUT104", "is bound anew in `reset`"),
    "a module that is looked up": (
        "import sys\n\ndef convert(module, name, v):\n    sys.modules[module].__dict__[name] = v\n",
        "OUT111",
        "a module that is looked up",
    ),
    "imported on first use": (
        "base = None\n\ndef get():\n    global base\n    if base is None:\n        from web.site import base\n    return base\n",
        "OUT105",
        "is imported on first use in `get`, the same each time",
    ),
    "the same, under another name": (
        "base = None\n\ndef get():\n    global base\n    if base is None:\n        import web\n        base = web\n    return base\n",
        "OUT105",
        "is imported on first use in `get`, the same each time",
    ),
    "imported by its name as text": (
        "def need():\n    global imp\n    imp = importlib.import_module('imp')\n\nimport importlib\n",
        "OUT104",
        "is imported in `need`, the same each time",
    ),
    "imported by a name that is given": (
        "def need(name):\n    global imp\n    imp = importlib.import_module(name)\n\nimport importlib\n",
        "OUT104",
        "is bound anew in `need`",
    ),
    "bound, then filled below one test": (MADE + "        _t = [0] * 9\n        for k in range(9):\n            _t[k] = k\n", "OUT105", HALF),
    "made, then filled below another test": (MADE + "        _t = {}\n    if k not in _t:\n        _t[k] = 1\n", "OUT105", "both make it"),
    "made, then filled whether or not": (MADE + "        _t = {}\n    _t[k] = 1\n", "OUT105", "both make it"),
    "bound, then filled, under a lock": (
        MADE.replace("    if", "    with _lock:\n     if") + "        _t = {}\n        _t[k] = 1\n",
        "OUT105",
        ", under `_lock`",
    ),
    "a resource of each thread": (LOCAL + "    _l.db = sqlite3.connect('a')\n", "OUT201", "no other thread can close"),
    "a guard of each thread": (LOCAL + "    _l.inside = True\n", "OUT201", "guards each thread"),
    "a list of each thread": (LOCAL + "    _l.records = []\n\ndef g(r):\n    _l.records.append(r)\n", "OUT201", "a value for each thread"),
    "a dict of each thread that is called a context": (
        LOCAL + "    try:\n        return _l.context\n    except AttributeError:\n        _l.context = {}\n",
        "OUT201",
        "cannot be told",
    ),
    "a patch over several classes": (
        "def patch(f):\n    from web.core import Frame, Row\n    Frame.draw = f\n    Frame.show = f\n    Row.draw = f\n",
        "OUT106",
        "`draw` of class `web.core.Frame` and 2 more of classes of `web` are changed",
    ),
    "a patch of a module that is spelled as a class is": (
        "def patch(f):\n    from PyQt6 import QtCore\n    QtCore.Signal = f\n",
        "OUT106",
        "`Signal` of `PyQt6.QtCore` is changed",
    ),
    "a patch of one class": (
        "def patch(f):\n    from web.core import Frame\n    Frame.draw = f\n    Frame.show = f\n",
        "OUT106",
        "`draw` and 1 more of class `web.core.Frame` are changed",
    ),
    "a submodule under another name": (
        "import web.pool.connection as pool\n\ndef patch(name, v):\n    pool.__dict__[name] = v\n",
        "OUT111",
        "module `web.pool.connection`",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_said(project: Analyse, case: str) -> None:
    text, code, words = SAID[case]
    assert [words in f.message for f in project(text).findings if f.code == code] == [True]
