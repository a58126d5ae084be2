"""The console has running processes back up, restore, rebuild and clean up their own tables."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any, Callable

import pytest

from outfall_runtime import _requests, _workers
from outfall_runtime._presence import SUFFIX

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


def test_a_request_that_somebody_else_could_have_written_is_not_obeyed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: "list[object]" = []
    monkeypatch.setattr("outfall_runtime._requests._answer", lambda *args: done.append(args))
    worker = _workers.Worker("web", 1, 0, "", "", {}, f"me{SUFFIX}")
    asking = threading.Thread(target=_requests.ask, args=(str(tmp_path), [worker], "tables.sizes", {}, 1.0))
    asking.start()
    folder = tmp_path / "requests"
    while not (folder.is_dir() and list(folder.glob("*.request"))):
        asking.join(0.01)
    (request,) = folder.glob("*.request")
    os.chmod(request, 0o666)
    _requests.Desk().look(str(tmp_path), "me")
    os.chmod(request, 0o600)
    _requests.Desk().look(str(tmp_path), "somebody-else")
    assert (done, "somebody else could have written it" in caplog.text) == ([], True)
    asking.join(20)
    assert list(folder.iterdir()) == []


def test_a_request_that_was_left_behind_is_not_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: "list[object]" = []
    monkeypatch.setattr("outfall_runtime._requests._answer", lambda *args: done.append(args))
    folder = tmp_path / "requests"
    folder.mkdir()
    document = {"format": "outfall-request", "version": 1, "action": "tables.sizes", "arguments": {}, "for": ["me"]}
    (folder / "1.request").write_text(json.dumps(document))
    os.chmod(folder / "1.request", 0o600)
    os.utime(folder / "1.request", (1, 1))
    _requests.Desk().look(str(tmp_path), "me")
    assert done == []
