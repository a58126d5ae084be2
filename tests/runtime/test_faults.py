"""What production does to a process: flips under load, forks, long lives, sudden ends."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import json
import os
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any, Callable, Iterator, List, Set

import pytest

from outfall_runtime import ContextLocal, Registry, StagedContextLocal, StagedRegistry, context, flags
from outfall_runtime._states import book

FLIPS = 1000


@pytest.fixture(autouse=True)
def eager_switching() -> Iterator[None]:
    """Let threads interrupt each other a thousand times more often than usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(interval)


class Storm:
    """Runs work until the flag has been dialled through all modes a thousand times."""

    def __init__(self, flag: str) -> None:
        self.flag = flag
        self.over = threading.Event()
        self.failures: List[BaseException] = []
        self.rounds = itertools.count()

    def run(self, work: List[Callable[[], None]]) -> None:
        threads = [threading.Thread(target=self._guarded, args=(one,)) for one in work]
        for thread in threads:
            thread.start()
        for number in range(FLIPS):
            flags.set(self.flag, flags.MODES[number % len(flags.MODES)])
        self.over.set()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert self.failures == []
        assert next(self.rounds) > len(work)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            while not self.over.is_set():
                work()
                next(self.rounds)
        except BaseException as error:
            self.failures.append(error)
            raise


def test_no_entry_of_a_table_is_lost_or_resurrected_while_the_flag_is_dialled() -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_faults.table", limit=10_000)
    storm = Storm("use_registry")
    added = itertools.count()

    def work() -> None:
        me = f"t{threading.get_ident()}"
        for number in range(20):
            key = f"{me}-{number}"
            table[key] = number
            assert table[key] == number
            assert table.get_or_create(key, lambda: -1) == number
            table.increment("total")
            next(added)
            if number % 2:
                del table[key]
                assert key not in table
        for number in range(0, 20, 2):
            assert table.pop(f"{me}-{number}") == number

    storm.run([work] * 8)
    assert table == {"total": next(added)}


def test_no_value_is_lost_or_shown_to_another_task_while_the_flag_is_dialled() -> None:
    local: Any = StagedContextLocal("test_faults.local", "user")
    record = book.get("test_faults.local")
    assert record is not None
    storm = Storm("use_context")
    numbers = itertools.count()
    written_the_old_way: Set[int] = set()

    def write() -> "tuple[int, bool]":
        mine = next(numbers)
        written_the_old_way.add(mine)
        local.user = mine
        fresh = local._outfall_store.cells.get()["user"].fresh
        if fresh:
            written_the_old_way.discard(mine)
        return mine, fresh

    async def request() -> None:
        mine, fresh = write()
        for _ in range(3):
            await asyncio.sleep(0)
            seen = local.user
            assert seen == mine or (not fresh and seen in written_the_old_way)

    async def requests() -> None:
        await asyncio.gather(*(request() for _ in range(25)))

    def tasks() -> None:
        asyncio.run(requests())

    def plain() -> None:
        mine, _ = write()
        assert local.user == mine
        del local.user
        assert not hasattr(local, "user")

    storm.run([tasks] * 8 + [plain] * 2)
    assert record.lost.total() == 0


FORKING = """
import faulthandler, os, sys, threading, time, traceback
from outfall_runtime import *

staged = StagedRegistry("fork.staged")
table = Registry("fork.table", limit=50)
local = StagedContextLocal("fork.local", "user")
resource = ThreadResource("fork.resource", lambda: os.getpid())
slot = Slot("fork.slot", 0)
table.register("foreign", 1, owner=threading.Thread(target=time.sleep, args=(0,)))
stop = threading.Event()
sleeper = threading.Thread(target=stop.wait)
sleeper.start()
staged.register("sleeper", 1, owner=sleeper)
local.user = "parent"

def churn():
    number = 0
    while not stop.is_set():
        number += 1
        flags.set("use_registry", flags.MODES[number % 4])
        table.get_or_create(number % 70, lambda: number)
        table.increment("n")
        staged[number % 9] = number
        slot.update(lambda value: value + 1)
        with context.use(number=number):
            local.user = number

threads = [threading.Thread(target=churn) for _ in range(4)]
[thread.start() for thread in threads]
assert resource.get() == os.getpid()
for _ in range(25):
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(10, exit=True)
        code = 3
        try:
            flags.set("use_registry", "new")
            for key in range(70):
                table.get_or_create(key, lambda: key)
                staged[key] = key
            table.increment("n")
            slot.set(7)
            local.user = "child"
            assert (local.user, slot.get(), resource.get()) == ("child", 7, os.getpid())
            assert "sleeper" not in staged, "an entry of a thread that does not exist here"
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    deadline = time.monotonic() + 20
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.kill(child, 9)
            print("deadlock in the child", flush=True)
            os._exit(1)
        time.sleep(0.002)
    if status:
        sys.exit(f"the child failed: {status}")
stop.set()
[thread.join() for thread in threads]
assert local.user == "parent"
print("survived")
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_a_fork_in_the_middle_of_everything(python: Callable[..., Any]) -> None:
    done = python("-W", "ignore::DeprecationWarning", "-c", FORKING)
    assert (done.stdout, done.stderr, done.returncode) == ("survived\n", "", 0)


FOLLOWING = """
import json, os, sys, time
from outfall_runtime import *
table = StagedRegistry("forked.table")
child = os.fork()
if child == 0:
    deadline = time.monotonic() + 20
    while flags.mode("use_registry") != "new" and time.monotonic() < deadline:
        time.sleep(0.02)
    os._exit(0 if flags.mode("use_registry") == "new" else 3)
path = os.environ["OUTFALL_FLAG_FILE"]
with open(path + ".new", "w") as stream:
    json.dump({"version": 1, "flags": {"use_registry": "new"}}, stream)
os.replace(path + ".new", path)
_, status = os.waitpid(child, 0)
sys.exit(status and 3)
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_a_forked_worker_follows_the_flag_file(python: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    path.write_text('{"version": 1, "flags": {}}')
    done = python(
        "-W", "ignore::DeprecationWarning", "-c", FOLLOWING, environment={"OUTFALL_FLAG_FILE": str(path)}
    )
    assert (done.stderr, done.returncode) == ("", 0)


SHUTDOWN = """
import asyncio, logging, os, subprocess, sys, threading
from outfall_runtime import *

flags.set("use_context", "new")
class Agent: pass
agents = StagedRegistry("end.agents", {"a": Agent()})
table = Registry("end.table", ttl=100)
table.register("me", Agent(), owner=threading.main_thread())
table.register("idle", Agent(), owner=threading.Thread(target=print))
table.register("self", Agent(), owner=(owner := Agent()))
local = StagedContextLocal("end.local", "user")
local.user = Agent()
resource = ThreadResource("end.resource", Agent, close=lambda agent: None)
resource.get()
install_logging()
def held():
    with context.use(user="ada"):
        yield
generator = held()
next(generator)
async def main():
    table.register("task", Agent(), owner=asyncio.current_task())
    local.user = 1
asyncio.run(main())
lazy = Lazy("end.lazy", Agent)
lazy.get()
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def test_the_end_of_the_interpreter_makes_no_noise(python: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    path.write_text('{"version": 1, "flags": {"use_registry": "shadow"}}')
    environment = {"OUTFALL_FLAG_FILE": str(path), "OUTFALL_METRICS_DIR": str(tmp_path / "metrics")}
    done = python("-X", "dev", "-c", SHUTDOWN, environment=environment)
    assert (done.stderr, done.returncode) == ("", 0)
    (written,) = (tmp_path / "metrics").iterdir()
    assert json.loads(written.read_text())["processes"][0]["states"]["end.agents"]["mode"] == "shadow"


def grown(work: Callable[[], None], rounds: int) -> int:
    """Bytes by which the second half of the rounds grew the heap."""
    for _ in range(rounds // 2):
        work()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(rounds // 2):
            work()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def instance_local() -> None:
    local = ContextLocal("test_faults.instance", "user")
    local.user = "ada"


SHARED: Any = ContextLocal("test_faults.shared", "user")
STAGED: Any = StagedContextLocal("test_faults.staged", "user")
TABLE: Registry[str, object] = Registry("test_faults.steady")


def one_request() -> None:
    def handle() -> None:
        with context.use(request=object()):
            SHARED.user = object()
            STAGED.user = object()
            context.bind(trace=1)

    contextvars.copy_context().run(handle)


def one_block_left_open() -> None:
    context.use(request=object()).__enter__()


def one_registration() -> None:
    owner = ContextLocal  # any object with weak references
    TABLE.register("key", object(), owner=owner)
    TABLE.unregister("key")


@pytest.mark.parametrize(
    ("work", "rounds"), [(one_request, 20_000), (one_registration, 20_000), (instance_local, 4000)]
)
def test_memory_is_flat(work: Callable[[], None], rounds: int) -> None:
    assert grown(work, rounds) < 60_000


def blocks_after(work: Callable[[], None], rounds: int) -> int:
    """By how many blocks of memory the rounds grow the heap, once warm."""
    for _ in range(2_000):
        work()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(rounds):
        work()
    gc.collect()
    return sys.getallocatedblocks() - before


def test_a_million_contexts_need_the_memory_of_one() -> None:
    assert blocks_after(one_request, 1_000_000) < 500


def test_the_check_of_a_million_contexts_can_fail() -> None:
    kept: List[contextvars.Context] = []

    def one_context_kept() -> None:
        kept.append(contextvars.copy_context())

    assert blocks_after(one_context_kept, 2_000) > 500


def test_the_check_for_flat_memory_can_fail() -> None:
    assert grown(one_block_left_open, 2000) > 60_000


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")])
def test_evidence_that_cannot_be_written_leaves_the_old_file(
    error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from outfall_runtime import metrics

    path = metrics.write_snapshot(tmp_path)
    assert path is not None
    before = Path(path).read_text()

    def fail(descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=error.strerror):
        metrics.write_snapshot(tmp_path)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [(Path(path).name, before)]
