"""Class attributes that are bound anew become class slots: reads stay, every assignment goes through the slot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Project

SET = "    @classmethod\n    def set(cls, value):\n        cls.x = value\n"

DECLINED = {
    "never declared, and a base out of sight": ("from lib import B\nclass C(B):\n" + SET, "`B` may: declare it"),
    "never declared, and a built-in base has it": ("class C(dict):\n" + SET.replace("x = ", "items = "), "`dict` may: declare it"),
    "never declared, and looked up as text": (
        "class C:\n" + SET + "    def get(self):\n        return self.__class__.__dict__.get('x')\n", "stands as text at line 6"
    ),
    "never declared but in slots": ("class C:\n    __slots__ = ('x',)\n" + SET, "stands as text at line 2"),
    "never declared, all on one line": ("class C: pass\ndef f():\n    C.x = 1\ndef g():\n    return C.x\n", "stands on one line"),
    "made by a call": ("C = type('C', (), {})\ndef f():\n    C.x = 1\ndef g():\n    return C.x\n", None),
    "declared under a condition": ("import os\nclass C:\n    if os.name:\n        x = None\n" + SET, "does not declare it"),
    "declared twice": ("class C:\n    x = None\n    x = 1\n" + SET, "does not declare it"),
    "also a method": ("class C:\n    x = None\n    def x(self):\n        pass\n" + SET, "does not declare it"),
    "the body reads it": ("class C:\n    x = None\n    y = x\n" + SET, "the class body itself reads it (app.py:3)"),
    "a default reads it": ("class C:\n    x = None\n    def f(self, x=x):\n        pass\n" + SET, "the class body itself reads it"),
    "a dataclass's field": (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    x: int = 0\n" + SET, "`@dataclass` makes a field of it"
    ),
    "a metaclass": ("from meta import Meta\nclass C(metaclass=Meta):\n    x = None\n" + SET, "the metaclass `Meta` reads the class body"),
    "a metaclass of its base": (
        "from meta import Meta\nclass B(metaclass=Meta):\n    pass\nclass C(B):\n    x = None\n" + SET, "the metaclass `Meta`"
    ),
    "a base out of sight": ("from web.db import Record\nclass C(Record):\n    x = None\n" + SET, "comes from `web.db`, out of our sight"),
    "a structure": ("from ctypes import Union\nclass C(Union):\n    x = 1\n" + SET, None),
    "a method that is exchanged": (
        "class C:\n    def a(self):\n        pass\n    x = a\n    @classmethod\n    def f(cls):\n        cls.x = cls.a\n",
        "a method that is exchanged",
    ),
    "a descriptor": ("from lib import field\nclass C:\n    x = field()\n" + SET, "may be a descriptor"),
    "a property": ("class C:\n    x = property(lambda self: 1)\n" + SET, "makes a descriptor"),
    "a type that assignments narrow": (
        "class C:\n    x: int | None = None\n    @classmethod\n    def get(cls):\n        if cls.x is None:\n"
        "            cls.x = 1\n        return cls.x\n",
        "a type checker follows its type",
    ),
    "bound by setattr": ("class C:\n    x = 0\n    @classmethod\n    def f(cls):\n        setattr(cls, 'x', 1)\n", "else than a plain statement"),
    "a class of the name of its base": (
        "from lib import C\nclass C(C):\n    @classmethod\n    def set(cls, value):\n        cls.x = value\n    def get(self):\n"
        "        return C.x\n",
        "no class body declares it, and `C` may",
    ),
    "a type that a comment overrides": ("class C:\n    x: int = ''  # type: ignore[assignment]\n" + SET, "`type: ignore`"),
}  # fmt: skip

IMPORT = "from outfall_runtime import class_slot, slot_of\n\n"
TRANSFORMED = {
    "set by the class, read by anybody": (
        'class C:\n    """A class."""\n\n    x = None  # of detail\n\n    @classmethod\n    def set(cls, value):\n        cls.x = value\n\n'
        "    def get(self):\n        return self.x or C.x\n",
        IMPORT + 'class C:\n    """A class."""\n\n    x = class_slot("app.C.x", None)  # of detail\n\n    @classmethod\n    def set(cls, value):\n'
        '        slot_of(cls, "x").value = value\n\n    def get(self):\n        return self.x or C.x\n',
    ),
    "counted": (
        "class C:\n    x = 0\n    def __init__(self):\n        C.x += 1\n        type(self).x += 2\n        self.n = C.x\n",
        IMPORT + 'class C:\n    x = class_slot("app.C.x", 0)\n    def __init__(self):\n        slot_of(C, "x").update(lambda value: value + 1)\n'
        '        slot_of(type(self), "x").update(lambda value: value + 2)\n        self.n = C.x\n',
    ),
    "every form of statement": (
        "class C:\n    x: int = 0\n\ndef f(a):\n    C.x = a, 1\n    C.x += 1\n    C.x += a\n    b = C.x = a\n    C.x, c = a\n"
        "    for C.x in a:\n        pass\n    if a: C.x = (\n        a\n    )\n    del C.x, c\nC.x, d = 1, 2\n",
        IMPORT + 'class C:\n    x: int = class_slot("app.C.x", 0)\n\ndef f(a):\n    slot_of(C, "x").value = a, 1\n'
        '    slot_of(C, "x").value += 1\n    slot_of(C, "x").value += a\n'
        '    b = slot_of(C, "x").value = a\n    slot_of(C, "x").value, c = a\n'
        '    for slot_of(C, "x").value in a:\n        pass\n    if a: slot_of(C, "x").value = (\n        a\n    )\n'
        '    del slot_of(C, "x").value, c\nslot_of(C, "x").value, d = 1, 2\n',
    ),
    "a container that is exchanged": (
        "class C:\n    x = {}\n    @classmethod\n    def own(cls, k):\n        cls.x = cls.x.copy()\n        cls.x[k] = 1\n",
        IMPORT + 'class C:\n    x = class_slot("app.C.x", {})\n    @classmethod\n    def own(cls, k):\n'
        '        slot_of(cls, "x").value = cls.x.copy()\n        cls.x[k] = 1\n',
    ),
    "through an instance's class, in a nested class": (
        "class A:\n    class C:\n        x = False\n        def f(self):\n            A.C.x = True\n            self.x = 2\n",
        IMPORT + 'class A:\n    class C:\n        x = class_slot("app.A.C.x", False)\n        def f(self):\n'
        '            slot_of(A.C, "x").value = True\n            self.x = 2\n',
    ),
    "without a value of its type at first": (
        "class C:\n    x: int = None  # type: ignore[assignment]\n" + SET,
        IMPORT + 'class C:\n    x: int = class_slot("app.C.x", None)\n' + SET.replace("cls.x = value", 'slot_of(cls, "x").value = value'),
    ),
    "with a base of its own project": (
        "from app.models import Base\nclass C(Base):\n    x = None\n" + SET,
        IMPORT + "from app.models import Base\nclass C(Base):\n"
        '    x = class_slot("app.C.x", None)\n' + SET.replace("cls.x = value", 'slot_of(cls, "x").value = value'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DECLINED)
def test_declined_with_its_reason(name: str, project: Project) -> None:
    text, reason = DECLINED[name]
    project.write("app.py", text)
    plan = project.migration()
    assert plan.changes == ()
    assert all(each.action == "decline" and each.reason for each in plan.plans)
    assert reason is None or any(reason in str(each.reason) for each in plan.plans)


@pytest.mark.parametrize("name", TRANSFORMED)
def test_check_transformed(name: str, project: Project, migrated: Callable[[str], str]) -> None:
    before, after = TRANSFORMED[name]
    if "app.models" in before:
        project.write("app/models.py", "class Base:\n    pass\n")
    assert migrated(before) == after
    assert migrated(after) == after


def test_another_module_binds_it_through_the_slot(project: Project) -> None:
    project.write("app.py", "class C:\n    x = None\n" + SET)
    project.write("web.py", "import app\n\ndef f():\n    app.C.x = 1  # one\n")
    after = {change.path: change.after.decode() for change in project.migration().changes}
    assert 'class_slot("app.C.x", None)' in after["app.py"]
    assert after["web.py"] == 'from outfall_runtime import slot_of\n\nimport app\n\ndef f():\n    slot_of(app.C, "x").value = 1  # one\n'


def test_what_another_module_does_by_setattr_is_declined(project: Project) -> None:
    project.write("app.py", "class C:\n    x = None\n" + SET)
    project.write("web.py", "import app\n\ndef f():\n    setattr(app.C, 'x', 1)\n")
    assert {plan.action for plan in project.migration().plans} == {"decline"}


UNDECLARED = {
    "below the attributes and their texts": (
        'class C:\n    """A class."""\n\n    y = 1\n    """One."""\n\n',
        'class C:\n    """A class."""\n\n    y = 1\n    """One."""\n    x = class_slot("app.C.x", UNSET)\n\n',
    ),
    "below the docstring": (
        'class C:\n    """A class."""\n\n',
        'class C:\n    """A class."""\n\n    x = class_slot("app.C.x", UNSET)\n\n',
    ),
    "below a docstring without a blank line": (
        'class C:\n    """A class."""\n',
        'class C:\n    """A class."""\n\n    x = class_slot("app.C.x", UNSET)\n\n',
    ),
    "at the top, above comments": (
        "class C(Exception):\n    # Sets it.\n",
        'class C(Exception):\n    x = class_slot("app.C.x", UNSET)\n\n    # Sets it.\n',
    ),
}


@pytest.mark.parametrize("name", UNDECLARED)
def test_an_empty_slot_declares_what_only_functions_give(name: str, migrated: Callable[[str], str]) -> None:
    before, declared = UNDECLARED[name]
    after = migrated(before + SET)
    assert after == "from outfall_runtime import UNSET, class_slot, slot_of\n\n" + declared + SET.replace("cls.x = ", 'slot_of(cls, "x").value = ')
    assert migrated(after) == after


SINGLETON = '''\
class Base:
    def __getattr__(self, name):
        return name.upper()


class One(Base):
    def __new__(cls):
        if not hasattr(cls, "_one"):
            cls._one = super().__new__(cls)
        return cls._one

    @classmethod
    def drop(cls):
        del cls._one


class Own(One):
    _one = None


class _Hidden:
    __made = None

    def make(self):
        _Hidden.__made = self.__made or object()
        return self.__made
'''


def test_absent_and_hidden_attributes_behave_alike(migrated: Callable[[str], str]) -> None:
    after = migrated(SINGLETON)
    assert after.count("class_slot(") == 2
    shown = []
    for text in (SINGLETON, after):
        space: dict[str, Any] = {"__name__": "new"}
        exec(text, space)
        one, own, hidden = space["One"], space["Own"], space["_Hidden"]
        seen: list[object] = [hasattr(one, "_one"), object.__new__(one)._one, one() is one(), one()._one is one(), own() is None]
        one.drop()
        seen += [hasattr(one, "_one"), hidden().make() is hidden().make(), hidden._Hidden__made is hidden().make()]
        shown.append(seen)
    assert shown == [[False, "_ONE", True, True, True, False, True, True]] * 2


def test_a_test_may_bind_it_as_it_always_did(project: Project) -> None:
    project.write("app.py", "class C:\n    x = None\n" + SET)
    project.write("tests/test_app.py", "import app\n\ndef test_x():\n    app.C.x = 1\n")
    assert [change.path for change in project.migration().changes] == ["app.py"]


def test_a_table_that_only_a_test_exchanges_is_a_registry(project: Project) -> None:
    project.write("app.py", "class C:\n    x = {}\n    def put(self, k):\n        self.x[k] = 1\n")
    project.write("tests/test_app.py", "import app\n\ndef test_x():\n    app.C.x = {}\n")
    assert {plan.target for plan in project.migration().plans if plan.rewrites} == {"StagedRegistry"}


BEHAVES = '''\
class Job:
    limit = 3
    seen = []
    made = None

    def __init__(self):
        self.own = self.limit

    @classmethod
    def configure(cls, limit):
        cls.limit = limit
        cls.seen += [limit]
        last = cls.made = limit * 2
        return last

    @staticmethod
    def reset():
        Job.limit, Job.made = 3, None
        Job.seen = []


class Special(Job):
    pass
'''


def history(namespace: dict[str, Any]) -> list[object]:
    """What the classes show while they are used in every way."""
    job, special = namespace["Job"], namespace["Special"]
    seen: list[object] = []

    def look() -> None:
        seen.append([(c.limit, list(c.seen), c.made, c().own) for c in (job, special)])

    look()
    seen.append(job.configure(4))
    look()
    instance = job()
    instance.limit = 9
    seen.append(special.configure(5))
    look()
    job.limit = 6  # as a test would patch it
    look()
    job.configure(7)
    look()
    job.reset()
    look()
    seen.append((instance.limit, instance.own))
    return seen


def test_old_and_new_behave_alike(migrated: Callable[[str], str]) -> None:
    after = migrated(BEHAVES)
    assert after.count("class_slot(") == 3
    old: dict[str, Any] = {"__name__": "old"}
    new: dict[str, Any] = {"__name__": "new"}
    exec(BEHAVES, old)
    exec(after, new)
    assert history(new) == history(old)
