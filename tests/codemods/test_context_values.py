"""`--idiomatic`: a thread-local's attributes become typed context values, all uses or none; else it stays one namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from outfall_codemods.probe import plan_probe
from outfall_lint.config import load_config
from outfall_lint.engine import analyse

if TYPE_CHECKING:
    from .conftest import Project

HEAD = "import threading\n\n_request = threading.local()\n\n\ndef begin(user):\n    _request.user = user\n\n\n"

NAMESPACE = {
    "absence told by an error": (
        "def user():\n    try:\n        return _request.user\n    except AttributeError:\n        return None\n", "may take an AttributeError for the absence",
    ),
    "read in a property": (
        "class C:\n    @property\n    def user(self):\n        return _request.user\n", "may take an AttributeError for the absence",
    ),
    "read in __getattr__": ("class C:\n    def __getattr__(self, name):\n        return _request.user\n", "may take an AttributeError"),
    "bound with others": ("def f(x):\n    a, _request.user = x\n", "is bound together with others"),
    "a loop's target": ("def f(x):\n    for _request.user in x:\n        pass\n", "is bound together with others"),
    "deleted with others": ("def f():\n    del _request.user, _request.trace\n", "is bound together with others"),
    "bound twice at once": ("def f(x):\n    y = _request.user = x\n", "is bound together with others"),
    "a name that is computed": ("def f(n):\n    return getattr(_request, n, None)\n", "it is used as a whole"),
    "shown by an f-string": ("def f():\n    return f'{_request.user=}'\n", "an f-string shows its name"),
    "shown as part of more": ("def f():\n    return f'{(g(getattr(_request, `user`, 1))) = !s}'\n".replace("`", '"'), "an f-string shows its name"),
    "tested as a whole": ("def f():\n    return bool(_request)\n", "it is used as a whole"),
    "reached as text": ("def f(n):\n    return globals()[n]\n", "calls `globals`"),
    "a call over several lines": ("def f():\n    return getattr(_request, 'user',\n        None)\n", "written over several lines"),
    "of what is no type": ("def f(user: (int, str)) -> None:\n    _request.user = user\n", "the type of `user` is not told"),
    "of no told type": ("def f() -> None:\n    begin(_request.user)\n", "the type of `user` is not told"),
    "of several types": ("def f(user: int) -> None:\n    _request.user = 'a'\n    _request.user = user\n", "the type of `user` is not told"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMESPACE)
def test_stays_one_namespace_and_the_plan_says_why(name: str, project: Project) -> None:
    text, reason = NAMESPACE[name]
    project.write("app.py", HEAD + text)
    plan = next(each for each in project.migration(idiomatic=True).plans if "OUT201" in each.codes)
    assert (plan.target, plan.names, plan.evidence[-1].startswith("stays one namespace: ")) == ("StagedContextLocal", (), True)
    assert reason in plan.evidence[-1]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"app.py": HEAD.replace("_request", "request")}, "it is public: code outside the project may use its attributes"),
        ({"app.py": "import threading\nclass C:\n    _r = threading.local()\n    def f(self, user):\n        self._r.user = user\n"}, "not declared at module level"),
        ({"app.py": "import threading\ndef f(user): _request.user = user\n_request: threading.local = threading.local()\n"}, "its declaration has a type"),
    ],
    ids=["public", "in a class", "annotated"],
)  # fmt: skip
def test_what_others_may_use_stays_one_namespace(files: dict[str, str], reason: str, project: Project) -> None:
    for path, text in files.items():
        project.write(path, text)
    plan = next(each for each in project.migration(idiomatic=True).plans if "OUT201" in each.codes)
    assert (plan.target, reason in plan.evidence[-1]) == ("StagedContextLocal", True), plan.evidence


@pytest.mark.parametrize("asked", [False, True])
def test_a_resource_is_no_value(asked: bool, project: Project) -> None:
    project.write("app.py", "import threading\n_l = threading.local()\ndef f(connect):\n    if not hasattr(_l, 'c'):\n        _l.c = connect()\n    return _l.c\n")
    assert {plan.action for plan in project.migration(idiomatic=asked).plans} == {"decline"}


DECLARED = 'from outfall_runtime import StagedContextValue\n\n_request_user = StagedContextValue("app._request_user")\n'
BEGIN = "\n\ndef begin(user):\n    _request_user.set(user)\n\n\n"
TRANSFORMED = {
    "read, told absent, taken back": (
        "def end():\n    if hasattr(_request, 'user'):\n        del _request.user\ndef user():\n    return getattr(_request, 'user', 'nobody')\n"
        "def shout():\n    print(f'{_request.user.upper()}!')\n",
        "def end():\n    if _request_user.is_set():\n        _request_user.unset()\ndef user():\n    return _request_user.get('nobody')\n"
        "def shout():\n    print(f'{_request_user.get().upper()}!')\n",
    ),
    "by text": (
        "def end():\n    setattr(_request, 'user', (None))\n    delattr(_request, 'user')\n    return getattr(_request, 'user')\n",
        "def end():\n    _request_user.set((None))\n    _request_user.unset()\n    return _request_user.get()\n",
    ),
    "one value from another": (
        "def f():\n    _request.user = 1, getattr(_request, 'user', None)  # both\n    _request.user = _request.user\n",
        "def f():\n    _request_user.set((1, _request_user.get(None)))  # both\n    _request_user.set(_request_user.get())\n",
    ),
    "over several lines": (
        "def f(x):\n    _request.user = (\n        x\n    )\n", "def f(x):\n    _request_user.set((\n        x\n    ))\n",
    ),
    "with a name for each attribute": (
        "def f(trace):\n    _request.trace = trace\n_request_trace = 1\n",
        "def f(trace):\n    _request_trace_.set(trace)\n_request_trace = 1\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMED)
def test_rewritten_as_a_colleague_would(name: str, migrated: Callable[..., str]) -> None:
    text, expected = TRANSFORMED[name]
    more = '_request_trace_ = StagedContextValue("app._request_trace_")\n' if "trace_" in expected else ""
    assert migrated(HEAD + text, idiomatic=True) == DECLARED + more + BEGIN + expected


def test_a_vague_namespace_lends_no_name_and_types_are_written(migrated: Callable[..., str]) -> None:
    text = (
        "from __future__ import annotations\n\nimport threading\n\n_local = threading.local()  # of now\n\n\n"
        "def begin(user: str, site: int) -> None:\n    _local.user = user\n    _local.site = site\n\n\ndef end() -> None:\n    _local.site = None\n"
    )
    assert migrated(text, idiomatic=True, direct=True) == (
        "from __future__ import annotations\n\nfrom outfall_runtime import ContextValue\n\n"
        '_user: ContextValue[str] = ContextValue("app._user")\n_site: ContextValue[int | None] = ContextValue("app._site")  # of now\n\n\n'
        "def begin(user: str, site: int) -> None:\n    _user.set(user)\n    _site.set(site)\n\n\ndef end() -> None:\n    _site.set(None)\n"
    )


@pytest.mark.parametrize("name", TRANSFORMED)
def test_a_second_run_changes_nothing(name: str, migrated: Callable[..., str]) -> None:
    once = migrated(HEAD + TRANSFORMED[name][0], idiomatic=True)
    assert migrated(once, idiomatic=True) == once


def test_the_ledger_names_the_values_and_removal_ends_them(project: Project) -> None:
    project.write("app.py", HEAD)
    changes = project.migration(idiomatic=True).changes
    for change in changes:
        project.write(change.path, change.after)
    assert 'states = ["app._request_user"]' in project.bytes()["outfall-flags.toml"].decode()
    removal = project.removal(flags=("use_context",), force="a test")
    after = {change.path: change.after.decode() for change in removal.changes}
    assert after["app.py"] == (DECLARED + BEGIN).replace("Staged", "").rstrip("\n") + "\n\n\n"


def test_a_probe_says_one_thing_before_and_after(project: Project) -> None:
    project.write("app.py", HEAD)
    config = load_config(project.root)
    probe = plan_probe(analyse(["."], config, project.root), project.migration(idiomatic=True).plans, "test_it.py", project.root)
    assert [(each.name, each.expression) for each in probe.subjects] == [
        ("app._request_user", 'lambda: ContextOf(imported("app"), "_request", "user", "_request_user")')
    ]


def test_a_type_that_is_made_further_down_is_text(migrated: Callable[..., str]) -> None:
    text = HEAD.replace("import threading\n", "import threading\nimport datetime as d\n")
    text = text.replace("def begin(user)", "class User: ...\n\ndef at(now: d.datetime) -> None:\n    _request.now = now\n\ndef begin(user: User)")
    after = migrated(text, idiomatic=True)
    assert '_request_user: StagedContextValue["User"] = StagedContextValue("app._request_user")\n' in after
    assert '_request_now: StagedContextValue[d.datetime] = StagedContextValue("app._request_now")\n' in after
    assert "_request_user: StagedContextValue[User] =" in migrated("from __future__ import annotations\n" + text, idiomatic=True)


def test_two_namespaces_never_share_a_value(migrated: Callable[..., str]) -> None:
    text = HEAD.replace("begin", "a").replace("_request.user", "_a.b_c").replace("_request", "_a")
    text += text.partition("import threading\n\n")[2].replace("_a.b_c", "_a_b.c").replace("_a =", "_a_b =").replace("def a", "def b")
    after = migrated(text, idiomatic=True)
    assert (after.count('_a_b_c_ = StagedContextValue("app._a_b_c_")\n'), after.count("    _a_b_c_.set(user)\n")) == (1, 1)
    assert (after.count('_a_b_c = StagedContextValue("app._a_b_c")\n'), after.count("    _a_b_c.set(user)\n")) == (1, 1)


def test_a_value_is_not_called_as_the_slot_of_a_global(migrated: Callable[..., str]) -> None:
    more = "def trace(user):\n    _request.slot = user\n\n\nREQUEST = 0\n\ndef handle(r):\n    global REQUEST\n    REQUEST = r\n\ndef get(): return REQUEST\n"
    after = migrated(HEAD + more, idiomatic=True)
    assert ('_request_slot_ = StagedContextValue("app._request_slot_")\n' in after, '_request_slot = Slot("app.REQUEST", 0)\n' in after) == (True, True)


def test_values_of_two_modules_that_a_third_imports_are_told_apart(project: Project) -> None:
    project.write("shop/__init__.py", "")
    project.write("shop/a.py", HEAD.replace("_request", "_local"))
    project.write("shop/b.py", HEAD.replace("_request", "_ctx"))
    project.write("shop/c.py", "from .a import _local\nfrom .b import _ctx\n\ndef both():\n    return _local.user, _ctx.user\n")
    after = {change.path: change.after.decode() for change in project.migration(idiomatic=True).changes}
    both = "from .a import _local_user\nfrom .b import _ctx_user\n\ndef both():\n    return _local_user.get(), _ctx_user.get()\n"
    assert after["shop/c.py"] == both


def test_where_names_would_meet_all_the_same_nothing_is_rewritten(project: Project) -> None:
    project.write("shop/__init__.py", "")
    project.write("shop/a.py", HEAD.replace("_request.user", "_a.b_c").replace("_request", "_a"))
    project.write("shop/b.py", HEAD.replace("_request.user", "_a_b.c").replace("_request", "_a_b"))
    project.write("shop/c.py", "from .a import _a\nfrom .b import _a_b\n\ndef both():\n    return _a.b_c, _a_b.c\n")
    migration = project.migration(idiomatic=True)
    assert migration.changes == ()
    assert all("would import _a_b_c from two places" in str(plan.reason) for plan in migration.plans)
