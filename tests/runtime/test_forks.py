"""A fork in the middle of everything: no deadlock, nothing of threads that do not exist in the child."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

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
        faulthandler.dump_traceback_later(60, exit=True)
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
    deadline = time.monotonic() + 90  # a loaded machine is slow; a deadlock is for ever
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
@pytest.mark.usefixtures("sound_without_the_lock")
def test_a_fork_in_the_middle_of_everything(python: Callable[..., Any]) -> None:
    done = python("-W", "ignore::DeprecationWarning", "-c", FORKING)
    assert (done.stdout, done.stderr, done.returncode) == ("survived\n", "", 0)


HELD = """
import asyncio, faulthandler, os, sys, threading
from outfall_runtime import *
from outfall_runtime import owners
from outfall_runtime._tables import catalogue as _tables
from outfall_runtime._common.states import book

table = Registry("held.table", limit=3)
staged = StagedRegistry("held.staged")
local = StagedContextLocal("held.local", "user")
slot = Slot("held.slot", 0)
lazy = Lazy("held.lazy", lambda: "made")
sleeper = threading.Thread(target=threading.Event().wait, daemon=True)
sleeper.start()
table.register("sleeper", 1, owner=sleeper)
flags.watcher.start()

locks = [flags.board._lock, flags.watcher._looking, slot._lock]
locks += [local._outfall_store._changing, table._outfall._timing, staged._outfall._timing]
locks += [record._changing for record in book.records()]
lists = [owners._poller._tickets, local._outfall_store.cells._made._tickets, _tables._tables._all._tickets]
held, parent = threading.Event(), os.getpid()

def hold_everything():
    for lock in locks:
        lock.acquire()
    for one in lists:
        one.clear()
    for claims, key in ((table._outfall.claims, "k"), (staged._outfall.claims, "k"), (lazy._claims, "held.lazy")):
        claims.take(key)
    staged._outfall._evicting.append("k")
    held.set()
    threading.Event().wait()

threading.Thread(target=hold_everything, daemon=True).start()
held.wait()
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    print("survived" if status == 0 else f"the child failed: {status}", flush=True)
    os._exit(0)

faulthandler.dump_traceback_later(60, exit=True)
for mode in ("new", "shadow", "legacy", "enforced"):
    flags.set("use_registry", mode)
    flags.set("use_context", mode)
    table["k"] = staged["k"] = local.user = mode
    table.register("short", 1, ttl=60)
    del table["short"]
    assert (table["k"], staged["k"], local.user) == (mode,) * 3
flags.set("use_registry", "legacy")
assert type(staged) is StagedRegistry, "a rollback that waits for an eviction nobody makes"
assert flags.refresh() is False
slot.set(1)
assert slot.compare_and_set(slot.get(), 2)
assert (lazy.get(), "sleeper" in table) == ("made", False)
for number in range(200):
    local.user = number
assert len(local._outfall_store.cells._made.refs) < 200, "nobody tidies up"
finish = threading.Event()
owner = threading.Thread(target=finish.wait)
owner.start()
table.register("mine", 1, owner=owner)
finish.set()
while "mine" in table:  # until the poller of the child looks
    threading.Event().wait(0.02)
os._exit(0)
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_a_child_needs_nothing_that_other_threads_held_at_the_fork(python: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    path.write_text('{"version": 1, "flags": {}}')
    done = python("-W", "ignore::DeprecationWarning", "-c", HELD, environment={"OUTFALL_FLAG_FILE": str(path)})
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


LAZY = """
import asyncio, os
from outfall_runtime import Lazy

async def main():
    go_on = asyncio.Event()
    async def factory():
        await go_on.wait()
        return "parent"
    lazy = Lazy("fork.lazy", factory)
    task = asyncio.ensure_future(lazy.aget())
    await asyncio.sleep(0)
    child = os.fork()
    if child == 0:
        lazy._factory = lambda: "child"
        os._exit(0 if lazy.get() == "child" else 1)
    assert os.waitpid(child, 0)[1] == 0
    go_on.set()
    print(await task)

asyncio.run(main())
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_a_child_makes_the_value_that_a_task_of_its_parent_was_making(python: Callable[..., Any]) -> None:
    done = python(LAZY)
    assert (done.stdout, done.stderr, done.returncode) == ("parent\n", "", 0)
