"""What `outfall doctor` examines: one function each, from nothing to a verdict."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from outfall_cli import handover
from outfall_cli.failures import Failure, foreseen
from outfall_cli.project import Project, load_project

TOOLS = ("outfall", "libcst", "flake8", "click", "jinja2", "tomlkit")


@dataclass(frozen=True)
class Verdict:
    """One examined thing: `ok`, a `note`, or `wrong` with what to do."""

    level: Literal["ok", "note", "wrong"]
    subject: str
    found: str
    remedy: str = ""


def python() -> Verdict:
    """The syntax that the tools can read is that of the Python they run on."""
    found = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return Verdict("ok", "python", f"{found}: reads the syntax of this version and older ones")


def tools() -> Verdict:
    """The distributions that the tools are made of."""
    absent = [name for name in TOOLS if _version(name) is None]
    if absent:
        return Verdict("wrong", "tools", f"missing: {', '.join(absent)}", "pip install --force-reinstall outfall")
    return Verdict("ok", "tools", ", ".join(f"{name} {_version(name)}" for name in TOOLS))


def runtime() -> Verdict:
    """Migrated code imports the runtime."""
    if not handover.runtime_installed():
        return Verdict("wrong", "runtime", "not installed: migrated code cannot be imported", handover.MISSING)
    return Verdict("ok", "runtime", f"outfall-runtime {_version('outfall-runtime') or 'from a folder'}")


def configuration() -> Verdict:
    """`[tool.outfall]` can be read."""
    project = _project()
    if isinstance(project, Failure):
        return Verdict("wrong", "configuration", project.message, "correct pyproject.toml")
    present = (project.root / "pyproject.toml").exists()
    if not present:
        return Verdict("note", "configuration", "none: the defaults apply", "outfall init")
    return Verdict("ok", "configuration", f"{project.root / 'pyproject.toml'}")


def ledger() -> Verdict:
    """The ledger, where there is one, can be read."""
    from outfall_lint.ledger import read_ledger

    project = _project()
    if isinstance(project, Failure):
        return Verdict("note", "ledger", "not examined: the configuration is wrong")
    if not project.ledger.exists():
        return Verdict("note", "ledger", "none yet: nothing is staged", "outfall migrate writes the first one")
    try:
        flags = read_ledger(project.ledger).flags
    except Exception as error:
        return _wrong("ledger", error, f"correct {project.config.ledger}")
    completed = sum(1 for flag in flags if flag.completed)
    return Verdict("ok", "ledger", f"{project.config.ledger}: {len(flags)} flags, {completed} completed")


def git() -> Verdict:
    """migrate wants a clean work tree, so that its changes stand alone."""
    if shutil.which("git") is None:
        return Verdict("note", "git", "not installed: nothing guards uncommitted work", "commit by other means first")
    done = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True)
    if done.returncode:
        return Verdict("note", "git", "no repository: nothing guards uncommitted work", "git init")
    changed = len(done.stdout.splitlines())
    if changed:
        return Verdict("note", "git", f"{changed} uncommitted changes", "commit them before `outfall migrate`")
    return Verdict("ok", "git", "clean")


def interrupted() -> Verdict:
    """No earlier run was stopped half way."""
    project = _project()
    if isinstance(project, Failure):
        return Verdict("note", "journal", "not examined: the configuration is wrong")
    entries = list((project.folder / "journal").glob("*/journal.json"))
    if any('"prepared"' in entry.read_text(encoding="utf-8") for entry in entries):
        return Verdict("wrong", "journal", "an earlier run was stopped half way", "outfall undo")
    return Verdict("ok", "journal", f"{len(entries)} changes on record")


def monitoring() -> Verdict:
    """Whether processes started from here would record evidence."""
    folder = os.environ.get("OUTFALL_METRICS_DIR")
    if not folder:
        remedy = "set it to a folder, for every process of the service"
        return Verdict("note", "monitoring", "OUTFALL_METRICS_DIR is not set: no evidence is recorded", remedy)
    if not os.access(folder, os.W_OK):
        return Verdict("wrong", "monitoring", f"cannot write to {folder}", f"mkdir -p {folder}, or mend its permissions")
    return Verdict("ok", "monitoring", f"evidence goes to {Path(folder).resolve()}")


EXAMINATIONS: tuple[Callable[[], Verdict], ...] = (
    python, tools, runtime, configuration, ledger, git, interrupted, monitoring,
)  # fmt: skip


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _project() -> Project | Failure:
    try:
        return load_project()
    except Exception as error:
        failure = foreseen(error)
        if failure is None:
            raise
        return failure


def _wrong(subject: str, error: Exception, remedy: str) -> Verdict:
    failure = foreseen(error)
    if failure is None:
        raise error
    return Verdict("wrong", subject, failure.message, remedy)
