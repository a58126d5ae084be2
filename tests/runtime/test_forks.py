"""A fork in the middle of everything, and the quiet end of an interpreter."""

from __future__ import annotations

import json
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
