"""The way from paths to findings: discover, read, collect, join, check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from outfall_lint.collect import collect, collector_paused
from outfall_lint.config import Config
from outfall_lint.discovery import File, discover, named
from outfall_lint.facts import ModuleFacts
from outfall_lint.model import Finding, Problem, State
from outfall_lint.project import Project
from outfall_lint.rule import View, all_rules
from outfall_lint.selection import most_specific, selected, unsuppressed
from outfall_lint.source import Source, read
from outfall_lint.states import build_states
from outfall_lint.stored import key_of

Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""

_CHUNK = 16
_WORTH_A_POOL = 50
"""Files to be read. Below this, starting processes costs more than it gains."""


class Memory(Protocol):
    """What earlier runs found out of files. Its keys are `stored.key_of`'s."""

    def recall(self, key: str, own: frozenset[str]) -> ModuleFacts | None:
        """The facts under a key, where they hold for these top-level modules of the project too."""

    def keep(self, key: str, own: frozenset[str], facts: ModuleFacts) -> None:
        """Remember facts for later runs."""


@dataclass(frozen=True)
class Analysis:
    """What a run found. Findings are sorted by path, line and code."""

    project: Project
    states: tuple[State, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    files: tuple[str, ...]
    seconds: float
    suppressed: tuple[Finding, ...] = ()
    baselined: tuple[Finding, ...] = ()

    @property
    def modules(self) -> tuple[ModuleFacts, ...]:
        """The facts of every file that could be read."""
        return self.project.modules


def analyse(
    paths: Sequence[Path | str],
    config: Config,
    root: Path,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    sources: Sequence[Source] = (),
    memory: Memory | None = None,
) -> Analysis:
    """Everything the linter knows about the files below `paths`; relative paths start at `root`.

    Findings of every priority are returned: what is shown is the caller's choice, as is the
    baseline (see `outfall_lint.baseline`). `sources` are texts that take the place of files, such
    as standard input. Files that cannot be read become `problems`; nothing is raised for them.
    `memory` spares the parsing of files that an earlier run saw as they are; it never changes what is found.
    """
    started = time.perf_counter()
    given = {source.path: source for source in sources}
    files, problems = discover([p for p in paths if str(p) not in given], root, config.exclude)
    files = sorted({*files, *(named(path, root) for path in given)}, key=lambda f: f.path)
    own = frozenset(name.partition(".")[0] for file in files for name in (file.module, *file.aliases))
    modules: list[ModuleFacts] = []
    with collector_paused():  # neither facts nor what is made of them hold cycles
        for outcome in _counted(_collected(files, root, own, given, jobs, memory), len(files), progress):
            if isinstance(outcome, Problem):
                problems.append(outcome)
            else:
                modules.append(outcome)
        return conclude(modules, problems, tuple(f.path for f in files), config, started)


def conclude(
    modules: Sequence[ModuleFacts], problems: Iterable[Problem], files: tuple[str, ...], config: Config, started: float
) -> Analysis:
    """Join the facts, run the rules, sort out what is shown."""
    project = Project(modules)
    states = tuple(build_states(project, config.states))
    view = View(project, states, config.rules)
    rules = all_rules()
    found = [finding for rule in rules for finding in rule.check(rule, view)]
    shown, silenced = unsuppressed(selected(most_specific(found, rules), config), modules)
    return Analysis(
        project=project,
        states=tuple(sorted(states, key=lambda s: (s.place, s.name))),
        findings=_in_order(shown),
        problems=tuple(sorted(problems, key=lambda p: (p.path, p.line or 0, p.message))),
        files=files,
        seconds=time.perf_counter() - started,
        suppressed=_in_order(silenced),
    )


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (f.place, f.code, f.state.name)))


def _collected(
    files: Sequence[File],
    root: Path,
    own: frozenset[str],
    given: dict[str, Source],
    jobs: int,
    memory: Memory | None,
) -> Iterator[ModuleFacts | Problem]:
    """The facts of every file, in order."""
    one = partial(_collect_file, root, own, given)
    recalls = memory if jobs > 1 else None  # one process looks each file up when it comes to it
    known = {file.path: facts for file in files if recalls and (facts := _recalled(root, own, given, file, recalls))}
    missing = [file for file in files if file.path not in known]
    if jobs == 1 or len(missing) < _WORTH_A_POOL:
        for file in files:
            yield known.get(file.path) or one(file, memory)[1]
        return
    from concurrent.futures import ProcessPoolExecutor  # slow to import, and flake8 never needs it

    with ProcessPoolExecutor(max_workers=jobs) as pool:
        fresh = pool.map(one, missing, chunksize=_CHUNK)
        for file in files:
            if file.path in known:
                yield known[file.path]
                continue
            key, outcome = next(fresh)
            if memory is not None and key is not None and isinstance(outcome, ModuleFacts):
                memory.keep(key, own, outcome)
            yield outcome


def _counted(
    outcomes: Iterable[ModuleFacts | Problem], total: int, progress: Progress | None
) -> Iterator[ModuleFacts | Problem]:
    for done, outcome in enumerate(outcomes, start=1):
        if progress is not None:
            progress(done, total)
        yield outcome


def _recalled(
    root: Path, own: frozenset[str], given: dict[str, Source], file: File, memory: Memory
) -> ModuleFacts | None:
    """The facts of a file as it is now, from an earlier run; None where none has seen it so."""
    source = read(root, file.path) if file.path not in given else None
    return memory.recall(key_of(source, file), own) if isinstance(source, Source) else None


def _collect_file(
    root: Path, own: frozenset[str], given: dict[str, Source], file: File, memory: Memory | None = None
) -> tuple[str | None, ModuleFacts | Problem]:
    """The facts of one file, and the key of what they were made of: None for a text that lies in no file."""
    source = given.get(file.path) or read(root, file.path)
    if isinstance(source, Problem):
        return None, source
    key = key_of(source, file) if file.path not in given else None
    known = memory.recall(key, own) if memory is not None and key is not None else None
    if known is not None:
        return key, known
    outcome = collect(source, file, own)
    if memory is not None and key is not None and isinstance(outcome, ModuleFacts):
        memory.keep(key, own, outcome)
    return key, outcome
