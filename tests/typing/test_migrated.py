"""What migrate writes into a typed project is as typed as what stood there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from outfall_codemods.migrate import plan_migration
from outfall_lint.config import load_config
from outfall_lint.engine import analyse

ROOT = Path(__file__).resolve().parents[2]
TYPED = """\
from __future__ import annotations

import threading
from typing import Any, Callable

_client = None
_count = 0
_opt: str | None = None


def client() -> object:
    global _client
    if _client is None:
        _client = object()
    return _client


def bump() -> int:
    global _count
    _count += 1
    return _count


def opt() -> str:
    global _opt
    if _opt is None:
        _opt = "a"
    return _opt


_names: dict[str | None, str] = {None: "-"}
_shown: dict[type, Callable[[Any], str]] = {int: str, str: lambda text: text}
_within: dict[str, dict[str, set[int]]] = {"a": {"b": set()}}
_paths: dict[tuple[str, ...], str | int] = {("a",): 1}
_pairs: dict[str, int | None] = dict([("a", 1), ("b", None)])
_guessed = {"a": [1], "b": []}
_jobs: list[tuple[str, ...]] = [("a",)]


def put(name: str | None) -> list[int]:
    _names[name] = "a"
    _shown[type(name)] = repr
    _within["a"] = {}
    _paths["a", "b"] = "c"
    _pairs["c"] = None
    _guessed["c"] = [2]
    _jobs.append(("a", "b"))
    return _guessed["a"]


class Job:
    limit = 3
    made = None
    kind: str = "a"

    @classmethod
    def set(cls, n: int) -> int:
        cls.limit = n
        cls.kind = str(n)
        return cls.limit

    @classmethod
    def reset(cls) -> None:
        cls.made = None


class Local(threading.local):
    user: str = ""

    def load(self, user: str) -> None:
        self.user = user


here = Local()


def who() -> str:
    return here.user
"""


def strictly(path: Path) -> str:
    """What strict mypy says about a file, with the runtime's source beside it."""
    command = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-version=3.11", path.name)
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, env={"MYPYPATH": str(ROOT / "runtime")})
    return done.stdout + done.stderr


def test_strict_mypy_has_nothing_new_to_say(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text(TYPED, encoding="utf-8")
    assert strictly(path).startswith("Success")
    config = load_config(tmp_path)
    plan = plan_migration(analyse(["."], config, tmp_path), config, root=tmp_path)
    assert {each.target for each in plan.plans} == {"Lazy", "Slot", "class_slot", "StagedContextLocal", "StagedRegistry", "StagedListRegistry"}
    path.write_bytes(next(change.after for change in plan.changes if change.path == "app.py"))
    assert strictly(path).startswith("Success")


VALUES = """\
from __future__ import annotations

import threading

_request = threading.local()


def begin(user: str, trace: str | None) -> None:
    _request.user = user
    _request.trace = trace
    _request.site = None


def end() -> None:
    del _request.user


def user() -> str:
    return getattr(_request, "user", "-")


def at(site: int) -> None:
    _request.site = site
    if hasattr(_request, "site"):
        print(_request.site, _request.trace)
"""


def test_context_values_are_as_strict(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text(VALUES, encoding="utf-8")
    config = load_config(tmp_path)
    plan = plan_migration(analyse(["."], config, tmp_path), config, root=tmp_path, idiomatic=True)
    assert {each.target for each in plan.plans} == {"StagedContextValue"}
    path.write_bytes(next(change.after for change in plan.changes if change.path == "app.py"))
    assert strictly(path).startswith("Success")
