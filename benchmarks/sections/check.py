"""What finding costs: CPU of the linter over the same files' `ast.parse`, in one process."""

from __future__ import annotations

import ast
import gc
import io
import sysconfig
import time
import tokenize
from collections.abc import Callable
from pathlib import Path

from benchmarks.table import Row
from benchmarks.timing import Ratio
from outfall_lint.collect import collect
from outfall_lint.config import Config
from outfall_lint.discovery import discover
from outfall_lint.engine import analyse
from outfall_lint.source import Source, read

TITLE = "finding, over the standard library's packages"
UNIT = "ast.parse of the same files"
PACKAGES = ("asyncio", "concurrent", "email", "http", "importlib", "json", "logging", "multiprocessing", "unittest", "urllib")
ROUNDS = 5


def rows(quick: bool) -> list[Row]:
    """The facts layer alone, then `outfall check` from reading the files to the findings."""
    root = Path(sysconfig.get_path("stdlib"))
    packages = PACKAGES[:2] if quick else PACKAGES
    folders = [root / name for name in packages]
    files = sorted(path for folder in folders for path in folder.rglob("*.py"))
    config = Config()

    found, _ = discover(folders, root, config.exclude)
    own = frozenset(packages)

    def facts() -> None:
        for file in found:
            source = read(root, file.path)
            if isinstance(source, Source):
                collect(source, file, own)

    def check() -> None:
        analyse(folders, config, root)

    def parse() -> None:
        parse_all(files)

    rounds = [(cpu(facts), cpu(check), cpu(parse)) for _ in range(2 if quick else ROUNDS)]
    return [
        Row(f"facts layer ({len(found)} files)", Ratio.of([(one, base) for one, _, base in rounds]), UNIT, 1.5),
        Row(f"outfall check ({len(files)} files)", Ratio.of([(one, base) for _, one, base in rounds]), UNIT),
    ]


def parse_all(files: list[Path]) -> None:
    """Read, decode and parse, with the collector on: what a plain script would do."""
    for path in files:
        data = path.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        ast.parse(data.decode(encoding))


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one call, garbage of earlier calls collected beforehand."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start
