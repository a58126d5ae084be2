"""What `outfall doctor` examines: one function each, from nothing to a verdict."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from outfall_cli import cache, handover
from outfall_cli.exits import Exit
from outfall_cli.project import Project, load_project
from outfall_cli.summaries import counted
from outfall_lint.config import ConfigError

SECONDS_TO_ANSWER = 5
TOOLS = ("outfall", "libcst", "flake8", "click", "jinja2", "platformdirs", "tomlkit")


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
    if isinstance(project, ConfigError):
        return Verdict("wrong", "configuration", str(project), "correct pyproject.toml")
    path = project.root / "pyproject.toml"
    if not path.exists():
        return Verdict("note", "configuration", "none: the defaults apply", "outfall init")
    return Verdict("ok", "configuration", str(path))


def ledger() -> Verdict:
    """The ledger, where there is one, can be read."""
    from outfall_lint.ledger import LedgerError, read_ledger

    project = _project()
    if isinstance(project, ConfigError):
        return Verdict("note", "ledger", "not examined: the configuration is wrong")
    if not project.ledger.exists():
        return Verdict("note", "ledger", "none yet: nothing is staged", "outfall migrate writes the first one")
    try:
        flags = read_ledger(project.ledger).flags
    except LedgerError as error:
        return Verdict("wrong", "ledger", str(error), f"correct {project.config.ledger}")
    completed = sum(1 for flag in flags if flag.completed)
    return Verdict("ok", "ledger", f"{project.config.ledger}: {counted(len(flags), 'flag')}, {completed} completed")


def git() -> Verdict:
    """migrate wants a clean work tree, so that its changes stand alone."""
    if shutil.which("git") is None:
        return Verdict("note", "git", "not installed: nothing guards uncommitted work", "commit by other means first")
    done = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True)
    if done.returncode:
        return Verdict("note", "git", "no repository: nothing guards uncommitted work", "git init")
    changed = len(done.stdout.splitlines())
    if changed:
        return Verdict("note", "git", counted(changed, "uncommitted change"), "commit them before `outfall migrate`")
    return Verdict("ok", "git", "clean")


def baseline() -> Verdict:
    """The baseline, where there is one, can be read."""
    from outfall_lint.baseline import BaselineError, read_baseline

    project = _project()
    if isinstance(project, ConfigError):
        return Verdict("note", "baseline", "not examined: the configuration is wrong")
    name = project.config.baseline
    if not project.baseline.exists():
        return Verdict("ok", "baseline", f"no {name}: every finding counts")
    try:
        entries = len(read_baseline(project.baseline).entries)
    except BaselineError as error:
        return Verdict("wrong", "baseline", str(error), f"restore {name} from version control")
    return Verdict("ok", "baseline", f"{name}: {counted(entries, 'entry', 'entries')}")


def interrupted() -> Verdict:
    """The journal can be read, and no earlier run was stopped half way."""
    from outfall_codemods import journal
    from outfall_codemods.errors import UsageError

    project = _project()
    if isinstance(project, ConfigError):
        return Verdict("note", "journal", "not examined: the configuration is wrong")
    try:
        entries = journal.entries(project.root)
    except UsageError as error:
        remedy = "without it, `outfall undo` cannot take that change back; version control can"
        return Verdict("wrong", "journal", str(error), remedy)
    if any(entry.status == journal.PREPARED for entry in entries):
        return Verdict("wrong", "journal", "an earlier run was stopped half way", "outfall undo")
    unverified = [entry for entry in entries if entry.status == journal.DONE and entry.unverified]
    if unverified:
        last = unverified[-1]
        found = f"`{last.unverified}` never agreed to {last.command} of {last.created}"
        return Verdict("wrong", "journal", found, f"run it now, or: outfall undo {last.id}")
    return Verdict("ok", "journal", f"{counted(len(entries), 'change')} on record")


def monitoring() -> Verdict:
    """Whether processes started from here would record evidence, and those that run can be reached."""
    folder = os.environ.get("OUTFALL_METRICS_DIR")
    if not folder:
        remedy = "set it to a folder, for every process of the service"
        return Verdict("note", "monitoring", "OUTFALL_METRICS_DIR is not set: no evidence is recorded", remedy)
    if not os.access(folder, os.W_OK):
        return Verdict("wrong", "monitoring", f"cannot write to {folder}", f"mkdir -p {folder}, or mend its permissions")
    place = f"evidence goes to {Path(folder).resolve()}"
    if not handover.runtime_installed():
        return Verdict("note", "monitoring", f"{place}; whether processes answer was not asked", handover.MISSING)
    done = handover.ask("diagnostics", "metrics", "--timeout", str(SECONDS_TO_ANSWER))
    answered = [line for line in done.stdout.splitlines() if line[:1].strip()]
    if done.returncode == Exit.DONE:
        return Verdict("ok", "monitoring", f"{place}; {counted(len(answered), 'process', 'processes')} answered")
    if done.returncode == Exit.USAGE and not answered:
        return Verdict("ok", "monitoring", f"{place}; no process that reports there is running")
    complaints = (done.stderr.strip() or done.stdout.strip()).replace("outfall_runtime: ", "").splitlines()
    return Verdict("wrong", "monitoring", f"{place}; {'; '.join(map(str.strip, complaints))}", "outfall diagnostics")


def flag_file() -> Verdict:
    """Whether processes started from here would follow a flag file, and it can be written."""
    name = os.environ.get("OUTFALL_FLAG_FILE")
    if not name:
        remedy = "set it to a file, for every process of the service, to turn flags while they run"
        return Verdict("note", "flag file", "OUTFALL_FLAG_FILE is not set: flags change with a restart only", remedy)
    path, write = Path(name), f"outfall flags set ... --file {name}"
    if not os.access(path.parent, os.W_OK):
        remedy = f"mkdir -p {path.parent}, or mend its permissions"
        return Verdict("wrong", "flag file", f"cannot write to {path.parent}", remedy)
    if not path.exists():
        return Verdict("note", "flag file", f"{name} does not exist: every flag is at legacy", write)
    try:
        flags = json.loads(path.read_bytes())["flags"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Verdict("wrong", "flag file", f"{name} is no flag file: {error}", f"rm {name}, then {write}")
    return Verdict("ok", "flag file", f"{path.resolve()}: {counted(len(flags), 'value')}")


def facts_cache() -> Verdict:
    """Where what was read of files is remembered, and whether it can be."""
    try:
        where = cache.folder()
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        objection = cache.objection(where)
        found, size = cache.extent() if objection is None else (0, 0)
    except (OSError, RuntimeError) as error:
        return Verdict("note", "cache", f"not used: {error}", f"set {cache.FOLDER} to a folder of yours; without it every run reads every file")
    if objection is not None:
        return Verdict("note", "cache", f"not used: {where}: {objection}", f"set {cache.FOLDER} to a folder that only you may write to")
    return Verdict("ok", "cache", f"{where}: {counted(found, 'project')}, {size / 1e6:.1f} MB")


EXAMINATIONS: tuple[Callable[[], Verdict], ...] = (
    python, tools, runtime, configuration, ledger, baseline, git, interrupted, monitoring, flag_file, facts_cache,
)  # fmt: skip


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _project() -> Project | ConfigError:
    try:
        return load_project()
    except ConfigError as error:
        return error
