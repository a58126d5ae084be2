"""The hooks, run by the real pre-commit from this repository as another project would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CLEAN = "LIMIT = 10\n\n\ndef limit() -> int:\n    return LIMIT\n"
AMBIENT = "_agents = {}\n\n\ndef register(name, agent):\n    _agents[name] = agent\n"
STAGED = """\
from outfall_runtime import StagedRegistry

_agents = StagedRegistry("app._agents", {})


def register(name, agent):
    _agents[name] = agent
"""
LEDGER = """\
version = 1

[flags.use_registry]
group = "use_registry"
states = ["app._agents"]
owner = "platform"
created = 2026-11-01
"""
COMPLETED = 'completed = { date = 2026-11-20, evidence = "sha256:0" }\n'
HOOKS = ("outfall-check", "outfall-migrate", "outfall-remove-legacy")
BASELINED = '[tool.outfall]\nbaseline = "baseline.json"\n'


def git(project: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=project, check=True, capture_output=True)


def commit(project: Path, files: Mapping[str, str | bytes]) -> None:
    project.mkdir()
    git(project, "init", "-q")
    git(project, "config", "user.email", "someone@localhost")
    git(project, "config", "user.name", "someone")
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    git(project, "add", "-A")
    git(project, "commit", "-qm", "start")


@dataclass(frozen=True)
class Hooks:
    """This repository as it stands, uncommitted work included, in a repository of its own.

    All projects share one store of pre-commit, so its environment is built once.
    """

    repository: Path
    store: Path

    @property
    def configuration(self) -> str:
        """What a project writes into its .pre-commit-config.yaml."""
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.repository, check=True, capture_output=True, text=True)
        listed = "".join(f"      - id: {name}\n" for name in HOOKS)
        return f"repos:\n  - repo: {self.repository}\n    rev: {head.stdout.strip()}\n    hooks:\n{listed}"

    def run(self, hook: str, project: Path) -> tuple[int, str]:
        (project / ".pre-commit-config.yaml").write_text(self.configuration, encoding="utf-8")
        git(project, "add", "-A")
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", hook, "--all-files", "--verbose"],
            cwd=project,
            env={**os.environ, "NO_COLOR": "1", "PRE_COMMIT_HOME": str(self.store)},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("needs this repository under git")
    files = {name: ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    folder = tmp_path_factory.mktemp("hooks")
    commit(folder / "outfall", {name: path.read_bytes() for name, path in files.items()})
    return Hooks(folder / "outfall", folder / "store")


CASES = {
    "check passes clean code": ("outfall-check", {"app.py": CLEAN}, 0, ""),
    "check fails on ambient state": ("outfall-check", {"app.py": AMBIENT}, 1, "OUT101"),
    "migrate passes clean code": ("outfall-migrate", {"app.py": CLEAN}, 0, ""),
    "migrate reports what would change": ("outfall-migrate", {"app.py": AMBIENT}, 1, "app._agents"),
    "removal passes without a ledger": ("outfall-remove-legacy", {"app.py": AMBIENT}, 0, ""),
    "removal passes while the rollout runs": (
        "outfall-remove-legacy",
        {"app.py": STAGED, "outfall-flags.toml": LEDGER},
        0,
        "",
    ),
    "removal fails on a completed flag's legacy path": (
        "outfall-remove-legacy",
        {"app.py": STAGED, "outfall-flags.toml": LEDGER + COMPLETED},
        1,
        "app.py",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_hook(case: str, hooks: Hooks, tmp_path: Path) -> None:
    hook, files, expected, said = CASES[case]
    commit(tmp_path / "project", files)
    code, output = hooks.run(hook, tmp_path / "project")
    assert (code, said in output) == (expected, True), output
    assert (tmp_path / "project" / "app.py").read_text(encoding="utf-8") == files["app.py"]


def test_migrate_hook_leaves_the_baseline_alone(hooks: Hooks, tmp_path: Path) -> None:
    project = tmp_path / "project"
    commit(project, {"app.py": AMBIENT, "pyproject.toml": BASELINED})
    grown = subprocess.run(
        [sys.executable, "-m", "outfall_cli", "check", "--update-baseline", "--allow-growth", "adopting outfall"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert grown.returncode == 0, grown.stdout + grown.stderr
    git(project, "add", "-A")
    code, output = hooks.run("outfall-migrate", project)
    assert code == 0, output
