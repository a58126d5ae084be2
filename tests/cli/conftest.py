"""Projects to run commands in, and the two ways to run them: in this process and as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outfall_cli import cache
from outfall_cli.main import outfall

AMBIENT = """\
_agents = {}


def register(name, agent):
    _agents[name] = agent
"""
CONTEXT = """\
import threading

_request = threading.local()


def begin(user):
    _request.user = user


def user():
    return getattr(_request, "user", None)
"""
HANDED_OVER = """\
import context
from concurrent.futures import ThreadPoolExecutor


def greeting():
    return "hello " + context.user()


def greet():
    with ThreadPoolExecutor() as pool:
        return pool.submit(greeting).result()
"""


@dataclass(frozen=True)
class Done:
    """A finished command: its exit code and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]
Invoke = Callable[..., Result]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the project that is not outfall's own."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".outfall" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and the current folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\nname = 'app'\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("OUTFALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OUTFALL_CACHE_DIR", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def ambient(project: Path) -> Path:
    """A project with one state of each kind that can be rewritten."""
    (project / "agents.py").write_text(AMBIENT, encoding="utf-8")
    (project / "context.py").write_text(CONTEXT, encoding="utf-8")
    return project


@pytest.fixture
def handed_over(ambient: Path) -> Path:
    """The same, with work that reads the context handed to a thread."""
    (ambient / "pool.py").write_text(HANDED_OVER, encoding="utf-8")
    return ambient


@pytest.fixture
def invoke() -> Invoke:
    """Run a command line in this process."""
    return lambda *arguments, **options: CliRunner().invoke(outfall, list(arguments), prog_name="outfall", **options)


@pytest.fixture
def run(project: Path) -> Run:
    """Run a command line as a user would, in the project."""

    def typed(*arguments: str, stdin: str = "", **environment: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "outfall_cli", *arguments],
            cwd=project,
            env={**os.environ, **environment},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return typed


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for caches, empty and not made yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(cache.FOLDER, str(folder))
    return folder
