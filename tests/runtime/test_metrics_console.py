"""The console: wrong use is one line, files are changed whole, a command is no process of the service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from outfall_runtime import metrics

Python = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["flags", "set", "use_context=shadwo", "--file", "f.json"], 2, "did you mean 'shadow'?"),
        (["flags", "set", "use_context", "--file", "f.json"], 2, "is not of the form FLAG=VALUE"),
        (["flags", "set", "use_context=new"], 2, "no flag file: give --file"),
        (["flags", "set", "use_registry=50%", "--file", "f.json"], 2, "a percentage is for context states"),
        (["metrics", "export", "--from", "absent", "--out", "x"], 2, "absent: No such file or directory"),
        (["metrics", "export", "--from", "."], 2, "--out"),
        (["flag"], 2, "invalid choice"),
        ([], 2, "required"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    arguments: "list[str]", code: int, message: str, python: Python, tmp_path: Path
) -> None:
    done = python("-m", "outfall_runtime", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["stage"], ["tables", "restore"], ["--help"], ["stage", "--help"], ["flags", "list"]])
def test_a_command_is_no_process_of_the_service(arguments: "list[str]", python: Python, tmp_path: Path) -> None:
    python("-m", "outfall_runtime", *arguments, environment={"OUTFALL_METRICS_DIR": "metrics"})
    assert list(tmp_path.iterdir()) == []


def test_nor_is_a_shell_that_only_imports_the_runtime(python: Python, tmp_path: Path) -> None:
    python("import outfall_runtime.metrics", environment={"OUTFALL_METRICS_DIR": "metrics"})
    assert list(tmp_path.iterdir()) == []


def test_a_usage_error_says_where_to_learn_more(python: Python) -> None:
    done = python("-m", "outfall_runtime", "stage", "rollback")
    assert done.returncode == 2
    assert done.stderr.endswith("required: STAGE, --reason; `python -m outfall_runtime stage rollback --help` says more\n")


def test_help_teaches(python: Python) -> None:
    done = python("-m", "outfall_runtime", "--help")
    assert done.returncode == 0
    for word in ("legacy -> shadow -> new -> enforced", "OUTFALL_FLAG_FILE", "flags set use_context=shadow", "export"):
        assert word in done.stdout


def test_flags_are_set_in_the_file_and_what_it_had_stays(python: Python, tmp_path: Path) -> None:
    first = python("-m", "outfall_runtime", "flags", "set", "use_x=new", "--file", "f.json", "--actor", "ada")
    second = python("-m", "outfall_runtime", "flags", "set", "use_context=25%", "--file", "f.json")
    document = json.loads((tmp_path / "f.json").read_text())
    assert (first.returncode, second.returncode, second.stdout) == (0, 0, "use_context = 25%\n")
    assert (document["version"], document["flags"]) == (1, {"use_context": "25%", "use_x": "new"})
    listed = python("-m", "outfall_runtime", "flags", "list", environment={"OUTFALL_FLAG_FILE": "f.json"})
    assert "use_context   25%       flag file" in listed.stdout


def test_a_broken_flag_file_is_not_overwritten(python: Python, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text("{")
    done = python("-m", "outfall_runtime", "flags", "set", "use_context=new", "--file", "f.json")
    assert (done.returncode, (tmp_path / "f.json").read_text()) == (2, "{")
    assert "f.json: not valid JSON" in done.stderr


SERVICE = "from outfall_runtime import StagedRegistry\ntable = StagedRegistry('service.table')\ntable['a'] = 1\n"


def test_evidence_of_several_processes_is_exported(python: Python, tmp_path: Path) -> None:
    environment = {"OUTFALL_METRICS_DIR": "metrics", "OUTFALL_FLAGS": "use_registry=new"}
    for _ in range(2):
        assert python(SERVICE, environment=environment).returncode == 0
    (tmp_path / "metrics" / "broken.json").write_text("{")
    done = python("-m", "outfall_runtime", "metrics", "export", "--from", "metrics", "--out", "evidence.json")
    exported = json.loads((tmp_path / "evidence.json").read_text())
    assert done.returncode == 3
    assert "broken.json: not valid JSON" in done.stderr
    assert "evidence.json: 2 processes, 1 state" in done.stderr
    assert [one["states"]["service.table"]["writes"]["new"] for one in exported["processes"]] == [1, 1]


def test_what_was_accepted_beside_the_flag_file_goes_into_the_evidence(python: Python, tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "flags.stages.json").write_text('{"version": 1, "accepted": {"a.py:1": "nightly only"}}')
    environment = {"OUTFALL_FLAG_FILE": "flags.json"}
    done = python("-m", "outfall_runtime", "metrics", "export", "--from", "metrics", "--out", "e.json", environment=environment)
    exported = json.loads((tmp_path / "e.json").read_text())
    assert (done.returncode, exported["accepted"]) == (0, {"a.py:1": "nightly only"})
    assert metrics.merge([exported, metrics.evidence([], {"b.py:2": "x"})])["accepted"] == {"a.py:1": "nightly only", "b.py:2": "x"}
