"""What a newcomer called wrong or silly in findings about projects that nobody had looked at before: each stays mended."""

from __future__ import annotations

import pytest

from outfall_lint.model import Priority

from .conftest import Analyse

REGISTRY = "seen = set()\n\ndef read(name):\n    seen.add(name)\n"
WRITER = "from app import settings\n\ndef verbose():\n    settings.DEBUG = True\n"
AND_ANOTHER = "\ndef quiet():\n    settings.DEBUG = False\n"
LOCKED = "import threading\n\n_lock = threading.Lock()\n_pid = None\n\ndef note(pid):\n    global _pid\n    with _lock:\n        _pid = pid\n"
RESET = "import app\n\ndef test_note():\n    app._pid = None\n    app.note(1)\n    assert app._pid == 1\n"
REQUEST = "from contextvars import ContextVar\n\n_request = ContextVar('request')\n\nasync def leave():\n    top = _request.get()\n"
META = "class Meta(type):\n    def __new__(mcls, name, bases, body):\n        return super().__new__(mcls, name, bases, body)\n\n"
FIELD = "class Dict:\n    def __init__(self, of):\n        self.of = of\n\n"
MODEL = "(metaclass=Meta):\n    pass\n\nclass Plot(HasProps):\n    callbacks = Dict(str)\n\n    def on(self, k, v):\n        self.callbacks[k] = v\n"
HOLDER = "class Meter%s\n    _lock = threading.Lock()\n\n    def %s(self):\n        type(self)._lock = threading.Lock()\n"

CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "methods that a function makes with each call are marked": (
        {"app.py": "def make(base):\n    class M(base):\n        async def clear(self): ...\n        clear.alters = True\n    return M\n"},
        [],
    ),
    "a function that ends with the call that made it": (
        {"app.py": "def run(stack):\n    def finish():\n        finish.called = True\n    for each in stack:\n        each(finish)\n"},
        [],
    ),
    "a function that its maker returns": (
        {"app.py": "def counted(f):\n    def wrapper():\n        wrapper.calls += 1\n        return f()\n    return wrapper\n"},
        ["app.py:3 OUT107"],
    ),
    "a function that its maker returns wrapped": (
        {
            "app.py": "import functools\n\ndef counted(f):\n    def wrapper():\n        wrapper.calls += 1\n        return f()\n"
            "    return functools.update_wrapper(wrapper, f)\n"
        },
        ["app.py:5 OUT107"],
    ),
    "two functions of one module change another's state": (
        {"app/__init__.py": "", "app/settings.py": "DEBUG = False\n", "app/cli.py": WRITER + AND_ANOTHER},
        ["app/cli.py:4 OUT106", "app/settings.py:1 OUT106"],
    ),
    "two modules change another's state": (
        {"app/__init__.py": "", "app/settings.py": "DEBUG = False\n", "app/cli.py": WRITER, "app/web.py": WRITER},
        ["app/cli.py:4 OUT106", "app/settings.py:1 OUT106", "app/web.py:4 OUT106"],
    ),
    "a lock is made anew in each forked child, for a class": (
        {"app.py": "import threading\n\n" + HOLDER % (":", "_handle_fork")},
        [],
    ),
    "a lock is made anew otherwise": ({"app.py": "import threading\n\n" + HOLDER % (":", "restart")}, ["app.py:4 OUT103"]),
    "a method of a context's object is called as a container's": ({"app.py": REQUEST + "    if top.preserved:\n        await top.pop(None)\n"}, []),
    "a context's container is changed": ({"app.py": REQUEST + "    if top:\n        top.pop(None)\n"}, ["app.py:3 OUT204"]),
    "a context's object holds entries that are changed": (
        {"app.py": REQUEST + "    if top.preserved:\n        top['user'] = None\n"},
        ["app.py:3 OUT204"],
    ),
    "a context variable is cleared": ({"app.py": REQUEST.partition("async")[0] + "def clear():\n    _request.set(None)\n"}, []),
    "a context variable is given a value that stays": (
        {"app.py": REQUEST.partition("async")[0] + "def enter(request):\n    _request.set(request)\n"},
        ["app.py:6 OUT205"],
    ),
    "what main calls to do its work": ({"app.py": "notice = 'a'\n\ndef _main(more):\n    global notice\n    notice = more\n\ndef show():\n    return notice\n"}, []),
    "a package inside a folder of scripts": ({"tools/wrap/__init__.py": "", "tools/wrap/parse.py": REGISTRY}, []),
    "what contributors left beside the package": ({"contrib/toy.py": REGISTRY, "experimental/shader.py": REGISTRY, "lab/trace.py": REGISTRY}, []),
    "folders of these names inside a package": (
        {"app/__init__.py": "", "app/contrib/__init__.py": "", "app/contrib/toy.py": REGISTRY},
        ["app/contrib/toy.py:1 OUT102"],
    ),
    "fields that a metaclass may give each instance": ({"app.py": META + FIELD + "class HasProps" + MODEL}, []),
    "an object of a plain class is shared": (
        {"app.py": FIELD + "class Plot:\n    callbacks = Dict(str)\n\n    def on(self, k, v):\n        self.callbacks[k] = v\n"},
        ["app.py:6 OUT103"],
    ),
    "a container is shared, whatever metaclass its class has": (
        {"app.py": META + "class Plot(metaclass=Meta):\n    callbacks = {}\n\n    def on(self, k, v):\n        self.callbacks[k] = v\n"},
        ["app.py:6 OUT103"],
    ),
    "what a test case has in common, whatever its file is called": (
        {
            "app.py": "class Case:\n    stack = None\n\n    @classmethod\n    def start(cls):\n        cls.stack = open('a')\n\n"
            "    @classmethod\n    def teardown_class(cls):\n        cls.stack.close()\n"
        },
        [],
    ),
    "a test case, whatever its file is called": (
        {"app.py": "class Case:\n    stack = None\n\n    @classmethod\n    def setUpClass(cls):\n        cls.stack = open('a')\n"},
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_shown(project: Analyse, case: str) -> None:
    files, expected = CASES[case]
    found = project(files).findings
    assert [f"{f.place.path}:{f.place.line} {f.code}" for f in found if f.priority > Priority.LOW] == expected


def test_what_several_functions_of_one_module_change_names_them(project: Analyse) -> None:
    files = {"app/__init__.py": "", "app/settings.py": "DEBUG = False\n", "app/cli.py": WRITER + AND_ANOTHER}
    assert [f.message for f in project(files).findings if f.place.path == "app/cli.py"] == [
        "`DEBUG` of `app.settings` is changed from outside, in `verbose` and 1 more function"
    ]


def test_a_test_that_takes_no_lock_makes_no_lock_undone(project: Analyse) -> None:
    found = {f.code: f.priority for f in project({"app.py": LOCKED, "test_app.py": RESET}).findings if f.place.path == "app.py"}
    assert found == {"OUT104": Priority.NORMAL}


def test_what_instances_are_given_does_not_change_the_name_of_their_class(project: Analyse) -> None:
    text = (
        "class Link:\n    def __init__(self, key):\n        self.key = key\n\n    def turn(self, key):\n        self.key = key\n\n"
        "def replace(by):\n    global Link\n    Link = by\n"
    )
    (found,) = project(text).findings
    assert (found.code, len(found.state.changes)) == ("OUT104", 1)
