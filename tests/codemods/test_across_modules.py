"""A state of one module that others read and write: one plan covers them all, and the program does what it did."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from outfall_codemods import migrate
from outfall_codemods.change import FileChange
from outfall_codemods.errors import VerificationFailed
from outfall_codemods.plan import Plan

if TYPE_CHECKING:
    from .conftest import Project

# What `shop/state.py` declares, what `shop/use.py` does with it, the target, and the lines of use.py that the plan edits.
CASES = {
    "a table": (
        "agents = {}\ndef add(name):\n    agents[name] = 1\n",
        "from shop import state\nfrom shop.state import agents as all_agents\ndef run():\n    state.add('ann')\n    state.agents['ben'] = 2\n"
        "    all_agents.pop('ann')\n    return dict(agents_here())\ndef agents_here():\n    return all_agents\n",
        "StagedRegistry", [],
    ),
    "a list on a class": (
        "class Hooks:\n    before = []\n    @classmethod\n    def add(cls, hook):\n        cls.before.append(hook)\n",
        "from shop.state import Hooks\ndef run():\n    Hooks.add(1)\n    Hooks.before.append(2)\n    return list(Hooks().before)\n",
        "StagedListRegistry", [],
    ),
    "a setting": (
        "level = 0\ndef set_level(value):\n    global level\n    level = value\ndef get():\n    return level\n",
        "import shop.state\nfrom shop import state as st\ndef run():\n    st.set_level(2)\n    first = shop.state.level\n    st.level += 3\n"
        "    setattr(shop.state, 'level', st.level * 2)\n    return first, shop.state.get()\n",
        "Slot", [],
    ),
    "a class's value, bound from here": (
        "class Pool:\n    size = 1\n    @classmethod\n    def grow(cls):\n        cls.size = cls.size + 1\n",
        "from shop.state import Pool\ndef run():\n    Pool.grow()\n    Pool.size = Pool.size * 10\n    Pool.size += 1\n    return Pool.size, Pool().size\n",
        "class_slot", [4, 5],
    ),
    "a context": (
        "import threading\nrequest = threading.local()\ndef begin(user):\n    request.user = user\n",
        "from shop import state\ndef run():\n    state.begin('ann')\n    seen = [state.request.user, getattr(state.request, 'site', None)]\n"
        "    state.request.site = 3\n    del state.request.user\n    return seen, hasattr(state.request, 'user'), state.request.site\n",
        "StagedContextLocal", [],
    ),
}  # fmt: skip
PRINT = "from shop.use import run; print(run())"


def printed(project: Project, mode: str = "legacy") -> str:
    done = subprocess.run(
        (sys.executable, "-c", PRINT), cwd=project.root, capture_output=True, text=True,
        env={"OUTFALL_FLAGS": f"use_registry={mode},use_context={mode}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", CASES)
def test_all_modules_move_together_and_nothing_changes(name: str, project: Project) -> None:
    state, use, target, lines = CASES[name]
    for path, text in {"shop/__init__.py": "", "shop/state.py": state, "shop/use.py": use}.items():
        project.write(path, text)
    before = printed(project)
    migration = project.migration()
    (plan,) = [each for each in migration.plans if each.rewrites]
    assert (plan.target, [line for path, line in plan.touched if path == "shop/use.py"]) == (target, lines)
    assert {access.place.path for access in plan.state.accesses} == {"shop/state.py", "shop/use.py"}
    assert ("shop/use.py" in {change.path for change in migration.changes}) == bool(lines)
    for change in migration.changes:
        project.write(change.path, change.after)
    assert [printed(project, mode) for mode in ("legacy", "shadow", "new", "enforced")] == [before] * 4
    assert project.migration().changes == ()


def test_one_use_without_a_form_keeps_the_state_as_it_is_everywhere(project: Project) -> None:
    state, use, _, _ = CASES["a class's value, bound from here"]
    for path, text in {"shop/__init__.py": "", "shop/state.py": state, "shop/use.py": use + "def f():\n    setattr(Pool, 'size', 2)\n"}.items():
        project.write(path, text)
    migration = project.migration()
    assert [(plan.action, "shop/use.py:8" in str(plan.reason)) for plan in migration.plans if plan.state.local_name == "size"] == [("decline", True)]
    assert migration.changes == ()


def test_a_file_whose_edit_fails_takes_its_plan_back_and_no_other(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    state, use, _, _ = CASES["a class's value, bound from here"]
    table, _, _, _ = CASES["a table"]
    for path, text in {"shop/__init__.py": "", "shop/state.py": state + table, "shop/use.py": use}.items():
        project.write(path, text)

    def verify_file(change: FileChange) -> None:
        if change.path == "shop/use.py":
            raise VerificationFailed("shop/use.py: the edit would not parse", "nothing was written")

    monkeypatch.setattr(migrate, "verify_file", verify_file)
    migration = project.migration()
    assert {plan.state.local_name: (plan.action, plan.reason) for plan in migration.plans} == {
        "size": ("decline", "shop/use.py: the edit would not parse"),
        "agents": ("rewrite", None),
    }
    after = {change.path: change.after.decode() for change in migration.changes}
    assert (set(after), "class_slot" in after["shop/state.py"]) == ({"shop/state.py", "outfall-flags.toml"}, False)


SETTING = "level = 0\ndef set_level(value):\n    global level\n    level = value\n"
TAKES_ALL = {
    "vars of it": "from shop import state\ndef run():\n    return vars(state).get('level', 1)\n",
    "its dict": "import shop.state\ndef run():\n    return dict(shop.state.__dict__)\n",
    "its dict, under another name": "import shop.state as st\ndef run(name):\n    return st.__dict__[name]\n",
    "the globals of its function": "from shop.state import set_level\ndef run():\n    return set_level.__globals__['level']\n",
    "a patch of its dict": "from unittest import mock\nfrom shop import state as st\ndef run():\n    return mock.patch.dict(vars(st), level=3)\n",
}
TAKES_OTHERS = {
    "another of its function's globals": "from shop.state import set_level\ndef run():\n    return set_level.__globals__.get('LEVEL')\n",
    "another name of vars": "from shop import state\ndef run():\n    return vars(state)['set_level']\n",
    "the dict of something else": "from shop import state\ndef run(state2):\n    return vars(state2), state.Other.__dict__\n",
    "what it lists": "from shop import state\ndef run():\n    return [n for n in dir(state) if n == 'level']\n",
}


def planned(project: Project, use: str) -> Plan:
    """The plan for `level`, beside another module that uses it so."""
    project.write("shop/__init__.py", "")
    project.write("shop/state.py", SETTING)
    project.write("shop/use.py", use)
    [plan] = [each for each in project.migration().plans if each.state.local_name == "level"]
    return plan


@pytest.mark.parametrize("use", TAKES_ALL)
def test_a_module_whose_names_are_all_taken_at_once_keeps_its_globals(use: str, project: Project) -> None:
    plan = planned(project, TAKES_ALL[use])
    assert (plan.action, plan.unsafe) == ("decline", "namespace-calls")
    assert "shop/use.py:" in str(plan.reason) and "takes all names of its module at once" in str(plan.reason)


@pytest.mark.parametrize("use", TAKES_OTHERS)
def test_other_names_of_a_module_do_not_stand_in_the_way(use: str, project: Project) -> None:
    plan = planned(project, TAKES_OTHERS[use])
    assert (plan.action, plan.target) == ("rewrite", "Slot")


def test_globals_of_like_names_have_slots_of_their_own(project: Project) -> None:
    names = ("LEVEL", "_level", "level")
    text = "".join(f"{n} = {i}\n" for i, n in enumerate(names))
    text += "".join(f"def set_{i}(value):\n    global {n}\n    {n} = value\ndef get_{i}():\n    return {n}\n" for i, n in enumerate(names))
    project.write("shop/__init__.py", "")
    project.write("shop/state.py", text)
    project.write("shop/use.py", "from shop import state\ndef run():\n    state.set_0('a')\n    state._level = 'b'\n    return state.LEVEL, state.get_1(), state.level\n")
    before = printed(project)
    for change in project.migration().changes:
        project.write(change.path, change.after)
    text = (project.root / "shop/state.py").read_text()
    assert [f"_level_slot{end} = Slot(" in text for end in ("", "_2", "_3")] == [True, True, True]
    assert (printed(project), before) == ("('a', 'b', 2)\n", "('a', 'b', 2)\n")


def test_a_use_that_belongs_to_two_states_is_rewritten_once(project: Project) -> None:
    project.write("app.py", "class A:\n    x = 0\nclass B:\n    x = 1\ndef f(v):\n    for cls in (A, B):\n        cls.x = v\n    return A.x, B.x\n")
    migration = project.migration()
    assert {plan.target for plan in migration.plans} == {"class_slot"}
    assert migration.changes[0].after.decode().count('        slot_of(cls, "x").value = v\n') == 1


def test_what_a_star_import_takes_along_hides_nothing(project: Project) -> None:
    project.write("shop/__init__.py", "from .state import *\n\nrows = []\ndef add(row): rows.append(row)\n")
    project.write("shop/state.py", "table = {}\ndef put(k): table[k] = 1\n")
    project.write("shop/said.py", "__all__ = ['seen']\nseen = {}\ndef see(k): seen[k] = 1\n")
    project.write("web.py", "from models import Registry\nfrom shop import *\nfrom shop.said import *\n")
    after = {change.path: change.after.decode() for change in project.migration(direct=True).changes}
    assert after["shop/state.py"].startswith("from outfall_runtime import Registry as OutfallRegistry\n")
    assert "import ListRegistry as OutfallListRegistry\n" in after["shop/__init__.py"]
    assert after["shop/said.py"].startswith("from outfall_runtime import Registry\n")


COMPAT = "from collections import OrderedDict\nimport threading\n\n_seen = OrderedDict()\n\n\ndef see(k):\n    _seen[k] = 1\n"
TAKES_AN_IMPORT = {
    "imports it": "from .compat import OrderedDict\n",
    "imports it among others": "from shop.compat import (\n    see,  # first\n    OrderedDict as OD,\n)\n",
    "reads it": "from shop import compat\nx = compat.OrderedDict()\n",
    "reads it by another name": "import shop.compat as c\nx = c.OrderedDict()\n",
    "patches it": "def test(monkeypatch):\n    monkeypatch.setattr('shop.compat.OrderedDict', dict)\n",
    "patches it by its name": "from shop import compat\ndef test(monkeypatch):\n    monkeypatch.setattr(compat, 'OrderedDict', dict)\n",
    "imports everything": "from shop.compat import *\nx = OrderedDict()\n",
}
TAKES_NONE = {
    "imports it elsewhere": "from collections import OrderedDict\nfrom shop.compat import see\nx = OrderedDict()\n",
    "imports everything and does not say it": "from shop.compat import *\nx = see\n",
}


def compat_after(project: Project, use: str, compat: str = COMPAT) -> str:
    project.write("shop/__init__.py", "")
    project.write("shop/compat.py", compat)
    project.write("shop/use.py", use)
    return next(change.after.decode() for change in project.migration().changes if change.path == "shop/compat.py")


@pytest.mark.parametrize("use", TAKES_AN_IMPORT)
def test_an_import_that_others_take_from_there_stays(use: str, project: Project) -> None:
    assert "from collections import OrderedDict\n" in compat_after(project, TAKES_AN_IMPORT[use])


@pytest.mark.parametrize("use", TAKES_NONE)
def test_an_import_that_nobody_takes_goes(use: str, project: Project) -> None:
    assert "from collections import" not in compat_after(project, TAKES_NONE[use])


@pytest.mark.parametrize("said", ["import OrderedDict  # noqa", "import OrderedDict  # noqa: E1,F401", "import OrderedDict as OrderedDict"])
def test_an_import_that_says_it_is_for_others_stays(said: str, project: Project) -> None:
    assert f"from collections {said}\n" in compat_after(project, "", COMPAT.replace("import OrderedDict", said, 1))


def test_an_import_with_another_remark_goes(project: Project) -> None:
    assert "collections import" not in compat_after(project, "", COMPAT.replace("import OrderedDict", "import OrderedDict  # noqa: E402", 1))
