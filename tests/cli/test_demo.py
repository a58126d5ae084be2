"""`outfall demo`: refusals first, then the whole way end to end."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outfall_cli.demo.runner import copy_service, environment, run, run_all
from outfall_cli.demo.steps import STEPS, Step

if TYPE_CHECKING:
    from .conftest import Invoke, Run


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(project: Path, invoke: Invoke) -> None:
    result = invoke("demo", ".")
    assert result.exit_code == 2
    assert "not empty" in result.stderr
    assert [path.name for path in project.iterdir()] == ["pyproject.toml"]


@pytest.mark.parametrize(("module", "install"), [("pytest", "outfall[demo]"), ("outfall_runtime", "outfall-runtime")])
def test_what_is_missing_is_named_before_anything_is_copied(
    module: str, install: str, project: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == module else found(name, *rest))
    result = invoke("demo", "tour")
    assert (result.exit_code, install in result.stderr) == (2, True), result.output
    assert not (project / "tour").exists()


def test_a_step_with_another_exit_code_stops_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = (
        Step("First", "goes well", "python -c pass"),
        Step("Second", "does not", "python -c raise(SystemExit(7))"),
        Step("Third", "is never run", "python -c open('third','w')"),
    )
    failed = run_all(steps, tmp_path)
    assert failed is not None
    assert (failed.step.title, failed.code) == ("Second", 7)
    assert list(tmp_path.iterdir()) == []
    assert "$ python -c raise(SystemExit(7))" in capsys.readouterr().out


def test_a_step_whose_program_is_absent_is_left_out(tmp_path: Path) -> None:
    assert run_all((Step("Absent", "", "no-such-program", needs="no-such-program"),), tmp_path) is None


def test_a_program_that_is_missing_without_being_marked_as_needed_fails_the_step(tmp_path: Path) -> None:
    assert run(Step("Missing", "", "no-such-program"), tmp_path).code != 0


def test_the_callers_settings_do_not_reach_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OUTFALL_FLAG_FILE", "OUTFALL_FLAGS", "PYTEST_ADDOPTS", "PYTHONPATH", "GIT_DIR"):
        monkeypatch.setenv(name, "foreign")
    kept = environment(Step("", "", "python", flags="use_context=new"))
    assert kept["OUTFALL_FLAGS"] == "use_context=new"
    assert "foreign" not in kept.values()


def test_each_step_says_why() -> None:
    assert [step.command for step in STEPS if step.title and not step.why] == []


def test_the_legacy_service_passes_its_tests_and_bleeds(tmp_path: Path) -> None:
    copy_service(tmp_path)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    tested = subprocess.run([sys.executable, "-m", "pytest"], cwd=tmp_path, env=plain, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout
    loaded = subprocess.run([sys.executable, "-m", "dispatch.load"], cwd=tmp_path, capture_output=True, text=True)
    assert (loaded.returncode, "requests bled" in loaded.stdout) == (1, True), loaded.stdout


def test_the_whole_way(project: Path, run: Run) -> None:
    done = run("demo", "tour")
    assert done.code == 0, done.out + done.err
    tour = project / "tour"
    for step in STEPS:
        assert f" {step.command}\n" in done.out
    sources = "".join(path.read_text(encoding="utf-8") for path in (tour / "dispatch").glob("*.py"))
    assert 'Registry("dispatch.agents._agents", {})' in sources
    assert 'ContextLocal("dispatch.context._request"' in sources
    assert 'Slot("dispatch.archive._place", MEMORY)' in sources
    assert 'Lazy("dispatch.knowledge._client", lambda: Client())' in sources
    assert "stays per thread: `connection` is made once per thread" in " ".join(done.out.replace("│", "").split())
    assert "close=lambda connection: connection.close()" in sources
    assert "Staged" not in sources and "threading.local" not in sources
    page = (tour / "outfall-report.html").read_text(encoding="utf-8")
    page = page.replace("<wbr>", "")
    assert "dispatch.context._request" in page and "dispatch.agents._agents" in page
    assert "dispatch.context._request" in (tour / ".outfall" / "evidence.json").read_text(encoding="utf-8")
