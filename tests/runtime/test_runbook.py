"""Every code block of docs/runbook.md, run in order against a real pre-fork service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

import pytest

from outfall_runtime import control
from outfall_runtime._rollout import limits as _limits, stages as _stages

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "docs" / "runbook.md"
PATIENCE = 60.0
LANGUAGES = {"sh", "python", "json"}
NO_DWELL = '{"version": 1, "dwell_hours": {"1": 0, "2": 0, "3": 0, "4a": 0, "4b": 0, "5": 0}, "thresholds": {"processes_rise": 9}}'
LEDGER = """\
version = 1

[flags.use_registry]
group = "use_registry"
states = ["server.entries"]
owner = "platform"
created = 2026-11-01
"""


class Block(NamedTuple):
    section: str
    language: str
    text: str
    line: int


def blocks() -> List[Block]:
    """Every fenced block with the section that it stands in."""
    found: List[Block] = []
    section, language, lines, begun = "", "", [], 0
    inside = False
    for number, line in enumerate(RUNBOOK.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            if inside:
                found.append(Block(section, language, "\n".join(lines), begun))
            inside, language, lines, begun = not inside, line[3:].strip(), [], number
        elif inside:
            lines.append(line)
        elif line.startswith("## "):
            section = line[3:]
    assert not inside
    return found


class Shell:
    """Runs blocks as an operator of the service would, with the runbook's paths below a folder."""

    def __init__(self, server: Any, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.environment = {
            **os.environ,
            "OUTFALL_FLAG_FILE": server.file,
            "OUTFALL_METRICS_DIR": server.metrics,
            "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT / "runtime"),
            "USER": "ada",
        }

    def run(self, block: Block) -> "subprocess.CompletedProcess[str]":
        """One block; its paths stand for those of the test's service."""
        text = block.text.replace("/var/lib/app/metrics", self.server.metrics)
        text = text.replace("/etc/app", str(self.server.folder)).replace("/var/lib/app", str(self.folder))
        command = ["bash", "-euo", "pipefail", "-c", text] if block.language == "sh" else [sys.executable, "-c", text]
        return subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE
        )


@pytest.fixture
def busy(serve: Callable[[int], Any]) -> Iterator[Any]:
    """The service, asked by two clients all the time."""
    server = serve(2)
    Path(_limits.place(server.file)).write_text(NO_DWELL)
    done = threading.Event()
    answers: List[str] = []

    def clients() -> None:
        while not done.is_set():
            answers.append(server.ask("user") or "nothing")
            done.wait(0.002)

    threads = [threading.Thread(target=clients) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield server
    done.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert answers
    assert {answer for answer in answers if not answer.startswith("ok ")} == set()


def wait_until_ready(server: Any) -> None:
    end = time.monotonic() + PATIENCE
    missing = control.status(**server.place).missing
    while missing and time.monotonic() < end:
        time.sleep(0.1)
        missing = control.status(**server.place).missing
    assert missing == ()


def wait_for_figures(server: Any) -> None:
    from outfall_runtime._rollout import guard

    server.wait(lambda: "error_rate" in guard.measured(server.file, server.metrics)[0], "no requests were counted")


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert {block.language for block in blocks()} == LANGUAGES
    assert len(blocks()) > 25


def test_the_runbook_has_every_stage_and_threshold() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    for stage in _stages.STAGES:
        assert f"## Stage {stage.name}: {stage.title}" in text
        assert f"| {stage.name} {stage.title} |" in text
        assert f"| {stage.dwell:g} h | `stage rollback {stage.name}` |" in text
    for name in _limits.THRESHOLDS:
        assert f"`{name.removesuffix('_rise')}`" in text


def test_what_the_runbook_says_of_limits_is_the_default(tmp_path: Path) -> None:
    (block,) = [one for one in blocks() if one.language == "json"]
    (tmp_path / "x.json").write_text(block.text)
    limits = _limits.read(str(tmp_path / "x.json"))
    assert (limits.dwell, limits.thresholds) == (_limits.defaults().dwell, _limits.defaults().thresholds)
    assert list(limits.accepted) == ["app/legacy_cache.py:12"]


def test_the_runbook_from_top_to_bottom(busy: Any, tmp_path: Path) -> None:
    shell = Shell(busy, tmp_path / "work")
    shell.folder.mkdir()
    stages: Dict[str, str] = {}
    for block in blocks():
        if block.section == "After the migration" or block.language == "json":
            continue
        if "collect" in block.text or "stage watch" in block.text or "metrics show" in block.text:
            wait_for_figures(busy)
        if "stage advance" in block.text:
            wait_until_ready(busy)
        done = shell.run(block)
        assert done.returncode == 0, f"{RUNBOOK.name}:{block.line}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        stages[block.section] = control.status(**busy.place).position
    reached = [stages[f"Stage {stage.name}: {stage.title}"] for stage in _stages.STAGES]
    assert reached == ["1", "2", "3", "4a", "4b", "5"]
    assert (stages["What to watch"], stages["Emergency rollback"]) == ("5", "0")
    assert list((shell.folder / "backups").glob("*.tables.json")) != []


def test_after_the_migration(busy: Any, tmp_path: Path) -> None:
    pytest.importorskip("outfall_cli")
    project = tmp_path / "project"
    project.mkdir()
    (project / "outfall-flags.toml").write_text(LEDGER)
    (project / "pyproject.toml").write_text("[tool.outfall.rollout]\ndwell-hours = 0\n")
    (project / "server.py").write_text((ROOT / "tests" / "runtime" / "prefork_server.py").read_text(encoding="utf-8"))
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    for _ in _stages.STAGES:
        control.advance(actor="ada", force=True, reason="a test", timeout=PATIENCE, **busy.place)
    time_of_stage = control.status(**busy.place).since

    def reported() -> bool:
        return not any("no process has reported" in line for line in control.status(**busy.place).missing)

    busy.wait(reported, f"nothing was reported after {time_of_stage}")
    shell = Shell(busy, project)
    found = [block for block in blocks() if block.section == "After the migration"]
    assert len(found) == 2
    for block in found:
        done = shell.run(block)
        assert done.returncode == 0, f"{RUNBOOK.name}:{block.line}: {done.stdout}{done.stderr}"
    assert re.search(r"completed = ", (project / "outfall-flags.toml").read_text())
    assert re.search(r"^\+.*(Registry|dict|\{)", done.stdout, re.M), done.stdout
