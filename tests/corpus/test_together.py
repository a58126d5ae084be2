"""Concurrent tasks through real projects: contexts bleed before and no longer after; resources stay as few as they were.

The scripts in `together/` use public names only and print one number.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import Project, run

pytestmark = pytest.mark.corpus

SCRIPTS = Path(__file__).parent / "together"
BLEEDING = ["bottle", "celery", "CherryPy", "humanize", "logbook", "opentracing", "oslo.context", "Routes", "zope.component"]
OPENING = {
    "opened_huey": ("huey", 1),
    "opened_huey_files": ("huey", 5),  # it closes what it opens
    "opened_huey_listening": ("huey", 1),
    "opened_rollbar": ("rollbar", 1),
    "opened_transaction": ("transaction", 1),
}
OLD_WAY, NEW_WAY = ("legacy", "shadow"), ("new", "enforced")


@pytest.fixture
def trees(request: pytest.FixtureRequest, corpus: Path, work: Path, tmp_path: Path) -> Project:
    """The named project with its environment and the runtime in it; its copy is migrated."""
    tree = tmp_path / request.param
    made = Project(request.param, corpus, work, tree)
    made.run_corpus("--step", "install", "--pip", str(Path(__file__).parents[2] / "runtime"))
    shutil.copytree(work / request.param / "src", tree, symlinks=True)
    assert run("git", "init", "-q", cwd=tree).code == 0
    made.commit("stock")
    migrated = made.outfall("migrate")
    assert migrated.code in (0, 3), migrated.err
    if run("git", "status", "--porcelain", cwd=tree).out:
        made.commit("migrated")
    return made


def number(project: Project, script: str, tree: Path, mode: str = "legacy") -> int:
    """What the script `together/NAME.py` prints, run on a tree."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(tree), str(tree / "src"))),
        "OUTFALL_FLAGS": f"use_context={mode},use_registry={mode}",
    }
    python = project.work / project.name / "venv" / "bin" / "python"
    command = [str(python), str(SCRIPTS / f"{script}.py")]
    done = subprocess.run(command, cwd=tree.parent, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("trees", BLEEDING, indirect=True)
def test_tasks_no_longer_find_anothers_context(trees: Project) -> None:
    script = f"bleed_{trees.name}"
    assert number(trees, script, trees.work / trees.name / "src") > 30
    assert [number(trees, script, trees.tree, mode) > 30 for mode in OLD_WAY] == [True, True]
    assert [number(trees, script, trees.tree, mode) for mode in NEW_WAY] == [0, 0]
    reason = "run over a corpus project, which has no production"
    removed = trees.outfall("remove-legacy", "--flag", "use_context", "--force", reason)
    assert removed.code in (0, 3), removed.err
    assert number(trees, script, trees.tree) == 0


@pytest.mark.parametrize(("trees", "script", "expected"), [(p, s, n) for s, (p, n) in OPENING.items()], indirect=["trees"])
def test_a_reused_worker_opens_no_more_than_before(trees: Project, script: str, expected: int) -> None:
    assert number(trees, script, trees.work / trees.name / "src") == expected
    assert [number(trees, script, trees.tree, mode) for mode in (*OLD_WAY, *NEW_WAY)] == [expected] * 4
    moved = trees.outfall("migrate", "--resources")
    assert moved.code in (0, 3), moved.err
    assert number(trees, script, trees.tree) == expected
