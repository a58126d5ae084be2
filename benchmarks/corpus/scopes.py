"""Whether the probe that `migrate --probe` writes holds all the way, and notices copies whose state has a wrong scope.

    python -m benchmarks.corpus --scopes [NAME …]

The wrong copies are the corpus's own (`mutants/`): thread-locals that all threads share, tables of
which each thread has one, and, to be taken for right, thread-locals that became context variables.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType

from benchmarks.corpus.workshop import MODES, REASON, ROOT, Workshop

WRONG, RIGHT = ("shared", "per_thread"), ("context",)
_PROBE = "test_state_scopes_of_all.py"


@dataclass(frozen=True)
class Scopes:
    """What the probe said: `ways` of the tree as it should be, `copies` of the tree with one scope exchanged.

    Each is "passed", "failed: …" or the reason why it could not run.
    """

    name: str
    stated: int  # states that the probe covers
    ways: dict[str, str]
    copies: dict[str, str]

    @property
    def faults(self) -> list[str]:
        """Where the probe cries without need, or misses what is wrong."""
        cries = [f"{way}: {said}" for way, said in {**self.ways, **self._of(RIGHT)}.items() if said != "passed"]
        return cries + [f"{copy}: not noticed" for copy, said in self._of(WRONG).items() if not said.startswith("failed")]

    def _of(self, kinds: tuple[str, ...]) -> dict[str, str]:
        return {kind: said for kind, said in self.copies.items() if kind in kinds}


def scopes(shop: Workshop) -> Scopes:
    """Write the probe of the stock tree; run it there, in every mode, after removal, and on every wrong copy there is."""
    shop = replace(shop, folder="scopes")
    shop.fresh_tree()
    written = shop.outfall("migrate", f"--probe={_PROBE}")
    if not (shop.tree / _PROBE).is_file():
        said = (written.stdout + written.stderr).strip().splitlines()
        return Scopes(shop.name, 0, {}, {} if written.returncode in (0, 3) else {"probe": said[-1] if said else "no probe"})
    probe = (shop.tree / _PROBE).read_text("utf-8")
    shop.commit("probe")
    ways = {"stock": _probed(shop)}
    shop.outfall("migrate")
    shop.commit("migrated")
    ways |= {mode: _probed(shop, f"use_registry={mode},use_context={mode}") for mode in MODES}
    groups = shop.declared_groups()
    if groups:
        shop.outfall("remove-legacy", *(part for group in groups for part in ("--flag", group)), "--force", REASON)
        ways["removed"] = _probed(shop)
    copies = {}
    for kind in (*WRONG, *RIGHT):
        shop.fresh_tree()
        if _exchanged(shop, kind):
            (shop.tree / _PROBE).write_text(probe, "utf-8")
            copies[kind] = _probed(shop)
    shutil.rmtree(shop.tree)
    return Scopes(shop.name, len(re.findall(r"^def test_", probe, re.MULTILINE)), ways, copies)


def _probed(shop: Workshop, flags: str = "") -> str:
    """What pytest says of the probe, in the project's environment, to which nothing is installed."""
    found = [shop.tree, shop.tree / "src", ROOT / "runtime", shop.corpus / "mutants" / "lib"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, found)), "OUTFALL_FLAGS": flags}
    options = ("-q", "--tb=line", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={shop.tree}", "--import-mode=importlib")
    command = (str(shop.python), "-m", "pytest", *options, _PROBE)
    try:
        done = subprocess.run(command, cwd=shop.tree, env=environment, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return "did not end within ten minutes"
    failed = re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)
    if done.returncode == 0:
        return "passed"
    return f"failed: {', '.join(failed)}" if failed else (done.stdout + done.stderr)[-300:]


def _exchanged(shop: Workshop, kind: str) -> bool:
    """Give the tree's state the wrong scope; whether the corpus has such a copy of the project."""
    edits = list(_edits(shop.corpus / "mutants", kind, shop.name))
    for path, change in edits:
        file = shop.tree / path
        before = file.read_text("utf-8")
        after = change(before)
        assert after != before, f"{kind} changes nothing in {path}"
        file.write_text(after, "utf-8")
    return bool(edits)


def _edits(mutants: Path, kind: str, name: str) -> Iterator[tuple[str, Callable[[str], str]]]:
    """The files that the corpus's own maker of copies changes, each with the change."""
    table = json.loads((mutants / "mutants.json").read_text("utf-8"))
    maker = _loaded(mutants / "mutate.py")
    if kind == "per_thread":
        for path, pattern, new in table[kind].get(name, ()):
            yield path, partial(re.sub, pattern, new.replace("@", f"{maker.MOD}."), flags=re.MULTILINE)
        return
    thread_local = "ctxlocal" if kind == "context" else "local"
    for path in table["shared"].get(name, ()):
        yield path, partial(maker.swap_local, cls=thread_local)


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpus_mutate", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
