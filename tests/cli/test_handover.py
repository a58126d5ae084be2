"""What belongs to the runtime's console is handed over to it, word for word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outfall_cli import handover

if TYPE_CHECKING:
    from .conftest import Invoke, Run


@pytest.mark.parametrize("name", handover.COMMANDS)
def test_without_the_runtime_it_says_what_to_install(
    name: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "runtime_installed", lambda: False)
    result = invoke(name)
    assert result.exit_code == 2
    assert result.stderr == f"outfall {name}: this needs the runtime: pip install outfall-runtime\n"


def test_the_runtimes_exit_code_is_ours(project: Path, run: Run) -> None:
    done = run("metrics", "export", "--from", "nowhere", "--out", "evidence.json")
    assert done.code == 2
    assert "nowhere" in done.err


def test_options_reach_the_runtime(project: Path, run: Run) -> None:
    done = run("metrics", "--help")
    assert done.code == 0
    assert "python -m outfall_runtime metrics" in done.out


def test_a_flag_that_the_ledger_does_not_declare_is_not_set(ambient: Path, run: Run) -> None:
    assert run("migrate").code == 0
    done = run("flags", "set", "use_contxt=shadow", "--file", "flags.json")
    assert (done.code, "use_context" in done.err) == (2, True)
    assert not (ambient / "flags.json").exists()


@pytest.mark.parametrize("name", ["use_context", "use_context:context._request"])
def test_a_flag_that_the_ledger_declares_is_set(name: str, ambient: Path, run: Run) -> None:
    assert run("migrate").code == 0
    assert run("flags", "set", f"{name}=shadow", "--file", "flags.json").code == 0
    assert json.loads((ambient / "flags.json").read_text(encoding="utf-8"))["flags"] == {name: "shadow"}


def test_help_names_setting_too(invoke: Invoke) -> None:
    assert "set  " in invoke("flags", "--help").stdout


def test_flags_are_set_by_the_runtime(project: Path, run: Run) -> None:
    done = run("flags", "set", "use_context=shadow", "--file", "flags.json")
    assert done.code == 0, done.err
    assert json.loads((project / "flags.json").read_text(encoding="utf-8"))["flags"] == {"use_context": "shadow"}
