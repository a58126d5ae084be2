"""The console has running processes back up, restore, rebuild and clean up their own tables."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable

import pytest

from outfall_runtime._rollout import requests

pytestmark = pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")

Serve = Callable[[int], Any]  # the fixture of conftest.py
NAME = "server.entries"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["tables", "sizes"], 2, "give --metrics or set OUTFALL_METRICS_DIR"),
        (["tables", "sizes", "--metrics", "absent"], 2, "absent: no running process of this service is known here"),
        (["tables", "sizes", "--metrics", ".", "--pid", "7"], 2, "no process 7 of this service"),
        (["tables", "backup", "--metrics", "."], 2, "--to"),
    ],
)
def test_wrong_use_is_said(arguments: "list[str]", code: int, message: str, python: Callable[..., Any]) -> None:
    done = python("-m", "outfall_runtime", *arguments)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (code, "", False)
    assert message in done.stderr


def test_every_process_backs_up_its_own_tables_and_takes_them_back(serve: Serve, tmp_path: Path) -> None:
    server = serve(2)
    for number in range(10):
        server.ask(f"user{number}")
    worker = min(server.workers())
    done = server.console("tables", "backup", "--to", str(tmp_path / "backups"))
    assert (done.returncode, done.stderr) == (0, "")
    files = {int(path.name.split("-")[-2]): path for path in (tmp_path / "backups").iterdir()}
    assert set(files) == server.workers() | {server.process.pid}
    held = {pid: json.loads(path.read_text())["tables"][0]["entries"] for pid, path in files.items()}
    assert sum(len(entries) - 1 for pid, entries in held.items()) == 10  # each has that of the master besides

    refused = server.console("tables", "restore", str(files[worker]))
    assert (refused.returncode, "say with --pid" in refused.stderr) == (2, True)
    restored = server.console("tables", "restore", str(files[worker]), "--pid", str(worker))
    assert (restored.returncode, restored.stderr) == (0, "")
    assert f"process {worker}: 0 entries restored" in restored.stdout
    files[worker].write_text("{")
    broken = server.console("tables", "restore", str(files[worker]), "--pid", str(worker))
    assert (broken.returncode, broken.stdout) == (4, "")
    assert "not valid JSON" in broken.stderr


def test_a_refusal_of_a_process_is_named(serve: Serve) -> None:
    server = serve(1)
    done = server.console("tables", "rebuild", NAME)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.count(f"nothing says what {NAME} is rebuilt from") == 2  # the master, too


def test_sizes_cleanup_and_ensure(serve: Serve) -> None:
    server = serve(1)
    sizes = server.console("tables", "sizes")
    assert (sizes.returncode, sizes.stdout.count(NAME)) == (0, 2)
    assert server.console("tables", "cleanup").stdout.count("0 entries removed from 1 tables") == 2
    ensured = server.console("tables", "ensure", NAME, "no_such_module.t")
    assert (ensured.stdout.count("1 of 2 tables are there"), ensured.stderr.count("there is no module")) == (2, 2)


class Clerk(requests.Desk):
    """A desk that only notes what it would do."""

    def __init__(self) -> None:
        super().__init__()
        self.obeyed: "list[str]" = []

    def obey(self, request: "dict[str, Any]", answer: str) -> None:
        self.obeyed.append(str(request["action"]))


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    folder = tmp_path / "requests"
    folder.mkdir()
    document = {"format": "outfall-request", "version": 1, "action": "tables.sizes", "arguments": {}, "for": ["me"]}
    path = folder / "1.request"
    path.write_text(json.dumps(document))
    os.chmod(path, 0o600)
    return path


def obeyed(tmp_path: Path, me: str = "me") -> "list[str]":
    clerk = Clerk()
    clerk.look(str(tmp_path), me)
    clerk.look(str(tmp_path), me)
    return clerk.obeyed


def test_a_request_is_obeyed_once_and_by_whom_it_names(request_file: Path, tmp_path: Path) -> None:
    assert (obeyed(tmp_path, "somebody-else"), obeyed(tmp_path)) == ([], ["tables.sizes"])


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_request_that_somebody_else_could_have_written_is_not_obeyed(
    mode: int, request_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.chmod(request_file, mode)
    assert obeyed(tmp_path) == []
    assert "somebody else could have written it" in caplog.text


def test_a_request_of_another_user_is_not_obeyed(request_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(request_file).st_uid + 1)
    expected = ["tables.sizes"] if os.stat(request_file).st_uid == 0 else []  # root's requests are obeyed
    assert obeyed(tmp_path) == expected


def test_a_request_that_was_left_behind_is_not_obeyed(request_file: Path, tmp_path: Path) -> None:
    os.utime(request_file, (1, 1))
    assert obeyed(tmp_path) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "outfall-request", "version": 2}'])
def test_a_broken_request_is_named(text: str, request_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    request_file.write_text(text)
    assert obeyed(tmp_path) == []
    assert "a request could not be read" in caplog.text


def test_an_action_that_there_is_not_is_answered_with_an_error(tmp_path: Path) -> None:
    requests._answer({"action": "os.system", "arguments": {"command": "true"}}, str(tmp_path / "answer"))
    assert json.loads((tmp_path / "answer").read_text())["error"] == "KeyError: 'os.system'"
