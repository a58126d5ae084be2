"""One command reaches every worker of a pre-fork server, and names the one that does not answer."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Set

import pytest

from outfall_runtime import _flag_file, _workers, control, metrics
from outfall_runtime._modes import Setting

pytestmark = pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")

SERVER = Path(__file__).with_name("prefork_server.py")
RUNTIME = Path(__file__).resolve().parents[2] / "runtime"
PATIENCE = 60.0  # seconds; a loaded machine is slow


class Server:
    """The pre-fork server as a process of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.file = str(folder / "flags.json")
        self.metrics = str(folder / "metrics")
        self.place = {"file": self.file, "folder": self.metrics}
        self.folder = folder
        self.count = count
        environment = {name: text for name, text in os.environ.items() if not name.startswith("OUTFALL_")}
        environment.update(PYTHONPATH=str(RUNTIME), OUTFALL_FLAG_FILE=self.file, OUTFALL_METRICS_DIR=self.metrics)
        environment.update(OUTFALL_METRICS_SECONDS="0.2", PYTHONWARNINGS="ignore::DeprecationWarning")
        _flag_file.put(self.file, {"flags": {}}, revision=1, actor="test")
        self.errors = open(folder / "errors", "wb")
        command = [sys.executable, str(SERVER), str(count), str(folder)]
        self.process = subprocess.Popen(command, env=environment, stderr=self.errors)
        self.wait(lambda: (folder / "port").exists(), "the server did not start")
        self.port = int((folder / "port").read_text())
        self.wait(lambda: len(self.workers()) == count, "not all workers said that they are there")

    def workers(self) -> Set[int]:
        """The living workers that have said so."""
        found, _ = _workers.living(self.metrics, self.file)
        return {one.pid for one in found} - {self.process.pid}

    def wait(self, condition: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, otherwise
            time.sleep(0.02)

    def ask(self, text: str) -> Optional[str]:
        """The answer; None where the worker was killed before it came."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
                connection.sendall(text.encode())
                return connection.recv(1000).decode() or None
        except ConnectionError:
            return None

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0
        self.errors.close()

    def close(self) -> None:
        """Whatever happened: nothing is left running."""
        for pid in [*self.workers(), self.process.pid]:
            try:
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(PATIENCE)
        self.errors.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[int], Server]]:
    made: List[Server] = []

    def start(count: int) -> Server:
        made.append(Server(tmp_path, count))
        return made[-1]

    yield start
    for server in made:
        server.close()


def test_a_worker_that_does_not_answer_is_named(serve: Callable[[int], Server]) -> None:
    server = serve(2)
    silent = max(server.workers())
    os.kill(silent, signal.SIGSTOP)
    move = control.set_flags({"use_context": Setting("shadow")}, actor="ada", timeout=2.0, **server.place)
    assert move.reach is not None
    assert [one.pid for one in move.reach.missing] == [silent]
    (line,) = move.reach.lines()
    assert line.endswith(f"process {silent} did not answer (has revision 1)")
    os.kill(silent, signal.SIGCONT)
    assert not _workers.wait_for(server.metrics, server.file, move.revision, PATIENCE).missing


def test_the_console_names_it_too_and_says_so_by_its_exit_code(serve: Callable[[int], Server]) -> None:
    server = serve(1)
    (silent,) = server.workers()
    os.kill(silent, signal.SIGSTOP)
    command = [sys.executable, "-m", "outfall_runtime", "flags", "set", "use_context=shadow", "--timeout", "0.2"]
    place = ["--file", server.file, "--metrics", server.metrics]
    environment = {**os.environ, "PYTHONPATH": str(RUNTIME)}
    done = subprocess.run([*command, *place], capture_output=True, text=True, env=environment, timeout=PATIENCE)
    assert done.returncode == 1
    assert f"process {silent} did not answer" in done.stderr
    assert _flag_file.read(server.file).settings == {"use_context": Setting("shadow")}


def test_a_worker_that_cannot_read_the_file_says_why(serve: Callable[[int], Server]) -> None:
    server = serve(1)
    Path(server.file).write_text("{")
    (worker,) = server.workers()

    def told() -> bool:
        return any(one.problem for one in _workers.living(server.metrics, server.file)[0] if one.pid == worker)

    server.wait(told, "no word of the broken file")
    reach = _workers.wait_for(server.metrics, server.file, 2, 0.0)
    assert any("it cannot read the flag file" in line and "not valid JSON" in line for line in reach.lines())


def test_a_killed_worker_is_not_waited_for(serve: Callable[[int], Server]) -> None:
    server = serve(2)
    killed = min(server.workers())
    os.kill(killed, signal.SIGKILL)
    server.wait(lambda: killed not in server.workers(), "the dead worker still counts")
    move = control.set_flags({"use_context": Setting("shadow")}, actor="ada", timeout=PATIENCE, **server.place)
    assert move.reach is not None
    assert (move.reach.missing, killed in {one.pid for one in move.reach.reached}) == ((), False)


def test_eight_workers_killed_at_random_while_stages_go_forward_and_back(serve: Callable[[int], Server]) -> None:
    server = serve(8)
    chance = random.Random(7)
    done = threading.Event()
    answers: List[str] = []

    def clients() -> None:
        number = 0
        while not done.is_set():
            number += 1
            answer = server.ask(f"user{number}")
            if answer is not None:
                answers.append(answer)

    threads = [threading.Thread(target=clients) for _ in range(2)]
    for thread in threads:
        thread.start()
    moves = []
    killed: Set[int] = set()
    try:
        for stage in ("1", "2", "3", "4a", "4b", "5", "back 5", "back 4b", "back 3", "back 2", "back 1"):
            victim = chance.choice(sorted(server.workers()))
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
            if stage.startswith("back"):
                move = control.rollback(stage[5:], reason="test", actor="ada", timeout=PATIENCE, **server.place)
            else:
                move = control.advance(actor="ada", force=True, reason="test", timeout=PATIENCE, **server.place)
                assert move.after == stage
            moves.append(move)
            server.wait(lambda: len(server.workers()) == 8, "a killed worker was not replaced")
    finally:
        done.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert [line for move in moves if move.reach is not None for line in move.reach.lines()] == []
    assert [answer for answer in answers if not answer.startswith("ok ")] == []
    modes = {answer.split()[2] for answer in answers}
    assert modes == {"legacy", "shadow", "new", "enforced"}
    ended = server.workers()
    server.end()
    answered = Counter(int(answer.split()[1]) for answer in answers)
    assert check_evidence(server, ended, killed, answered) == 8


def check_evidence(server: Server, ended: Set[int], killed: Set[int], answered: "Counter[int]") -> int:
    """Hold what processes reported against what they and their clients know; returns how many knew."""
    processes = {one["pid"]: one for one in metrics.merge(metrics.read_folder(server.metrics)[0])["processes"]}
    truths = {int(path.stem): json.loads(path.read_text()) for path in server.folder.glob("*.truth")}
    assert (set(truths), killed & set(truths)) == (ended, set())
    for pid, process in processes.items():
        table = process["states"]["server.entries"]
        assert (table["lost"], table["would_evict"], process["states"]["server.request"]["lost"]) == (0, 0, 0)
        assert sum(table["writes"].values()) <= answered[pid] + (pid in killed)
        if pid in truths:
            check_counts(table["writes"], truths[pid])
    return len(truths)


def check_counts(writes: Dict[str, int], truth: Dict[str, Any]) -> None:
    for mode in ("shadow", "new", "enforced"):  # in legacy a table is a plain dict
        assert truth["sure"].get(mode, 0) <= writes[mode] <= truth["sure"].get(mode, 0) + truth["unsure"]
    assert writes["legacy"] == 0
