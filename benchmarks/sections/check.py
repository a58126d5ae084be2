"""What finding costs: CPU of the linter over the same files' `ast.parse`, in one process.

Cold is a run that has never seen the files; it is judged with and without leaving something in a cache. Warm is one
that finds all of them there. With several processes the clock on the wall counts, so that row needs a quiet machine.
"""

from __future__ import annotations

import ast
import io
import sysconfig
import tokenize
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.table import Row
from benchmarks.timing import Ratio, cpu, wall
from outfall_cli.cache import Cache, open_cache
from outfall_lint.collect import collect
from outfall_lint.config import Config
from outfall_lint.discovery import discover
from outfall_lint.engine import analyse
from outfall_lint.source import Source, read

TITLE = "finding, over the standard library's packages"
LIMIT = 1.5
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

    def checked_with(cache: Path) -> Callable[[], None]:
        return lambda: with_cache(cache, root, lambda memory: analyse(folders, config, root, memory=memory))

    def parse() -> None:
        parse_all(files)

    rounds = 2 if quick else ROUNDS
    with TemporaryDirectory() as warm:
        checked_with(Path(warm))()
        costs = [(cpu(facts), cpu(check), cpu_anew(checked_with), cpu(checked_with(Path(warm))), cpu(parse)) for _ in range(rounds)]
    count = f"{len(files)} files"
    names = [f"facts layer, cold ({len(found)} files)"]
    names += [f"outfall check, {how} ({count})" for how in ("cold", "cold, filling the cache", "warm")]
    ratios = [Ratio.of([(each[n], each[-1]) for each in costs]) for n in range(len(names))]
    walls = [(wall(lambda: analyse(folders, config, root, jobs=2)), wall(check)) for _ in range(rounds)]
    return [
        *(Row(name, one, UNIT, LIMIT) for name, one in zip(names, ratios)),
        Row(f"outfall check -j 2, cold, by the clock ({count})", Ratio.of(walls), "the same with one process"),
    ]


def with_cache(folder: Path, root: Path, run: Callable[[Cache], object]) -> None:
    """A run as the commands make it: open the cache, work, leave there what was learned."""
    cache = open_cache(root, folder)
    assert cache is not None, f"no cache in {folder}"
    run(cache)
    cache.save()


def cpu_anew(work: Callable[[Path], Callable[[], object]]) -> float:
    """CPU seconds of work with a cache that is empty."""
    with TemporaryDirectory() as folder:
        return cpu(work(Path(folder)))


def parse_all(files: list[Path]) -> None:
    """Read, decode and parse, with the collector on: what a plain script would do."""
    for path in files:
        data = path.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        ast.parse(data.decode(encoding))
