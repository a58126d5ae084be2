"""A global that others use keeps its name: a property of its module stands before the slot."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Project

SET = "def set_level(value):\n    global _level\n    _level = value\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("test_app.py", "import app\n\ndef test_level():\n    app._level = 3\n"),
        ("test_app.py", "def test_level(monkeypatch):\n    monkeypatch.setattr('app._level', 3)\n"),
    ],
)
def test_a_private_name_that_others_use_becomes_a_property(path: str, text: str, project: Project) -> None:
    project.write("app.py", "_level = 0\n" + SET)
    project.write(path, text)
    after = {change.path: change.after.decode() for change in project.migration().changes}["app.py"]
    assert 'module_property(__name__, "_level", _level_slot)\n' in after


REACHED = {
    "by another import of its module": {"other.py": "import app as held\n", "use.py": "from other import held\nheld._level = 3\n"},
    "through the modules between": {"other.py": "import app as held\n", "use.py": "import other\nother.held._level = 3\n"},
    "by what a function gives": {"other.py": "import app\ndef get(): return app\n", "use.py": "import other\nother.get()._level = 3\n"},
    "by its name only": {"use.py": "def poke(module):\n    setattr(module, '_level', 3)\n"},
}
NOT_REACHED = {
    "an attribute of an object": "class C:\n    def f(self, other):\n        self._level = super()._level + other._level\n",
    "an attribute of a class": "from lib import C\nC._level = 1\n",
    "asked of an object": "class C:\n    def f(self):\n        return getattr(self, '_level', None)\n",
}


@pytest.mark.parametrize("name", REACHED)
def test_a_private_name_that_is_reached_without_its_module_becomes_a_property(name: str, project: Project) -> None:
    project.write("app.py", "_level = 0\n" + SET)
    for path, text in REACHED[name].items():
        project.write(path, text)
    after = {change.path: change.after.decode() for change in project.migration().changes}["app.py"]
    assert 'module_property(__name__, "_level", _level_slot)\n' in after


@pytest.mark.parametrize("name", NOT_REACHED)
def test_another_attribute_of_that_name_makes_no_property(name: str, project: Project) -> None:
    project.write("app.py", "_level = 0\n" + SET)
    project.write("use.py", NOT_REACHED[name])
    after = {change.path: change.after.decode() for change in project.migration().changes}["app.py"]
    assert '_level = Slot("app._level", 0)\n' in after


TOLD = {
    "a flag": ("False", "bool"),
    "a text": ("'en'", "str"),
    "of a class of its own": ("Config()", "Config"),
    "nothing": ("None", None),
    "of something called": ("make()", None),
    "a container": ("{}", None),
}


@pytest.mark.parametrize("name", TOLD)
def test_checkers_are_told_of_a_property_what_the_value_tells(name: str, migrated: Callable[[str], str]) -> None:
    value, told = TOLD[name]
    typed = f"class Config: ...\n\ndef make() -> Config:\n    return Config()\n\nlevel = {value}\n" + SET.replace("_level", "level")
    before = f"\n\n{f'level: {told}' if told else ''}\n_level_slot = Slot(".replace("\n\n\n", "\n\n")
    assert before in migrated(typed)
    assert "level:" not in migrated(typed.replace(" -> Config", ""))


def test_a_type_that_a_comment_tells_is_told_of_the_slot_above_the_property(migrated: Callable[[str], str]) -> None:
    after = migrated("level = None  # type: int\n" + SET.replace("_level", "level"))
    assert '_level_slot = Slot("app.level", None)  # type: Slot[int]\nmodule_property(__name__, "level", _level_slot)\n' in after


@pytest.mark.parametrize("use", ["    import app\n    app._level = 1\n", "    import sys\n    setattr(sys.modules[__name__], '_level', 1)\n"])
def test_a_module_that_reaches_itself_keeps_a_property(use: str, migrated: Callable[[str], str]) -> None:
    assert "module_property(" in migrated("_level = 0\n" + SET + "def f():\n" + use)


def test_a_star_import_would_miss_a_property(project: Project) -> None:
    project.write("app.py", "level = 0\ndef f():\n    global level\n    level = 1\n")
    project.write("web.py", "from app import *\n")
    assert "imports everything" in str(project.migration().plans[0].reason)


PUBLIC = "level: int = 0\n\ndef set_level(value):\n    global level\n    level = value\n\ndef read():\n    return level\n"


@pytest.fixture
def public(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The migrated module of a public name, imported."""
    project.write("slotted.py", PUBLIC)
    project.write("slotted.py", project.migration().changes[0].after)
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    module = importlib.import_module("slotted")
    monkeypatch.delitem(sys.modules, "slotted")
    monkeypatch.setitem(sys.modules, "slotted", module)
    return module


def test_outsiders_read_write_and_patch_a_property(public: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = public
    module.set_level(2)
    assert (module.level, module.read()) == (2, 2)
    module.level = 5
    assert module.read() == 5
    with monkeypatch.context() as patched:
        patched.setattr("slotted.level", 9)
        assert module.read() == 9
    assert module.read() == 5
    del module.level
    assert not hasattr(module, "level")
    with pytest.raises(LookupError):
        module.read()


OWN_NAME = "_main = False\n\ndef run():\n    global _main\n    _main = True\n\ndef reload():\n    return _main\n\n"
BY_ITSELF = {
    "by its dotted name": OWN_NAME + "def main():\n    import app\n    app._main = True\n",
    "by the text of its name": OWN_NAME + "def main():\n    import sys\n    setattr(sys.modules['app'], '_main', True)\n",
}


@pytest.mark.parametrize("name", BY_ITSELF)
def test_a_module_that_writes_its_own_name_from_outside_keeps_it(name: str, project: Project) -> None:
    project.write("app.py", BY_ITSELF[name])
    (change,) = [each for each in project.migration().changes if each.path == "app.py"]
    assert b"module_property" in change.after


def test_a_slot_whose_name_is_taken_stays_private(migrated: Callable[[str], str]) -> None:
    after = migrated("_level_slot = 1\nlevel = 0\n" + SET.replace("_level", "level"))
    assert '_new_level_slot = Slot("app.level", 0)\nmodule_property(__name__, "level", _new_level_slot)\n' in after
