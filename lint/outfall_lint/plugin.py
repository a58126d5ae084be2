"""The flake8 plugin: the findings that `outfall check` gives one file alone."""

from __future__ import annotations

import argparse
import ast
import os
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from outfall_lint.baseline import Baseline, BaselineError, applied, read_baseline
from outfall_lint.collect import collect
from outfall_lint.config import Config, ConfigError, load_config
from outfall_lint.discovery import named
from outfall_lint.engine import conclude
from outfall_lint.model import Problem
from outfall_lint.source import Source, SourceLines


def _version() -> str:
    try:
        return version("outfall")
    except PackageNotFoundError:
        return "0"


class Plugin:
    """What flake8 makes for every file; options come from `[tool.outfall]` of the current folder."""

    name = "outfall"
    version = _version()

    def __init__(self, tree: ast.Module, filename: str, lines: Sequence[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._text = "".join(lines)

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Fail before the first file when the configuration is wrong: flake8 prints the sentence and stops."""
        try:
            _settings(os.getcwd())
        except (ConfigError, BaselineError) as error:
            raise SystemExit(f"outfall: {error}") from None

    def run(self) -> Iterator[tuple[int, int, str, type[Any]]]:
        """Each finding as (line, column, text, type)."""
        root = Path.cwd()
        config, baseline = _settings(str(root))
        source = Source(_relative(self._filename, root), self._text)
        facts = collect(source, named(source.path, root), frozenset(), self._tree)
        if isinstance(facts, Problem):
            return
        analysis = conclude([facts], (), (source.path,), config, time.perf_counter())
        if baseline.entries:
            analysis = applied(analysis, baseline, SourceLines(root, [source]))
        for finding in analysis.findings:
            if finding.priority >= config.min_priority:
                yield finding.place.line, finding.place.column, f"{finding.code} {finding.message}", type(self)


@lru_cache(maxsize=1)
def _settings(root: str) -> tuple[Config, Baseline]:
    """The configuration and baseline of the project that flake8 runs in, read once per process."""
    config = load_config(Path(root))
    return config, read_baseline(Path(root, config.baseline))


def _relative(filename: str, root: Path) -> str:
    absolute = Path(os.path.abspath(root / filename))
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else absolute.as_posix()
