"""What lowers a finding: who makes the change, and whose state it is."""

from __future__ import annotations

import pytest

from outfall_lint.model import Kind, Priority

TABLE = "STATE = {}\nSIZE = 1\n\ndef get(k):\n    return STATE.get(k, SIZE)\n"
ONLY_TESTS = [
    ("tests/test_app.py", "from app import STATE\n\ndef test_it():\n    STATE['a'] = 1\n"),
    ("conftest.py", "import app\n\ndef clean():\n    app.STATE.clear()\n"),
    ("pkg/testing.py", "import app\n\ndef clean():\n    app.STATE.clear()\n"),
    ("pkg/unit_test/base.py", "import app\n\ndef clean():\n    app.STATE.clear()\n"),
]


@pytest.mark.parametrize(("path", "text"), ONLY_TESTS)
def test_a_state_that_tests_alone_change_is_low_and_says_so(project, path: str, text: str) -> None:
    found = {f.code: f for f in project({"app.py": TABLE, path: text}).findings}
    assert found["OUT101"].priority is Priority.LOW
    assert found["OUT101"].message.endswith("; only tests, examples or scripts do so")
    assert {f.priority for f in found.values()} == {Priority.LOW}


def test_a_change_by_production_code_is_named_before_those_by_tests(project) -> None:
    files = {"app.py": TABLE + "\ndef put(k):\n    STATE[k] = 1\n", **dict(ONLY_TESTS[:1])}
    finding = next(f for f in project(files).findings if f.code == "OUT101")
    assert finding.priority is Priority.HIGH
    assert finding.message.endswith("is changed in `put`")


def test_a_class_that_each_call_makes_anew_is_low(project) -> None:
    body = "    class Stack:\n        items = []\n        def push(self, x):\n            self.items.append(x)\n"
    (inside,) = project("class C:\n  def walk(self):\n" + body + "    return Stack()\n").findings
    assert (inside.code, inside.priority) == ("OUT103", Priority.LOW)
    assert inside.message == "`items` belongs to a class that each call of `walk` makes anew, and is changed in `C.walk.Stack.push`"
    (outside,) = project("class C:\n" + body).findings
    assert outside.priority is Priority.HIGH


OF_THE_PROCESS = [
    "import sys\n\ndef f():\n    sys.last_value = 1\n",
    "import builtins\n\ndef f():\n    builtins._ = None\n",
]
PATCHES = [
    "import socket\n\ndef f(fake):\n    socket.socket = fake\n",
    "import time\n\ndef f(fake):\n    time.time = fake\n",
    "from ctypes import _pointer_type_cache\n\ndef f(k):\n    del _pointer_type_cache[k]\n",
]


@pytest.mark.parametrize("text", OF_THE_PROCESS)
def test_what_the_standard_library_keeps_is_the_processs(project, text: str) -> None:
    assert [(f.code, f.priority) for f in project(text).findings] == [("OUT110", Priority.LOW)]


@pytest.mark.parametrize("text", PATCHES)
def test_a_patched_module_of_the_standard_library_is_a_foreign_write(project, text: str) -> None:
    assert [(f.code, f.priority) for f in project(text).findings] == [("OUT106", Priority.HIGH)]


def test_what_one_function_patches_of_a_module_is_one_finding(project) -> None:
    text = "import time\n\ndef on(a, b):\n    time.time = a\n    time.monotonic = b\n\ndef off(a):\n    time.time = a\n"
    found = [(f.place.line, f.message) for f in project(text).findings]
    assert found == [(4, "`time` and 1 more of `time` are changed from outside"), (8, "`time` of `time` is changed from outside")]


def test_the_standard_library_itself_may_be_the_project(project) -> None:
    files = {"linecache.py": "cache = {}\n", "timeit.py": "import linecache\n\ndef f(k):\n    linecache.cache[k] = 1\n"}
    assert sorted(f.code for f in project(files).findings) == ["OUT101", "OUT106"]


def test_a_class_attribute_set_from_outside_is_called_one_of_a_class(project) -> None:
    files = {"a.py": "class Screen:\n    root = None\n", "b.py": "import a\n\ndef f(v):\n    a.Screen.root = v\n"}
    finding = next(f for f in project(files).findings if f.code == "OUT106")
    assert finding.message == "`root` of class `a.Screen` is changed from outside"


def test_a_yield_names_the_context_that_it_is_about(project) -> None:
    files = {"app/__init__.py": "", "app/context.py": "def use(**values): ...\n"}
    files["app/rows.py"] = "from app import context\n\ndef rows():\n    with context.use(a=1):\n        yield 1\n"
    (finding,) = project(files).findings
    assert (finding.code, finding.state.name, finding.state.kind) == ("OUT206", "app.context.use", Kind.CONTEXT)


def test_a_stack_of_contexts_in_a_thread_local_is_no_resource(project) -> None:
    (finding,) = project(
        """
        from threading import local
        _local = local()
        def push(ctx):
            _local.__dict__.setdefault("stack", []).append(ctx)
        def pop():
            _local.stack.pop()
        """
    ).findings
    assert (finding.code, finding.state.kind, finding.priority) == ("OUT201", Kind.SPAN_STACK, Priority.CRITICAL)


def test_a_class_that_an_import_may_stand_in_for_keeps_its_own_attributes(project) -> None:
    files = {
        "images.py": "try:\n    import Image\nexcept ImportError:\n    Image = None\n\n"
        "class Image:\n    def run(self):\n        del self.options['x']\n"
    }
    assert project(files).findings == ()
