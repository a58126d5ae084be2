"""One command reaches every worker of a pre-fork server, and names the one that does not answer."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, List, Set

import pytest

from outfall_runtime import control, metrics
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout import workers
from outfall_runtime._common.modes import Setting

pytestmark = pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")

Serve = Callable[[int], Any]  # the fixture of conftest.py
PATIENCE = 60.0  # seconds; a loaded machine is slow


def test_a_worker_that_does_not_answer_is_named(serve: Serve) -> None:
    server = serve(2)
    silent = max(server.workers())
    os.kill(silent, signal.SIGSTOP)
    move = control.set_flags({"use_context": Setting("shadow")}, actor="ada", timeout=2.0, **server.place)
    assert move.reach is not None
    assert [one.pid for one in move.reach.missing] == [silent]
    (line,) = move.reach.lines()
    assert line.endswith(f"process {silent} did not answer (has revision 1)")
    os.kill(silent, signal.SIGCONT)
    assert not workers.wait_for(server.metrics, server.file, move.revision, PATIENCE).missing


def test_the_console_names_it_too_and_says_so_by_its_exit_code(serve: Serve) -> None:
    server = serve(1)
    (silent,) = server.workers()
    os.kill(silent, signal.SIGSTOP)
    done = server.console("flags", "set", "use_context=shadow", "--timeout", "0.2")
    assert done.returncode == 1
    assert f"process {silent} did not answer" in done.stderr
    assert flag_file.read(server.file).settings == {"use_context": Setting("shadow")}


def test_a_name_that_no_process_declares_is_refused_unless_it_is_meant(serve: Serve) -> None:
    server = serve(1)
    wrong = server.console("flags", "set", "use_registry:server.entrys=legacy")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "no running process declares 'use_registry:server.entrys' (did you mean 'use_registry:server.entries'?)" in wrong.stderr
    assert flag_file.read(server.file).settings == {}
    meant = server.console("flags", "set", "use_new_search=new", "--undeclared")
    assert (meant.returncode, flag_file.read(server.file).settings) == (0, {"use_new_search": Setting("new")})


def test_a_worker_that_cannot_read_the_file_says_why(serve: Serve) -> None:
    server = serve(1)
    Path(server.file).write_text("{")
    (worker,) = server.workers()

    def told() -> bool:
        return any(one.problem for one in workers.living(server.metrics, server.file)[0] if one.pid == worker)

    server.wait(told, "no word of the broken file")
    reach = workers.wait_for(server.metrics, server.file, 2, 0.0)
    assert any("it cannot read the flag file" in line and "not valid JSON" in line for line in reach.lines())


def test_a_killed_worker_is_not_waited_for(serve: Serve) -> None:
    server = serve(2)
    killed = min(server.workers())
    os.kill(killed, signal.SIGKILL)
    server.wait(lambda: killed not in server.workers(), "the dead worker still counts")
    move = control.set_flags({"use_context": Setting("shadow")}, actor="ada", timeout=PATIENCE, **server.place)
    assert move.reach is not None
    assert (move.reach.missing, killed in {one.pid for one in move.reach.reached}) == ((), False)


def test_eight_workers_killed_at_random_while_stages_go_forward_and_back(serve: Serve) -> None:
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


def check_evidence(server: Any, ended: Set[int], killed: Set[int], answered: "Counter[int]") -> int:
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
    for mode in ("shadow", "new", "enforced"):
        assert truth["sure"].get(mode, 0) <= writes[mode] <= truth["sure"].get(mode, 0) + truth["unsure"]
    assert writes["legacy"] <= truth["unsure"]  # there a table is a plain dict, but for a write that was under way
