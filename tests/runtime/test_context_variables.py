"""Context variables: where they stand, and that no thread inherits them.

There are builds whose threads start in a copy of their starter's context. Every program is run on such a build and on an
ordinary one; where this interpreter can be only one of them, the other is made of it.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Callable

import pytest

from outfall_runtime import ContextValue

Python = Callable[..., "subprocess.CompletedProcess[str]"]

# Before 3.14: what `Thread` does there, as its source has it.
INHERIT = """
import sys, types, contextvars, threading
names = [name for name in dir(sys.flags) if not name.startswith(("_", "n_", "count", "index"))]
sys.flags = types.SimpleNamespace(**{name: getattr(sys.flags, name) for name in names}, thread_inherit_context=1)
plain_start, plain_run = threading.Thread.start, threading.Thread._bootstrap_inner
threading.Thread._context = None
def start(self):
    self._context = contextvars.copy_context()
    plain_start(self)
threading.Thread.start = start
threading.Thread._bootstrap_inner = lambda self: self._context.run(plain_run, self)
"""

BEGIN = """
import asyncio, contextvars, logging, threading
from concurrent.futures import ThreadPoolExecutor
from outfall_runtime import (
    ContextExecutor, ContextLocal, ContextValue, StagedContextLocal, context, flags, isolate, span, spans,
)

def in_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]

def fields():
    return dict(context.current())
"""

PROGRAMS = {
    "fields": """
        with context.use(user="ada"):
            assert in_thread(fields) == {}
            assert in_thread(context.wrap(fields)) == {"user": "ada"}
            def work():
                with context.use(own=1):
                    context.bind(more=2)
                    return fields()
            assert in_thread(work) == {"own": 1, "more": 2}
        """,
    "a worker that a request started": """
        with ThreadPoolExecutor(1) as pool, context.use(user="ada"), span("request"):
            assert pool.submit(fields).result() == {}
            assert pool.submit(spans.current).result() is None
            assert pool.submit(context.wrap(fields)).result() == {"user": "ada"}
            assert pool.submit(fields).result() == {}
        """,
    "a worker whose first job was wrapped": """
        with ThreadPoolExecutor(1) as pool:
            with context.use(user="ada"), span("request") as request:
                assert pool.submit(context.wrap(fields)).result() == {"user": "ada"}
            with context.use(user="bob"):
                assert pool.submit(fields).result() == {}
                assert pool.submit(spans.current).result() is None
                assert pool.submit(context.wrap(fields)).result() == {"user": "bob"}
        """,
    "executors of ours": """
        def carried_on():
            with ContextExecutor(1) as inner:
                return inner.submit(fields).result()
        with ContextExecutor(1) as pool, context.use(user="ada"):
            assert pool.submit(fields).result() == {"user": "ada"}
            assert pool.submit(carried_on).result() == {"user": "ada"}
            assert in_thread(carried_on) == {}
        """,
    "what is wrapped in a thread": """
        local = ContextLocal("test.wrapped", "user")
        local.user = "ada"
        with context.use(user="ada"):
            assert in_thread(lambda: in_thread(context.wrap(fields))) == {}
            assert in_thread(lambda: in_thread(context.wrap(lambda: hasattr(local, "user")))) is False
        """,
    "asyncio": """
        async def main():
            with context.use(user="ada"):
                assert await asyncio.to_thread(fields) == {"user": "ada"}
                assert await asyncio.get_running_loop().run_in_executor(None, fields) == {}
                assert await asyncio.create_task(child()) == {"user": "ada"}
        async def child():
            return fields()
        asyncio.run(main())
        """,
    "context locals": """
        local, left = ContextLocal("test.local", "user"), ContextLocal("test.left", "user")
        local.user, left.user = "ada", "bob"
        assert in_thread(lambda: (hasattr(local, "user"), local.__dict__)) == (False, {})
        def work():
            local.user = "worker"
            return local.user, hasattr(left, "user")
        assert in_thread(work) == ("worker", False)
        assert in_thread(context.wrap(lambda: (local.user, left.user))) == ("ada", "bob")
        assert in_thread(context.wrap(lambda: (local.user, hasattr(left, "user")), states=[local])) == ("ada", False)
        with ThreadPoolExecutor(1, initializer=setattr, initargs=(left, "user", "worker")) as pool:
            assert pool.submit(context.wrap(lambda: (local.user, left.user), states=[local])).result() == ("ada", "worker")
        assert local.user == "ada"
        """,
    "context locals with an __init__": """
        class Request(ContextLocal, name="test.Request", attributes=("user", "made")):
            def __init__(self, user):
                self.user = user
                made.append(user)
        made = []
        request = Request("nobody")
        request.user = "ada"
        assert in_thread(lambda: (request.user, request.user)) == ("nobody", "nobody")
        assert (request.user, made) == ("ada", ["nobody", "nobody"])
        """,
    "context values": """
        value = ContextValue("test.value", default="none")
        def work():
            seen = [value.get(), value.is_set()]
            with value.use("block"):
                seen.append(value.get())
            seen.append(value.get())
            value.set("worker")
            return [*seen, value.get()]
        value.set("starter")
        assert in_thread(work) == ["none", False, "block", "none", "worker"]
        with value.use("in a block"):
            assert in_thread(value.get) == "none"
            assert in_thread(context.wrap(value.get)) == "in a block"
        assert value.get() == "starter"
        """,
    "spans": """
        def work():
            with span("work") as one:
                pass
            return one
        with span("request") as request:
            apart, carried = in_thread(work), in_thread(context.wrap(work))
        assert apart.parent_id == "" and apart.context.trace_id != request.context.trace_id
        assert carried.parent_id == request.context.span_id
        held = span("held").begin()
        assert in_thread(work).parent_id == ""
        in_thread(held.end)
        assert spans.current() is None
        """,
    "pinned flags": """
        def flag():
            return flags.enabled("use_events")
        with flags.pinned():
            flags.enable("use_events")
            assert (flag(), in_thread(flag), in_thread(context.wrap(flag))) == (False, True, False)
        """,
    "staged context locals": """
        local = StagedContextLocal("test.staged", "user")
        record = local._outfall_store.record
        for mode in ("legacy", "shadow", "new", "enforced"):
            flags.set("use_context", mode)
            local.user = "ada"
            assert in_thread(lambda: hasattr(local, "user")) is False, mode
            def work():
                local.user = "worker"
                return local.user
            assert in_thread(work) == "worker", mode
            assert local.user == "ada", mode
        assert (record.lost.total(), record.bleed.total(), record.inherited.total()) == (0, 0, 0)
        """,
    "a thread that a wrapped one starts": """
        with context.use(user="ada"):
            assert in_thread(context.wrap(lambda: (fields(), in_thread(fields)))) == ({"user": "ada"}, {})
        """,
    "isolated generators": """
        @isolate
        def rows():
            yield fields()
            context.bind(row=1)
            yield fields()
        with context.use(user="ada"):
            assert in_thread(lambda: list(rows())) == [{}, {"row": 1}]
            assert list(rows()) == [{"user": "ada"}, {"user": "ada", "row": 1}]
        """,
    "timers, and threads that `_thread` starts": """
        import _thread
        found = []
        with context.use(user="ada"):
            timer = threading.Timer(0, lambda: found.append(fields()))
            timer.start()
            timer.join()
            done = threading.Event()
            _thread.start_new_thread(lambda: (found.append(fields()), done.set()), ())
            done.wait(30)
        assert found == [{}, {}]
        """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("inherits", [0, 1])
def test_threads_begin_without_what_their_starter_has(python: Python, program: str, inherits: int) -> None:
    text = BEGIN + textwrap.dedent(program)
    if sys.version_info >= (3, 14):
        done = python("-X", f"thread_inherit_context={inherits}", "-c", text)
    else:
        done = python(INHERIT * inherits + text)
    assert (done.returncode, done.stderr) == (0, "")


APART = """
from outfall_runtime import ContextLocal, context
from outfall_runtime._contexts import units
from outfall_runtime._spans.chain import chain
locals_ = [ContextLocal(f"test.local{number}") for number in range(10)]
variables = [chain, context._top, units._marker, *(one._outfall_store.cells.variable for one in locals_)]
plain = [getattr(one, "_variable", one) for one in variables]
print(len({(hash(one) ^ (hash(one) >> 32)) % 32 for one in plain}), len(plain))
"""


def test_no_two_of_them_share_a_place_in_a_context(python: Python) -> None:
    done = python(APART)
    assert (done.stdout, done.stderr) == ("13 13\n", "")


def test_there_may_be_more_of_them_than_places() -> None:
    values = [ContextValue(f"test.value{number}", default=number) for number in range(100)]
    for value in values:
        value.set(-1)
    assert {value.get() for value in values} == {-1}
