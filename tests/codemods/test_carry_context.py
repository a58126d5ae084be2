"""Work for another thread takes a context along where the user names its state, and only where a thread surely runs it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from outfall_codemods.errors import UsageError
from outfall_runtime import flags

if TYPE_CHECKING:
    from .conftest import Project

HEAD = (
    "import asyncio\nimport threading\nfrom concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor\nfrom contextvars import ContextVar\n"
    "from functools import partial\nfrom multiprocessing.pool import ThreadPool\n\n"
    '_user = ContextVar("user")\n\n\ndef login(user):\n    return _user.set(user)\n\n\ndef audit(*what):\n    return _user.get(), what\n\n\n'
)
STATE = "app._user"

DECLINED = {
    "an executor of whatever kind": ("def f(pool):\n    pool.submit(audit, 1)\n", "whether `pool` runs it in a thread or in another process"),
    "a pool of processes": ("pool = ProcessPoolExecutor()\ndef f():\n    pool.submit(audit, 1)\n", "whether `pool` runs it in a thread"),
    "a name for pools of both kinds": (
        "pool = ThreadPoolExecutor()\ndef f():\n    global pool\n    pool = ProcessPoolExecutor()\n    pool.submit(audit)\n", "whether `pool` runs it in a thread",
    ),
    "a loop's executor that was handed in": (
        "async def f(loop, executor):\n    await loop.run_in_executor(executor, audit)\n", "whether `executor` runs it in a thread",
    ),
    "a thread that starts elsewhere": (
        "class W:\n    def __init__(self):\n        self.t = threading.Thread(target=audit)\n    def go(self):\n        self.t.start()\n", "is started elsewhere",
    ),
    "a thread that is handed out": ("def f():\n    return threading.Thread(target=audit)\n", "is started elsewhere"),
    "a thread made while importing": ("t = threading.Thread(target=audit)\n", "is started elsewhere"),
}  # fmt: skip

TRANSFORMED = {
    "to a pool of the module": ("_pool = ThreadPoolExecutor()\ndef f():\n    return _pool.submit(audit, 1).result()\n", "_pool.submit(context.wrap(audit), 1)"),
    "to a pool of a block": (
        "def f():\n    with ThreadPoolExecutor() as pool:\n        return list(pool.map(audit, [1]))[0]\n", "pool.map(context.wrap(audit), [1])",
    ),
    "to an annotated pool": ("def g(pool: ThreadPoolExecutor):\n    return pool.submit(audit, 1)\ndef f():\n    return g(ThreadPoolExecutor()).result()\n", "pool.submit(context.wrap(audit), 1)"),
    "to a pool that an instance keeps": (
        "class W:\n    def __init__(self):\n        self._pool = ThreadPool(1)\n    def go(self):\n        return self._pool.apply_async(audit, (1,)).get()\n"
        "def f():\n    return W().go()\n",
        "apply_async(context.wrap(audit), (1,))",
    ),
    "to the loop's own executor": (
        "async def g():\n    return await asyncio.get_running_loop().run_in_executor(None, audit, 1)\ndef f():\n    return asyncio.run(g())\n",
        "run_in_executor(\n        None, context.wrap(audit), 1\n    )",
    ),
    "to a thread at once": (
        "def f():\n    got = []\n    t = threading.Thread(target=lambda: got.append(audit(1)))\n    t.start()\n    t.join()\n    return got[0]\n",
        "threading.Thread(target=context.wrap(lambda: got.append(audit(1))))",
    ),
    "with its arguments": (
        "_pool = ThreadPoolExecutor()\ndef f():\n    return _pool.submit(partial(audit, 1)).result()\n", "_pool.submit(context.wrap(partial(audit, 1)))",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DECLINED)
def test_left_alone_although_asked(name: str, project: Project) -> None:
    text, reason = DECLINED[name]
    project.write("app.py", HEAD + text)
    found = [each for each in project.migration(carry=[STATE]).plans if "OUT207" in each.codes]
    assert [(each.action, reason in str(each.reason), each.place.line > HEAD.count("\n")) for each in found] == [("decline", True, True)]


@pytest.mark.parametrize("name", TRANSFORMED)
def test_nothing_is_carried_unasked_and_the_plan_says_how_to_ask(name: str, project: Project) -> None:
    project.write("app.py", HEAD + TRANSFORMED[name][0])
    plan = project.migration()
    assert [each.reason for each in plan.plans] == [
        "whether the work should see the caller's context is a decision; `--carry app._user` runs it through `context.wrap`"
    ]
    assert plan.changes == ()


@pytest.mark.parametrize("asked", [STATE, "all"])
@pytest.mark.parametrize("name", TRANSFORMED)
def test_carried_where_asked(name: str, asked: str, migrated: Callable[..., str]) -> None:
    text, expected = TRANSFORMED[name]
    after = migrated(HEAD + text, carry=[asked])
    assert expected in after
    assert (migrated(after), migrated(after, carry=["all"])) == (after, after)


@pytest.mark.parametrize("name", TRANSFORMED)
def test_the_work_sees_what_its_caller_set(name: str, migrated: Callable[..., str]) -> None:
    app: Any = ModuleType("app")
    exec(compile(migrated(HEAD + TRANSFORMED[name][0], carry=[STATE]), "app.py", "exec"), vars(app))
    app.login("ann")
    assert app.f() == ("ann", (1,))


def test_in_another_file_than_the_state(project: Project) -> None:
    project.write("app.py", HEAD)
    project.write("web.py", "import threading\n\nimport app\n\n\ndef f(context):\n    threading.Thread(target=app.audit).start()\n")
    (change,) = project.migration(carry=[STATE]).changes
    assert change.path == "web.py"
    assert change.after.decode() == (
        "import threading\n\nfrom outfall_runtime import context as outfall_context\n\nimport app\n\n\n"
        "def f(context):\n    threading.Thread(target=outfall_context.wrap(app.audit)).start()\n"
    )


LOCAL = (
    "import threading\n_here = threading.local()\ndef begin(user):\n    _here.{0} = user\ndef audit():\n    return _here.{0}\n"
    "def f():\n    seen = []\n    work = threading.Thread(target=lambda: seen.append(audit()))\n    work.start()\n    work.join()\n    return seen\n"
)


def test_what_moves_to_a_context_can_be_carried(project: Project) -> None:
    project.write("app.py", LOCAL.format("user"))
    assert {each.action for each in project.migration(carry=["app._here"]).plans} == {"rewrite"}


def test_what_stays_with_its_thread_cannot_be_carried(project: Project) -> None:
    project.write("pyproject.toml", '[tool.outfall.states]\n"app._here" = "context"\n')
    project.write("app.py", LOCAL.format("user") + "def leak(f):\n    f(_here)\n")
    plans = {each.codes: each for each in project.migration(carry=["all"]).plans}
    assert {each.action for each in plans.values()} == {"decline"}
    assert plans["OUT207",].reason == "it stays with its thread, so no context holds it that could be carried"


def test_a_state_of_which_no_work_is_handed_over_is_a_usage_error(project: Project) -> None:
    project.write("app.py", HEAD + TRANSFORMED["with its arguments"][0])
    with pytest.raises(UsageError, match="no work that reads 'app._usr' is handed to another thread without it"):
        project.migration(carry=["app._usr"])


@pytest.mark.parametrize(("mode", "expected"), [("legacy", None), ("shadow", None), ("new", "ann"), ("enforced", "ann")])
def test_a_staged_state_is_carried_from_mode_new_on(mode: str, expected: str | None, migrated: Callable[..., str]) -> None:
    text = LOCAL.format("user").replace("return _here.user", "return getattr(_here, 'user', None)")
    app: Any = ModuleType("app")
    exec(compile(migrated(text, carry=["all"]), "app.py", "exec"), vars(app))
    with flags.override("use_context", mode):
        app.begin("ann")
        assert app.f() == [expected]
