"""Whether a subclass of threading.local carries context is read from its module, or asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

HEAD = "import threading\n\nclass Local(threading.local):\n"
USE = "\nlocal = Local()\n\n"

ASKED = {
    "nothing is stored": "    pass\n" + USE,
    "only a default": "    value = None\n" + USE,
    "a constant": "    value = None\n" + USE + "def f():\n    local.value = 3\n",
    "signs that disagree": "    def connect(self, conn):\n        self.conn = conn\n    def begin(self, user):\n        self.user = user\n" + USE,
    "a holder of anything": "    def put(self, value):\n        self.value = value\n",
    "another's instance": "    value = None\n" + "def f(user):\n    other.user = user\n",
    "a parameter that is changed first": "    value = None\n" + USE + "def f(user):\n    local.value = user + 1\n",
}
KEPT = {
    "made for every thread": ("    def __init__(self):\n        self.manager = Manager()\n", "`manager` is made once per thread, by `Manager`,"),
    "a connection handed in": ("    def connect(self, conn):\n        self.conn = conn\n", "`conn` speaks of a resource"),
    "the length of what was read": (
        "    index = 0\n    def read(self, data):\n        self.index += len(data)\n", "`index` is counted up and down in place"
    ),
    "made by what derives from it": (
        "    pass\nclass Mine(Local):\n    def __init__(self):\n        self.manager = Manager()\n", "`manager` is made once per thread",
    ),
    "a depth": ("    level = 0\n    def enter(self):\n        self.level += 1\n", "`level` is counted up and down in place"),
}
LATER = {
    "a stack": "    def __init__(self):\n        self.stack = []\n    def push(self, x):\n        self.stack.append(x)\n",
    "a stack's own methods": "    def __init__(self):\n        self._contexts = []\n        self.push = self._contexts.append\n",
}
MOVED = {
    "handed in by a method": ("    def load(self, request):\n        self.request = request\n", "`request` receives parameter `request` at app.py:5"),
    "handed in by a function": ("    scale = None\n" + USE + "def f(value):\n    local.scale = value\n", "`scale` receives parameter `value`"),
    "put back at the end": (
        "    enabled = True\n" + USE + "def f():\n    old = local.enabled\n    local.enabled = False\n    try:\n        yield\n"
        "    finally:\n        local.enabled = old\n",
        "`enabled` is given back `old` at the end of a block",
    ),
    "a word of context": ("    x = 1\n" + USE + "def f():\n    local.locale = find()\n", "`locale` speaks of context (`locale`)"),
    "emptied whole": ("    def load(self, request):\n        self.request = request\n    def clear(self):\n        self.__dict__.clear()\n", "parameter"),
}


@pytest.mark.parametrize("name", ASKED)
def test_asked_in_doubt(name: str, project: Project) -> None:
    project.write("app.py", HEAD + ASKED[name])
    (plan,) = project.migration().plans
    assert (plan.action, str(plan.reason)[:43]) == ("decline", "do its instances carry context, or keep som")


@pytest.mark.parametrize("name", KEPT)
def test_kept_with_the_evidence(name: str, project: Project) -> None:
    body, evidence = KEPT[name]
    project.write("app.py", HEAD + body)
    for plan in project.migration().plans:
        assert str(plan.reason).startswith("stays per thread: ") and evidence in str(plan.reason)


@pytest.mark.parametrize("name", LATER)
def test_stacks_come_later(name: str, project: Project) -> None:
    project.write("app.py", HEAD + LATER[name])
    (plan,) = project.migration().plans
    assert str(plan.reason).startswith("not yet: stacks come later")


@pytest.mark.parametrize("name", MOVED)
def test_moved_with_the_evidence(name: str, project: Project) -> None:
    body, evidence = MOVED[name]
    project.write("app.py", HEAD + body)
    (plan,) = project.migration().plans
    assert (plan.target, plan.flag) == ("StagedContextLocal", "use_context")
    assert any(evidence in each for each in plan.evidence)


@pytest.mark.parametrize(("answer", "action"), [("context", "rewrite"), ("thread-resource", "decline")])
def test_the_configuration_overrules_what_the_code_says(answer: str, action: str, project: Project) -> None:
    project.write("pyproject.toml", f'[tool.outfall.states]\n"app.Local" = "{answer}"\n')
    project.write("app.py", HEAD + next(iter((MOVED if answer == "thread-resource" else KEPT).values()))[0])
    (plan,) = project.migration().plans
    assert plan.action == action


PLAIN = "import threading\n\n_local = threading.local()\n\n"


def test_a_guard_against_entering_again_is_the_threads_own(project: Project) -> None:
    project.write("app.py", PLAIN + "def f():\n    _local.recursing = True\n    try:\n        g()\n    finally:\n        _local.recursing = False\n")
    (plan,) = project.migration().plans
    assert "stays per thread: `recursing` guards the thread against entering again at app.py:6" in str(plan.reason)


def test_text_that_grows_is_no_count(project: Project) -> None:
    project.write("app.py", PLAIN + "def f(host, port):\n    _local.host = host\n    _local.host += ':' + port\n")
    (plan,) = project.migration().plans
    assert "counted" not in str(plan.reason) and plan.state.kind.value == "context"


def test_a_stack_in_a_plain_local_or_an_inner_class_comes_later_too(project: Project) -> None:
    project.write("app.py", PLAIN + "def push(x):\n    _local.stack.append(x)\n")
    inner = "class Local(threading.local):\n        def __init__(self):\n            self.stack = []\n            self.push = self.stack.append\n"
    project.write("web.py", f"import threading\n\ndef f():\n    {inner}    return Local()\n")
    plans = project.migration().plans
    assert [str(plan.reason)[:30] for plan in plans] == ["not yet: stacks come later; `s", "not yet: stacks come later, an"]


def test_a_class_is_what_its_base_is(project: Project) -> None:
    project.write("app.py", HEAD + "    def load(self, request):\n        self.request = request\nclass Mine(Local):\n    pass\n")
    base, derived = project.migration().plans
    assert (base.action, derived.action) == ("rewrite", "decline")
    assert derived.reason == "it is what its base `Local` is; answer for that class first"


def test_what_a_mixin_stores_tells_too(project: Project) -> None:
    text = "import threading\n\nclass Keeps:\n    def connect(self, conn):\n        self.conn = conn\n\nclass Local(Keeps, threading.local):\n    pass\n"
    project.write("app.py", text)
    (plan,) = project.migration().plans
    assert str(plan.reason).startswith("stays per thread: `conn` speaks of a resource")
