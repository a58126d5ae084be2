"""What migrate makes of declarations: first all that it must leave alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

USE = "def put(k, v):\n    X[k] = v\n\ndef get(k):\n    return X[k]\n"
LOCAL_USE = "def begin(user):\n    L.user = user\n\ndef who():\n    return L.user\n"

ADD = "def add(v):\n    X.append(v)\n"

DECLINED: dict[str, tuple[str | dict[str, str], str | None]] = {
    "a value from elsewhere": ("from other import make\nX = dict_of = make({})\n" + USE, None),
    "a defaultdict with keywords": ("from collections import defaultdict\nX = defaultdict(list, a=[])\n" + USE, "not made at this place"),
    "a mapping that is weak already": (
        "import weakref\nX = weakref.WeakKeyDictionary()\n" + USE, "kept: its entries already end with their keys",
    ),
    "a class that each call makes anew": (
        {
            "pyproject.toml": '[tool.outfall]\nmin-priority = "low"\n',
            "app.py": "def f():\n    class A:\n        X = []\n        def add(self, v):\n            self.X.append(v)\n    return A()\n",
        },
        "its class is made anew by each call of a function",
    ),
    "a chain of mappings": ("from collections import ChainMap\nX = ChainMap({})\n" + USE, "no registry of its type"),

    "patched into another project": ("import pandas\ndef patch(f):\n    pandas.show = f\n", "belongs to pandas, which is not part"),
    "patched into a project that a module is called after": (
        {"app.py": "import pandas\ndef patch(f):\n    pandas.show = f\n", "lib/__init__.py": "", "lib/pandas/__init__.py": ""},
        "belongs to pandas, which is not part",
    ),
    "passed to a serialiser that tells types apart": ("import yaml\nX = {}\n" + USE + "def dump():\n    return yaml.dump(X)\n", "yaml.dump"),
    "passed to marshal": ("import marshal\nX = {}\n" + USE + "def dump():\n    return marshal.dumps(X)\n", "marshal"),
    "a resource per thread": (
        "import threading, sqlite3\nL = threading.local()\ndef db():\n"
        "    if not hasattr(L, 'conn'):\n        L.conn = sqlite3.connect('x')\n    return L.conn\n",
        "stays per thread",
    ),
    "a holder of anything": (
        "import threading\nclass Holder:\n    def __init__(self):\n        self._local = threading.local()\n"
        "    def put(self, value):\n        self._local.value = value\n    def get(self):\n        return self._local.value\n",
        "nothing that is stored tells what it is for",
    ),
    "kept under computed names": (
        "import threading\nclass Scope:\n    def __init__(self):\n        self._locals = threading.local()\n    def get(self, key, provider):\n"
        "        try:\n            return getattr(self._locals, repr(key))\n        except AttributeError:\n"
        "            provider = Instance(provider)\n            setattr(self._locals, repr(key), provider)\n            return provider\n",
        "nothing that is stored tells what it is for",
    ),
    "nothing tells the kind": ("import threading\nL = threading.local()\n", '[tool.outfall.states] "app.L"'),
    "the namespace is handed out": (
        "import threading\nL = threading.local()\n" + LOCAL_USE + "def leak(f):\n    return f(L)\n",
        "out of our sight",
    ),
    "something that may be a list grows": (
        "import threading\nL = threading.local()\n" + LOCAL_USE + "def also(user, more):\n    L.user += more + more\n", "changed in place"
    ),
    "a list used as a stack": (
        "import threading\nL = threading.local()\n" + LOCAL_USE + "def push(span):\n    L.spans.append(span)\n",
        None,
    ),
    "a subclass that nobody has answered for": (
        "import threading\nclass L(threading.local):\n    user = None\n", '[tool.outfall.states] "app.L"',
    ),
    "a thread-local whose name gets something else": (
        "import threading\nclass A:\n    def __init__(self):\n        self.L = threading.local()\n    def begin(self, user):\n"
        "        self.L.user = user\n    def stop(self):\n        self.L = None\n",
        "its name is bound to something else at app.py:8",
    ),
    "a flag against entering again": (
        "import threading\nL = threading.local()\ndef emit():\n    if getattr(L, 'active', False):\n        return\n    L.active = True\n"
        "    try:\n        send()\n    finally:\n        L.active = False\n",
        "stays per thread: `active` guards the thread against entering again at app.py:6",
    ),
    "made where a local did not find it": (
        "import threading\nL = threading.local()\ndef page(text):\n    md = getattr(L, 'md', None)\n    if md is None:\n"
        "        md = build(text)\n        L.md = md\n    return md\n",
        "stays per thread: `md` is made once per thread, by `build` at app.py:7",
    ),
    "made where a local did not find it, in one statement": (
        "import threading\nL = threading.local()\ndef page(text):\n    md = getattr(L, 'md', None)\n    if md is None:\n"
        "        md = L.md = build(text)\n    return md\n",
        "stays per thread: `md` is made once per thread, by `build` at app.py:6",
    ),
    "made where a local did not find another thing": (
        "import threading\nL = threading.local()\ndef page(text):\n    md = getattr(L, 'other', None)\n    if md is None:\n"
        "        md = build(text)\n        L.md = md\n    return md\n",
        "nothing that is stored tells what it is for",
    ),
}

NOOP = {
    "never changed": "X = {}\n\ndef get(k):\n    return X[k]\n",
    "changed while importing only": "X = {}\nX['a'] = 1\n",
    "already migrated": 'from outfall_runtime import Registry\n\nX = Registry("app.X", {})\n' + USE,
    "already staged": 'from outfall_runtime import StagedRegistry\n\nX = StagedRegistry("app.X", {})\n' + USE,
    "a local of a function": "def f():\n    X = {}\n    X['a'] = 1\n    return X\n",
}

TRANSFORMED = {
    "a dict display": ("X = {}\n" + USE, 'from outfall_runtime import StagedRegistry\n\nX = StagedRegistry("app.X", {})\n' + USE),
    "an annotated dict call": (
        '"""Doc."""\n\nX: dict[str, int] = dict(a=1)  # kept\n' + USE,
        '"""Doc."""\n\nfrom outfall_runtime import StagedRegistry\n\n'
        'X: dict[str, int] = StagedRegistry("app.X", dict(a=1))  # kept\n' + USE,
    ),
    "a thread-local, whose import goes": (
        "import os\nfrom threading import local\n\nL = local()\n" + LOCAL_USE,
        'import os\n\nfrom outfall_runtime import StagedContextLocal\n\nL = StagedContextLocal("app.L", "user")\n' + LOCAL_USE,
    ),
    "a thread-local beside other threading": (
        "import threading\n\nL = threading.local()\nLOCK = threading.Lock()\n" + LOCAL_USE,
        "import threading\n\nfrom outfall_runtime import StagedContextLocal\n\n"
        'L = StagedContextLocal("app.L", "user")\nLOCK = threading.Lock()\n' + LOCAL_USE,
    ),
    "a thread-local's text that grows": (
        "import threading\n\nL = threading.local()\n" + LOCAL_USE + "def port(n):\n    L.user += ':' + n\n    L.user += '%d' % 1\n",
        'from outfall_runtime import StagedContextLocal\n\nL = StagedContextLocal("app.L", "user")\n'
        + LOCAL_USE + "def port(n):\n    L.user += ':' + n\n    L.user += '%d' % 1\n",
    ),
    "a list": ("X = []\n" + ADD, 'from outfall_runtime import StagedListRegistry\n\nX = StagedListRegistry("app.X", [])\n' + ADD),
    "a list that grows by +=": (
        "X = [\n    1,  # one\n]\ndef add(v):\n    global X\n    X += [v]\n",
        'from outfall_runtime import StagedListRegistry\n\nX = StagedListRegistry("app.X", [\n    1,  # one\n])\n'
        "def add(v):\n    global X\n    X += [v]\n",
    ),
    "a set": (
        "X = set()\n" + ADD.replace("append", "add"),
        'from outfall_runtime import StagedSetRegistry\n\nX = StagedSetRegistry("app.X", set())\n' + ADD.replace("append", "add"),
    ),
    "a deque of a generator without brackets of its own": (
        "import collections\n\nX = collections.deque(x for x in y)\nY = collections.Counter((x for x in y))\ny = collections\n" + ADD + "    Y[1] += 1\n",
        "import collections\n\nfrom outfall_runtime import StagedCounterRegistry, StagedDequeRegistry\n\n"
        'X = StagedDequeRegistry("app.X", (x for x in y))\nY = StagedCounterRegistry("app.Y", (x for x in y))\ny = collections\n' + ADD + "    Y[1] += 1\n",
    ),
    "arguments on lines of their own": (
        "import collections\n\nX = collections.deque(\n    # few\n    (),\n    maxlen=9,\n)\n" + ADD,
        'from outfall_runtime import StagedDequeRegistry\n\nX = StagedDequeRegistry(\n    "app.X",\n    # few\n    (),\n    maxlen=9,\n)\n' + ADD,
    ),
    "a deque, whose import goes": (
        "from collections import deque\n\nX = deque(maxlen=9)\n" + ADD,
        'from outfall_runtime import StagedDequeRegistry\n\nX = StagedDequeRegistry("app.X", maxlen=9)\n' + ADD,
    ),
    "a defaultdict": (
        "import collections\n\nX = collections.defaultdict(list)\nY = collections.deque\n" + USE,
        "import collections\n\nfrom outfall_runtime import StagedDefaultRegistry\n\n"
        'X = StagedDefaultRegistry("app.X", list)\nY = collections.deque\n' + USE,
    ),
    "a Counter and an OrderedDict, empty": (
        "from collections import Counter, OrderedDict\n\nX = Counter()\nZ = OrderedDict()\n"
        + USE + USE.replace("X", "Z").replace("get", "got").replace("put", "give"),
        "from outfall_runtime import StagedCounterRegistry, StagedOrderedRegistry\n\n"
        'X = StagedCounterRegistry("app.X")\nZ = StagedOrderedRegistry("app.Z")\n'
        + USE + USE.replace("X", "Z").replace("get", "got").replace("put", "give"),
    ),
    "a list in a class body": (
        "class A:\n    X = []\n\n    @classmethod\n    def add(cls, v):\n        cls.X.append(v)\n",
        "from outfall_runtime import StagedListRegistry\n\nclass A:\n"
        '    X = StagedListRegistry("app.A.X", [])\n\n    @classmethod\n    def add(cls, v):\n        cls.X.append(v)\n',
    ),
    "a thread-local on an instance": (
        "import threading\n\nclass A:\n    def __init__(self):\n        self.L = threading.local()\n"
        "    def begin(self, user):\n        self.L.user = user\n    def who(self):\n        return self.L.user\n",
        "from outfall_runtime import StagedContextLocal\n\nclass A:\n    def __init__(self):\n"
        '        self.L = StagedContextLocal("app.A.L", "user")\n'
        "    def begin(self, user):\n        self.L.user = user\n    def who(self):\n        return self.L.user\n",
    ),
    "a thread-local that is made anew": (
        "import threading\n\nclass A:\n    def __init__(self):\n        self.L: 'threading.local' = threading.local()\n"
        "    def begin(self, user):\n        self.L.user = user\n    def after_fork(self):\n        self.L = threading.local()\n",
        "from outfall_runtime import ContextLocal, StagedContextLocal\n\nclass A:\n    def __init__(self):\n"
        '        self.L: ContextLocal = StagedContextLocal("app.A.L", "user")\n'
        "    def begin(self, user):\n        self.L.user = user\n    def after_fork(self):\n"
        '        self.L = StagedContextLocal("app.A.L", "user")\n',
    ),
    "a name that is taken": (
        "class StagedRegistry: ...\nX = {}\n" + USE,
        "from outfall_runtime import StagedRegistry as OutfallStagedRegistry\n\nclass StagedRegistry: ...\n"
        'X = OutfallStagedRegistry("app.X", {})\n' + USE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DECLINED)
def test_declined_with_its_reason(name: str, project: Project) -> None:
    written, reason = DECLINED[name]
    for path, text in ({"app.py": written} if isinstance(written, str) else written).items():
        project.write(path, text)
    plan = project.migration()
    assert plan.changes == ()
    assert all(each.action == "decline" and each.reason for each in plan.plans)
    assert reason is None or any(reason in str(each.reason) for each in plan.plans)


@pytest.mark.parametrize("name", NOOP)
def test_check_noop(name: str, migrated: Callable[[str], str]) -> None:
    assert migrated(NOOP[name]) == NOOP[name]


@pytest.mark.parametrize("name", TRANSFORMED)
def test_check_transformed(name: str, migrated: Callable[[str], str]) -> None:
    before, after = TRANSFORMED[name]
    assert migrated(before) == after
    assert migrated(after) == after


def test_direct_leaves_no_old_way_behind(project: Project) -> None:
    project.write("app.py", "X = {}\n" + USE)
    changes = project.migration(direct=True).changes
    assert [change.path for change in changes] == ["app.py"]
    assert changes[0].after.decode() == 'from outfall_runtime import Registry\n\nX = Registry("app.X", {})\n' + USE


def test_every_finding_is_in_exactly_one_plan(project: Project) -> None:
    text = "import threading\nX = {}\nL = threading.local()\nN = 0\n" + USE + LOCAL_USE
    project.write("app.py", text + "def n():\n    global N\n    N = 2\n")
    plans = project.migration().plans
    assert sorted((plan.state.name, plan.codes, plan.action) for plan in plans) == [
        ("app.L", ("OUT201",), "rewrite"),
        ("app.N", ("OUT104",), "rewrite"),
        ("app.X", ("OUT101",), "rewrite"),
    ]


def test_only_and_skip_choose_kinds_and_paths(project: Project) -> None:
    project.write("app.py", "X = {}\n" + USE)
    project.write("web/views.py", "import threading\nL = threading.local()\n" + LOCAL_USE)
    assert [p.state.name for p in project.migration(only=["context"]).plans] == ["web.views.L"]
    assert [p.state.name for p in project.migration(skip=["web"]).plans] == ["app.X"]


def test_the_ledger_declares_each_state_under_its_group(project: Project) -> None:
    project.write("app.py", "import threading\nX = {}\nL = threading.local()\n" + USE + LOCAL_USE)
    project.write("outfall-flags.toml", '# ours\nversion = 1\n\n[flags.use_registry]\ngroup = "use_registry"\nstates = ["b.Y"]\n')
    ledger = next(c for c in project.migration().changes if c.path == "outfall-flags.toml").after.decode()
    assert ledger.startswith("# ours\n")
    assert '"b.Y",' in ledger and '"app.X",' in ledger and 'states = ["app.L"]' in ledger


SUBCLASS = "import threading\n\nclass L(threading.local):\n    def __init__(self):\n        self.user = None\n"


def test_a_subclass_of_thread_local_follows_the_configuration(project: Project) -> None:
    project.write("app.py", SUBCLASS)
    project.write("pyproject.toml", '[tool.outfall.states]\n"app.L" = "context"\n')
    after = {change.path: change.after.decode() for change in project.migration().changes}["app.py"]
    assert after == (
        "from outfall_runtime import StagedContextLocal\n\n"
        'class L(StagedContextLocal, name="app.L", attributes=("user",)):\n    def __init__(self):\n        self.user = None\n'
    )


def test_a_subclass_that_holds_a_resource_is_kept(project: Project) -> None:
    project.write("app.py", SUBCLASS)
    project.write("pyproject.toml", '[tool.outfall.states]\n"app.L" = "thread-resource"\n')
    assert [plan.reason for plan in project.migration().plans] == ["stays per thread: the configuration says so"]


FACTORY = (
    "import threading\n\n\ndef current():\n    held = threading.local()\n\n"
    "    def put(_, user):\n        held.user = user\n\n    def get(_):\n        return held.user\n\n    return property(get, put)\n"
)


def test_a_thread_local_that_a_factory_makes_is_moved(migrated: Callable[[str], str]) -> None:
    assert '    held = StagedContextLocal("app.current.held", "user")\n' in migrated(FACTORY)


def test_a_write_into_a_module_of_this_project_is_no_patch_of_another(project: Project) -> None:
    project.write("src/shop/views.py", "")
    project.write("src/shop/web.py", "from shop import views\n\ndef patch(f):\n    views.show = f\n")
    (plan,) = project.migration().plans
    assert "offer a function there" in str(plan.reason)
