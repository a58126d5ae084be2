"""Takes a real project through the whole way, as a user would, and runs its own tests at each step.

The corpus is a folder with `run.py` (fetches a pinned project, builds its environment, runs its
tests, compares two runs test by test) and `manifest.json`; the environment variable
OUTFALL_CORPUS names it. OUTFALL_CORPUS_WORK names a folder to keep fetched projects in between
runs; without it a temporary one is used.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """A finished command: exit code and what it said."""

    code: int
    out: str
    err: str


def run(*command: str, cwd: Path) -> Done:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Project:
    """One corpus project: the stock tree under `work`, and a copy under git that is rewritten."""

    name: str
    corpus: Path
    work: Path
    tree: Path

    def outfall(self, *arguments: str) -> Done:
        return run(sys.executable, "-m", "outfall_cli", *arguments, cwd=self.tree)

    def commit(self, message: str) -> None:
        identity = ("-c", "user.name=corpus", "-c", "user.email=corpus@localhost")
        for step in (("add", "-A", "-f"), (*identity, "commit", "-qm", message)):
            done = run("git", *step, cwd=self.tree)
            assert done.code == 0, done.err

    def tests(self, tag: str, *options: str) -> dict[str, Any]:
        """Run the project's own tests on the rewritten tree against the stock tree's results."""
        rewritten = ("--tree", str(self.tree), "--tag", tag, "--pip", str(ROOT / "runtime"))
        return self.run_corpus(*rewritten, *options)

    def run_corpus(self, *options: str) -> dict[str, Any]:
        command = (sys.executable, str(self.corpus / "run.py"), self.name, str(self.work), *options)
        done = run(*command, cwd=self.work)
        assert done.out.startswith("{"), done.out + done.err
        result: dict[str, Any] = json.loads(done.out)
        assert "problem" not in result, result["problem"]
        return result


@pytest.fixture(scope="session")
def corpus() -> Path:
    folder = os.environ.get("OUTFALL_CORPUS")
    if not folder:
        pytest.skip("OUTFALL_CORPUS does not name a corpus folder (run.py, manifest.json)")
    path = Path(folder).resolve()
    assert (path / "run.py").is_file(), f"OUTFALL_CORPUS={path} holds no run.py"
    return path


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("OUTFALL_CORPUS_WORK")
    path = Path(kept).resolve() if kept else tmp_path_factory.mktemp("corpus")
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def project(request: pytest.FixtureRequest, corpus: Path, work: Path, tmp_path: Path) -> Project:
    """The project named by indirect parametrisation, its stock tests run, its tree copied."""
    name: str = request.param
    tree = tmp_path / name
    made = Project(name, corpus, work, tree)
    assert made.run_corpus()["agrees_with_manifest"]
    shutil.copytree(work / name / "src", tree, symlinks=True)
    assert run("git", "init", "-q", cwd=tree).code == 0
    made.commit("stock")
    return made
