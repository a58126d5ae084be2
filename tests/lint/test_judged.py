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
OWN_SUBCLASS = "from base import Spec\n\nclass Cli(Spec):\n    pass\n\ndef main():\n    Cli.overrides = {'a': 1}\n"
AFTER_FORK = "import threading\n\n_lock = threading.Lock()\n\ndef _after_fork():\n    global _lock\n    _lock = threading.Lock()\n"
ONE_FUNCTION = "_root = None\n\ndef main(make):\n    global _root\n    _root = make()\n    _root.loop()\n"
REMEMBERED = "_last = None\n\ndef step(make):\n    global _last\n    before = _last\n    _last = make()\n    return before\n"
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
    "an example": ({"examples/include.py": REGISTRY}, []),
    "a demo": ({"turtledemo/clock.py": REGISTRY}, []),
    "production code of the same text": ({"app/include.py": REGISTRY}, ["app/include.py:1 OUT102"]),
}


@pytest.mark.parametrize("case", NOT_FROM_OUTSIDE)
def test_shown(tmp_path: Path, case: str) -> None:
    files, expected = NOT_FROM_OUTSIDE[case]
    assert shown(tmp_path, files) == expected


SWAPPED = "_table = {}\n\ndef load(new):\n    global _table\n    _table = dict(new)\n"
FILLED = "_table = {}\n\ndef load(new):\n    global _table\n    _table = {}\n    for k, v in new:\n        _table[k] = v\n"
OTHERS_FILL = "_all = set()\n\ndef add(x):\n    _all.add(x)\n\ndef reset():\n    global _all\n    _all = set()\n"
SAID = {
    "swapped whole": (SWAPPED, "OUT104", "sees the old or the new one"),
    "bound empty, then filled": (FILLED, "OUT104", "sees it half filled"),
    "bound empty, filled by others": (OTHERS_FILL, "OUT104", "is bound anew in `reset`"),
    "a module that is looked up": (
        "import sys\n\ndef convert(module, name, v):\n    sys.modules[module].__dict__[name] = v\n",
        "OUT111",
        "a module that is looked up",
    ),
    "a submodule under another name": (
        "import web.pool.connection as pool\n\ndef patch(name, v):\n    pool.__dict__[name] = v\n",
        "OUT111",
        "module `web.pool.connection`",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_said(tmp_path: Path, case: str) -> None:
    text, code, words = SAID[case]
    assert [words in f.message for f in findings(tmp_path, {"app.py": text}) if f.code == code] == [True]
