"""The project that a command works on: its root, its configuration, what was found in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from outfall_cli import terminal
from outfall_cli.exits import Exit

if TYPE_CHECKING:
    from outfall_cli.cache import Cache
    from outfall_lint.config import Config
    from outfall_lint.engine import Analysis
    from outfall_lint.model import Problem
    from outfall_lint.source import Source

MARKS = ("pyproject.toml", ".git", "outfall-flags.toml")


@dataclass(frozen=True)
class Project:
    """Where the project is, and what its `[tool.outfall]` says."""

    root: Path
    config: Config

    @property
    def ledger(self) -> Path:
        return self.root / self.config.ledger

    @property
    def baseline(self) -> Path:
        return self.root / self.config.baseline

    @property
    def folder(self) -> Path:
        """Where outfall keeps its journal, and the report looks for evidence."""
        return self.root / ".outfall"

    def configured(self, **changes: object) -> Project:
        """The same project with other settings; None leaves the setting as it is."""
        wanted = {name: value for name, value in changes.items() if value is not None}
        return replace(self, config=replace(self.config, **wanted))  # type: ignore[arg-type]


    def within(self, paths: Sequence[str]) -> list[str]:
        """Paths as typed in the current folder, as seen from the root; the configured ones for none."""
        return [os.path.relpath(Path.cwd() / path, self.root) for path in paths] or list(self.config.paths)


def find_root(start: Path) -> Path:
    """The nearest folder, upwards from `start`, that looks like a project; else `start`."""
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in MARKS):
            return folder
    return start


def load_project() -> Project:
    """The project around the current folder. Raises the linter's ConfigError."""
    from outfall_lint.config import load_config

    root = find_root(Path.cwd())
    return Project(root, load_config(root))


def analyse(
    project: Project,
    paths: Sequence[str],
    jobs: int = 1,
    sources: Sequence[Source] = (),
    *,
    cached: bool = True,
    cache: Cache | None = None,
) -> Analysis:
    """Everything ambient below the paths (see `Project.within`); no jobs means one per CPU.

    `sources` are texts that take the place of files. Unless it is not to be `cached`, what earlier runs read is taken
    from the project's cache; `cache` is that of another project, for a copy of it.
    """
    from outfall_cli.cache import open_cache
    from outfall_lint.engine import analyse as run

    if cached and cache is None:
        cache = open_cache(project.root)
    analysis = run(
        paths,
        project.config,
        project.root,
        jobs=jobs or processors(),
        progress=terminal.progress("checking"),
        sources=sources,
        memory=cache,
    )
    if cache is not None:
        cache.save()
    return analysis


def processors() -> int:
    """How many CPUs this process may use: in a container, or pinned, fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def complain_about(problems: Sequence[Problem]) -> None:
    """One line on stderr for each file that could not be read."""
    for problem in problems:
        terminal.complain(problem.path, problem.message, problem.line)


def exit_code(problems: Sequence[object], found: bool) -> Exit:
    """UNREADABLE wins over FINDINGS."""
    if problems:
        return Exit.UNREADABLE
    return Exit.FINDINGS if found else Exit.DONE
