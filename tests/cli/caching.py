"""Words for statements about the cache of facts: what a run finds, and how much of it was known."""

from __future__ import annotations

import re
from pathlib import Path

from outfall_cli.cache import open_cache
from outfall_lint.config import Config
from outfall_lint.engine import Analysis, Memory, analyse
from outfall_lint.facts import ModuleFacts

from .conftest import AMBIENT

LIB = "STATE = {}\ndef get(k): return STATE[k]\n"
TEXTS = (
    AMBIENT,
    AMBIENT.replace("_agents", "_guests"),  # of the same size
    LIB,
    "import lib\ndef put(k, v): lib.STATE[k] = v\n",
    "from lib import STATE\ndef put(k, v): STATE[k] = v\n",
    "from a import *\n",
    "x = 1\n",
    "def broken(:\n",
    "",
)


class Counting:
    """A cache that tells what it was asked."""

    def __init__(self, inner: Memory) -> None:
        self.inner, self.known, self.unknown = inner, 0, 0

    def recall(self, key: str, own: frozenset[str]) -> ModuleFacts | None:
        facts = self.inner.recall(key, own)
        self.known += facts is not None
        self.unknown += facts is None
        return facts

    def keep(self, key: str, own: frozenset[str], facts: ModuleFacts) -> None:
        self.inner.keep(key, own, facts)


def with_cache(root: Path, jobs: int = 1) -> tuple[Analysis, int, int]:
    """What is found, how many files were known and how many not."""
    opened = open_cache(root)
    assert opened is not None
    counting = Counting(opened)
    analysis = analyse(["."], Config(), root, memory=counting, jobs=jobs)
    opened.save()
    return analysis, counting.known, counting.unknown


def essence(analysis: Analysis) -> tuple[object, ...]:
    """All of an analysis but the time that it took."""
    return analysis.modules, analysis.states, analysis.findings, analysis.problems, analysis.files, analysis.suppressed


def plain(root: Path) -> tuple[object, ...]:
    return essence(analyse(["."], Config(), root))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def without_time(text: str) -> str:
    return re.sub(r'in [\d.]+ s \([^)]*\)|"(?:seconds|files_per_second)": [\d.]+', "", text)
