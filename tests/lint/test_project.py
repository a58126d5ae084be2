"""States and their accesses across modules, whatever name they were imported under."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_lint.model import Operation

STATE = "STATE = {}\n"
WAYS = [
    {"other.py": "import app.state\ndef f():\n    app.state.STATE[1] = 1\n"},
    {"other.py": "import app.state as s\ndef f():\n    s.STATE[1] = 1\n"},
    {"other.py": "from app import state\ndef f():\n    state.STATE[1] = 1\n"},
    {"other.py": "from app.state import STATE as S\ndef f():\n    S[1] = 1\n"},
    {"other.py": "def f():\n    from app.state import STATE\n    STATE[1] = 1\n"},
    {"other.py": "from app.state import *\ndef f():\n    STATE[1] = 1\n"},
    {"app/other.py": "from .state import STATE\ndef f():\n    STATE[1] = 1\n"},
    {"app/sub/__init__.py": "", "app/sub/deep.py": "from ..state import STATE\ndef f():\n    STATE[1] = 1\n"},
    {"app/public.py": "from .state import STATE\n", "other.py": "from app.public import STATE\ndef f():\n    STATE[1] = 1\n"},
    {"app/__init__.py": "from .state import STATE\n", "other.py": "import app\ndef f():\n    app.STATE[1] = 1\n"},
]


@pytest.mark.parametrize("prefix", ["", "src/"])
@pytest.mark.parametrize("namespace", [False, True])
@pytest.mark.parametrize("files", WAYS)
def test_a_write_from_elsewhere_reaches_the_declared_state(project, files: dict[str, str], namespace: bool, prefix: str) -> None:
    every = {"app/__init__.py": "", "app/state.py": STATE} | files
    every = {path: text for path, text in every.items() if text or not namespace}  # without empty `__init__.py`s
    analysis = project({prefix + path: text for path, text in every.items()})
    (state,) = analysis.states
    assert state.name == "app.state.STATE"
    assert [a.operation for a in state.accesses if a.operation.changes] == [Operation.MUTATE]
    assert sorted(f.code for f in analysis.findings) == ["OUT101", "OUT106"]


@pytest.mark.parametrize(("folder", "name"), [("src/zope", "zope.tool.state.STATE"), ("backend", "tool.state.STATE")])
def test_a_package_within_a_namespace_is_named_as_it_is_imported(project, folder: str, name: str) -> None:
    written = {f"{folder}/tool/__init__.py": "", f"{folder}/tool/state.py": STATE + "def f():\n    STATE[1] = 1\n"}
    (state,) = project(written | {"other.py": "from tool.state import STATE\ndef g():\n    STATE[2] = 2\n"}).states
    assert (state.name, len(state.accesses)) == (name, 2)


OF_ITS_OWN = "class Header:\n    def {method}(self, values):\n        values[self] = 1\n\nfor name in ('ETAG',):\n    globals()[name] = Header()\n"


@pytest.mark.parametrize(("method", "codes"), [("update", []), ("put", ["OUT106"])])
@pytest.mark.parametrize("imported", ["from app.headers import ETAG\n\ndef f(r):\n    ETAG", "from app import headers\n\ndef f(r):\n    headers.ETAG"])
def test_an_undeclared_name_may_be_an_object_with_that_method(project, method: str, codes: list[str], imported: str) -> None:
    analysis = project({"app/__init__.py": "", "app/headers.py": OF_ITS_OWN.format(method=method), "app/files.py": f"{imported}.update(r)\n"})
    assert [f.code for f in analysis.findings if f.place.path == "app/files.py"] == codes


PLAIN = "MODE = 'quiet'\n"
BINDING = [
    "import app.state\ndef f():\n    app.state.MODE = 1\n",
    "from app import state as s\ndef f():\n    s.MODE = 1\n",
    "def f():\n    import app.state as s\n    s.MODE += 'x'\n",
    "from app import state\ndef f():\n    setattr(state, 'MODE', 1)\n",
    "from app import state\ndef f():\n    del state.MODE\n",
    "from app import state\ndef f(x):\n    state.MODE, x.y = x\n",
    "from app import state\ndef f(xs):\n    for state.MODE in xs: pass\n",
    "from app import state\ndef f(p):\n    with open(p) as state.MODE: pass\n",
]


@pytest.mark.parametrize("text", BINDING)
def test_a_global_that_another_module_binds_is_reported_at_both_ends(project, text: str) -> None:
    analysis = project({"app/__init__.py": "", "app/state.py": PLAIN, "other.py": text})
    line = next(n for n, line in enumerate(text.splitlines(), 1) if "MODE" in line)
    assert [(f.code, f.place.path, f.place.line) for f in analysis.findings] == [
        ("OUT106", "app/state.py", 1), ("OUT106", "other.py", line),
    ]


GIVEN = "from app.ab import Registry\n\ndef f(v):\n    Registry.current = v\n"
OWN = "\n    @classmethod\n    def begin(cls, v):\n        cls.current = v\n"


@pytest.mark.parametrize(("own", "states"), [("    pass\n", []), (OWN, ["app.ab.Registry.current"])])
@pytest.mark.parametrize("giver", ["app/a.py", "app/__init__.py", "other.py"])
def test_an_attribute_that_no_body_declares_is_of_the_module_of_its_class(project, giver: str, own: str, states: list[str]) -> None:
    found = project({"app/__init__.py": "", "app/ab.py": f"class Registry:\n{own}", giver: GIVEN}).states
    assert [(state.name, state.module, state.place.path) for state in found] == [(name, "app.ab", "app/ab.py") for name in states]


def test_a_cycle_of_re_exports_ends(project) -> None:
    analysis = project({"a.py": "from b import X\nX[1] = 1\n", "b.py": "from a import X\n"})
    assert analysis.problems == ()
    assert analysis.states == ()


def test_facts_can_be_sent_between_processes(project) -> None:
    analysis = project({"app.py": STATE + "def f():\n    STATE[1] = 1\n"})
    assert pickle.loads(pickle.dumps(analysis.modules)) == analysis.modules


def test_many_processes_find_what_one_finds(tmp_path: Path) -> None:
    for n in range(210):
        (tmp_path / f"m{n}.py").write_text("S = {}\ndef f():\n    S[1] = 1\n")
    one = analyse(["."], Config(), tmp_path, jobs=1)
    two = analyse(["."], Config(), tmp_path, jobs=2)
    assert len(one.findings) == 210
    assert one.findings == two.findings


IMPORTED_EITHER_WAY = {
    "first": "try:\n    from threading import local\nexcept ImportError:\n    from dummies import local\n",
    "last": "try:\n    from eventlet.corolocal import local\nexcept ImportError:\n    from threading import local\n",
    "written in Python": "try:\n    from greens import local\nexcept ImportError:\n    from _threading_local import local\n",
}


@pytest.mark.parametrize("name", IMPORTED_EITHER_WAY)
def test_what_may_be_a_thread_local_is_taken_for_one(project, name: str) -> None:
    found = project(IMPORTED_EITHER_WAY[name] + "_state = local()\n\ndef begin(user):\n    _state.user = user\n").findings
    assert [(f.code, f.place.line) for f in found] == [("OUT201", 5)]


def test_a_base_that_one_branch_binds_and_another_imports(project) -> None:
    utils = "import sys\nif sys.platform == 'gae':\n    localbase = object\nelse:\n    from threading import local as localbase\n"
    files = {"utils.py": utils, "core.py": "from utils import localbase\n\nclass Local(localbase):\n    user = None\n"}
    assert [(f.code, f.place.path) for f in project(files).findings] == [("OUT202", "core.py")]


def test_a_name_with_a_slot_behind_it_may_be_written_from_anywhere(project) -> None:
    declared = "from outfall_runtime import Slot, module_property\n\n_debug = Slot('app.settings.DEBUG', False)\n"
    writer = "from app import settings\n\ndef verbose():\n    settings.DEBUG = True\n    settings.LEVEL = 1\n"
    behind = "module_property(__name__, 'DEBUG', _debug)\n"
    for told in ("", "DEBUG: bool\n"):
        found = project({"app/__init__.py": "", "app/settings.py": declared + told + behind, "app/cli.py": writer}).findings
        assert [finding.state.name for finding in found] == ["app.settings.LEVEL"]
