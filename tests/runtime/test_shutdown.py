"""The end of an interpreter makes no noise, whatever is going on when it comes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

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


@pytest.mark.usefixtures("sound_without_the_lock")
def test_with_everything_in_use_at_once(python: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "flags.json"
    path.write_text('{"version": 1, "flags": {"use_registry": "shadow"}}')
    environment = {"OUTFALL_FLAG_FILE": str(path), "OUTFALL_METRICS_DIR": str(tmp_path / "metrics")}
    done = python("-X", "dev", "-c", SHUTDOWN, environment=environment)
    assert (done.stderr, done.returncode) == ("", 0)
    (written,) = (tmp_path / "metrics").iterdir()
    assert json.loads(written.read_text())["processes"][0]["states"]["end.agents"]["mode"] == "shadow"


PROGRAMS: Dict[str, str] = {
    "daemon threads at work": """
import itertools, threading
from outfall_runtime import *

table = StagedRegistry("end.table", limit=20, ttl=0.01)
local = StagedContextLocal("end.local", "user")
slot = Slot("end.slot", 0)
resource = ThreadResource("end.resource", bytearray, close=bytearray.clear)
under_way = threading.Barrier(5)

class Owner: pass

def churn():
    for number in itertools.count():
        owner = Owner()
        try:
            table.register(number % 30, number, owner=owner)
        except AlreadyRegistered:
            pass
        flags.set("use_registry", flags.MODES[number % 4])
        flags.set("use_context", flags.MODES[number % 4])
        local.user = number
        resource.get()
        with context.use(number=number):
            slot.update(lambda value: value + 1)
        if number == 20:
            under_way.wait()

for _ in range(4):
    threading.Thread(target=churn, daemon=True).start()
under_way.wait()
""",
    "functions that run at exit": """
import atexit, threading
from outfall_runtime import *

table, local = StagedRegistry("end.table"), StagedContextLocal("end.local", "user")

class Owner: pass

@atexit.register
def late():
    flags.set("use_registry", "new")
    flags.set("use_context", "enforced")
    table.register("a", 1, owner=Owner())
    local.user = 1
    later = ContextLocal("end.later")
    later.user = 1
    Registry("end.another").register("a", 1, owner=threading.current_thread())
    with context.use(user="ada"):
        flags.declare("late")
""",
    "values that die last of all": """
import sys
from outfall_runtime import *

table, local = StagedRegistry("end.table", limit=3), StagedContextLocal("end.local", "user")
resource = ThreadResource("end.resource", object, close=lambda one: None)

class Value:
    def __del__(self):
        table["x"] = 1
        table.pop("x", None)
        table.get_or_create("y", int)
        local.user = 1
        flags.set("use_registry", "new")
        resource.get()
        context.bind(user="ada")
        with context.use(trace=1):
            context.current()

sys.kept = table["value"] = Value()
local.user, value = Value(), Value()
value.me = value
context.bind(value=Value())
""",
    "tasks and generators that nobody ends": """
import asyncio
from outfall_runtime import *

table, local = Registry("end.table"), ContextLocal("end.local", "user")

async def rows():
    with context.use(table="users"):
        yield 1
        yield 2

async def for_ever():
    local.user = 1
    with context.use(user="ada"):
        await asyncio.sleep(3600)

async def main():
    global generator
    table.register("main", 1, owner=asyncio.current_task())
    generator = rows()
    await generator.__anext__()
    asyncio.ensure_future(for_ever())
    await asyncio.sleep(0)

asyncio.run(main())
""",
    "threads that outlive the main one": """
import sys, threading
from outfall_runtime import *

table, local = StagedRegistry("end.table"), StagedContextLocal("end.local", "user")

def ends():
    with context.use(user="ada"):
        sys.exit(3)

def goes_on():
    threading.main_thread().join()
    for number in range(100):
        flags.set("use_registry", flags.MODES[number % 4])
        table[number] = local.user = number

for work in (ends, goes_on):
    thread = threading.Thread(target=work)
    thread.start()
    table.register(work, 1, owner=thread)
""",
    "processes of a pool": """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from outfall_runtime import *

table, local = StagedRegistry("end.table", {"a": 1}), StagedContextLocal("end.local", "user")

def work(number):
    with context.use(number=number, unpicklable=lambda: 1):
        table[number] = local.user = number
        if number == 3:
            raise ValueError(number)
        return table[number]

if __name__ == "__main__":
    for method in ("fork", "spawn"):
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
            futures = [pool.submit(work, number) for number in range(4)]
            assert [future.result() for future in futures[:3]] == [0, 1, 2]
            assert repr(futures[3].exception()) == "ValueError(3)"
""",
    "a child that leaves at once": """
import os
from outfall_runtime import *

table = StagedRegistry("end.table", {"a": 1})
flags.set("use_registry", "shadow")
child = os.fork()
table["b"] = 1
if child:
    os.waitpid(child, 0)
os._exit(0)
""",
}


@pytest.mark.usefixtures("sound_without_the_lock")
@pytest.mark.parametrize("what", PROGRAMS)
def test_nothing_is_said_at_the_end_of(what: str, python: Callable[..., Any], tmp_path: Path) -> None:
    program, path = tmp_path / "program.py", tmp_path / "flags.json"
    program.write_text(PROGRAMS[what])
    path.write_text('{"version": 1, "flags": {"use_events": "new"}}')
    environment = {"OUTFALL_FLAG_FILE": str(path), "OUTFALL_METRICS_DIR": str(tmp_path / "metrics")}
    environment["OUTFALL_METRICS_SECONDS"] = "0.05"
    done = python("-X", "dev", "-W", "ignore::DeprecationWarning", str(program), environment=environment)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
