"""A probe passes wherever the scopes are right, before and after, and notices copies whose scopes are wrong."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from outfall_codemods import engine
from outfall_codemods.errors import Refused
from outfall_codemods.probe import ProbePlan, default_path, plan_probe
from outfall_lint.config import load_config
from outfall_lint.engine import analyse

if TYPE_CHECKING:
    from .conftest import Project

SHOP = """\
import collections
import threading


_agents = {}
_recent = collections.deque(maxlen=3)
_request = threading.local()
_connections = threading.local()
_client = None
DEBUG = False


def connect():
    raise OSError("there is nothing to connect to")


def register(name, agent):
    _agents[name] = agent
    _recent.append(name)


def begin(user):
    _request.user = user


def user():
    return getattr(_request, "user", None)


def connection():
    if not hasattr(_connections, "socket"):
        _connections.socket = connect()
    return _connections.socket


def client():
    global _client
    if _client is None:
        _client = connect()
    return _client


def debug(on):
    global DEBUG
    DEBUG = on


def locale_property():
    stored = threading.local()

    def read(self):
        return stored.locale

    def write(self, locale):
        stored.locale = locale

    return property(read, write)


class Pool:
    members = {}
    limit = 10

    @classmethod
    def resize(cls, limit):
        Pool.limit = limit

    def __init__(self):
        self._tenant = threading.local()

    def join(self, name):
        self.members[name] = self

    def enter(self, tenant):
        self._tenant.name = tenant

    def tenant(self):
        return getattr(self._tenant, "name", None)
"""
STATES = {
    "shop._agents", "shop._recent", "shop._request", "shop._connections", "shop._client", "shop.DEBUG",
    "shop.locale_property.stored", "shop.Pool.members", "shop.Pool._tenant", "shop.Pool.limit",
}  # fmt: skip
WRONG = Path(__file__).parent / "wrong_scopes.py"
NO_RUNTIME = "import sys\nsys.modules['outfall_runtime'] = None\n"


def probe_of(project: Project, path: str = "test_scopes.py") -> ProbePlan:
    config = load_config(project.root)
    return plan_probe(analyse(["."], config, project.root), project.migration().plans, path, project.root)


def text_of(plan: ProbePlan) -> str:
    return plan.changes[0].after.decode()


def outcomes(folder: Path, *lines: str) -> dict[str, int]:
    """How many tests of the probe passed, failed …, as pytest's last line tells; `lines` go before all imports."""
    (folder / "conftest.py").write_text("\n".join(lines))
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.", "test_scopes.py")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."})
    (folder / "conftest.py").unlink()
    return {what.removesuffix("s"): int(count) for count, what in re.findall(r"(\d+) (\w+)", done.stdout.splitlines()[-1])}


def counts(found: dict[str, int]) -> set[str]:
    return set(found) - {"in", "warning"}


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop.py", SHOP)
    engine.apply(probe_of(project), project.root, "probe")
    return project


def test_nothing_is_written_where_no_state_moves(project: Project) -> None:
    project.write("shop.py", "LIMITS = {}\n")
    assert (probe_of(project).changes, probe_of(project).subjects) == ((), ())


def test_no_file_of_anybodys_is_overwritten(project: Project) -> None:
    project.write("shop.py", SHOP)
    mine = project.write("test_scopes.py", "# mine\n")
    with pytest.raises(Refused, match=r"test_scopes\.py is there already; .*--probe=FILE"):
        probe_of(project)
    assert mine.read_text() == "# mine\n"


def test_every_state_is_covered(project: Project) -> None:
    project.write("shop.py", SHOP)
    plan = probe_of(project)
    assert ({subject.name for subject in plan.subjects}, plan.uncovered) == (STATES, ())


def test_it_says_the_same_before_and_after(shop: Project) -> None:
    before = (shop.root / "test_scopes.py").read_text()
    engine.apply(shop.migration(), shop.root, "migrate")
    assert probe_of(shop).changes == ()
    (shop.root / "test_scopes.py").unlink()
    assert text_of(probe_of(shop)) == before


def test_before_the_migration_only_what_it_will_cure_fails_as_expected(shop: Project) -> None:
    found = outcomes(shop.root, NO_RUNTIME)
    assert counts(found) == {"passed", "xfailed"}
    assert found["xfailed"] == 3 * 4 + 1  # three contexts under four laws, one value that is made twice


def test_in_every_mode_and_after_removal_all_holds(shop: Project) -> None:
    before = outcomes(shop.root, NO_RUNTIME)
    engine.apply(shop.migration(), shop.root, "migrate")
    staged = outcomes(shop.root)
    assert counts(staged) == {"passed", "xfailed"}
    assert staged["xfailed"] == 3 * 4 * 2  # in legacy and shadow
    engine.apply(shop.removal(flags=("use_registry", "use_context"), force="a test"), shop.root, "remove-legacy")
    removed = outcomes(shop.root)
    assert removed == {**removed, "passed": 4 * sum(before[what] for what in ("passed", "xfailed"))}
    assert counts(removed) == {"passed"}


def test_a_resource_is_opened_as_often_under_its_new_owner(shop: Project) -> None:
    engine.apply(shop.migration(resources=True), shop.root, "migrate")
    assert "ThreadResource(" in (shop.root / "shop.py").read_text()
    assert counts(outcomes(shop.root)) == {"passed", "xfailed"}
    before = (shop.root / "test_scopes.py").read_text()
    (shop.root / "test_scopes.py").unlink()
    assert text_of(probe_of(shop)) == before


def replaced(*pairs: tuple[str, str]) -> Callable[[str], str]:
    def change(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return f"from wrong_scopes import *\n{text}"

    return change


SHARED = "threading.local()"
COPIES = {
    "a context shared by all threads": ("_request = " + SHARED, "_request = Shared()"),
    "a resource shared by all threads": ("_connections = " + SHARED, "_connections = Shared()"),
    "a resource for each task": ("_connections = " + SHARED, "_connections = InContext()"),
    "a resource opened anew at each call": ("if not hasattr(_connections", "if True or not hasattr(_connections"),
    "a captured local shared by all threads": ("stored = " + SHARED, "stored = Shared()"),
    "an instance's local shared by all threads": ("self._tenant = " + SHARED, "self._tenant = Shared()"),
    "an instance's local shared by all instances": ("self._tenant = " + SHARED, "self._tenant = _request"),
    "a dict for each thread": ("_agents = {}", "_agents = ThreadDict()"),
    "a class's dict for each thread": ("members = {}", "members = ThreadDict()"),
    "a deque for each thread": ("_recent = collections.deque(maxlen=3)", "_recent = ThreadList()"),
    "a dict for each task": ("_agents = {}", "_agents = TaskDict()"),
    "a value made anew for each user": ("if _client is None", "if True"),
    "a global for each thread": ("\n\nclass Pool", "\n\nper_thread(__name__, 'DEBUG')\n\n\nclass Pool"),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_wrong_copy_is_noticed(name: str, shop: Project) -> None:
    shop.write("wrong_scopes.py", WRONG.read_text())
    shop.write("shop.py", replaced(COPIES[name])(SHOP))
    found = outcomes(shop.root, NO_RUNTIME)
    assert "failed" in found, found


def test_context_variables_in_the_place_of_thread_locals_are_no_fault(shop: Project) -> None:
    shop.write("wrong_scopes.py", WRONG.read_text())
    shop.write("shop.py", replaced(("_request = " + SHARED, "_request = InContext()"), ("stored = " + SHARED, "stored = InContext()"))(SHOP))
    assert counts(outcomes(shop.root, NO_RUNTIME)) == {"passed", "xfailed", "xpassed"}


UNREACHABLE = {
    "importing its module would run the program": "#!/usr/bin/env python\nimport threading\n_local = threading.local()\n"
    "def begin(user):\n    _local.user = user\nbegin('ada')\n",
    "`make`, which makes it, cannot be called without arguments": "import threading\ndef make(name):\n"
    "    local = threading.local()\n    def begin(user):\n        local.user = user\n    return begin\n",
    "`Pool` does not make it in an `__init__` without arguments": "import threading\nclass Pool:\n"
    "    def __init__(self, size):\n        self._local = threading.local()\n    def begin(self, user):\n        self._local.user = user\n",
}


@pytest.mark.parametrize("reason", UNREACHABLE)
def test_what_no_test_can_reach_is_named_with_the_reason(reason: str, project: Project) -> None:
    project.write("app.py", UNREACHABLE[reason] + "TABLE = {}\ndef put(k):\n    TABLE[k] = 1\n")
    plan = probe_of(project)
    assert [each.reason for each in plan.uncovered][:1] == [reason]


def test_a_library_that_is_not_installed_skips_a_broken_module_does_not(shop: Project) -> None:
    shop.write("shop.py", "import nowhere_to_be_found\n" + SHOP)
    assert counts(outcomes(shop.root)) == {"skipped"}
    shop.write("shop.py", "import shop.nothing\n" + SHOP)
    assert counts(outcomes(shop.root)) <= {"failed", "error"}


def test_it_is_written_where_the_tests_are(tmp_path: Path) -> None:
    assert default_path(tmp_path) == "test_state_scopes.py"
    (tmp_path / "tests").mkdir()
    assert default_path(tmp_path) == "tests/test_state_scopes.py"


@pytest.mark.parametrize("kept", ["_agents", "_request", "_client", "DEBUG", "_tenant", "_connections"])
def test_it_holds_no_helper_and_no_import_that_it_does_not_use(kept: str, project: Project) -> None:
    project.write("shop.py", SHOP)
    text = text_of(probe_of(project))
    tree = ast.parse(text, feature_version=(3, 9))
    words = re.findall(r"\w+", text)
    helpers = [node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    tested = [name for name in helpers if not name.startswith("test_")]
    assert [name for name in tested if words.count(name) < 2] == []
    assert all(len(line) <= 120 for line in text.splitlines())
