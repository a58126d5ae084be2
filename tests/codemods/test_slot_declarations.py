"""Where a slot is made for a global that no single plain statement at module level declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Project

SET = "def put(value):\n    global _x\n    _x = value\n\ndef get():\n    return _x\n"
INNER = "    def put(value):\n        global _x\n        _x = value\n"

DECLINED = {
    "in one branch only, set from elsewhere": "import os\nif os.name:\n    _x = 0\n" + SET,
    "not in every branch": "import os\nif os.name == 'a':\n    _x = 0\nelif os.name:\n    _x = 1\n" + SET,
    "not where the attempt fails": "try:\n    _x = open('a')\nexcept OSError:\n    pass\n" + SET,
    "in a loop": "for i in range(3):\n    _x = i\n" + SET,
    "in a block": "with open('a') as f:\n    _x = f.read()\n" + SET,
    "together with others": "_x = other = 0\n" + SET,
    "nowhere, and its absence is told by an error": SET + "def has():\n    try:\n        return _x\n    except NameError:\n        return None\n",
    "its type told below what binds it": SET + "_x: int\n",
    "its type told on a line with others": "_x: int; _y = 1\n" + SET,
    "told its type, and its absence is told by an error": "_x: int\n" + SET + "def has():\n    try:\n        return _x\n    except NameError:\n        return None\n",
    "set below a definition of that name": "import os\nif os.name:\n    def _x(): pass\nelse:\n    _x = 1\n" + SET,
}

IMPORT = "from outfall_runtime import Slot\n\n"
VALUES = "def put(value):\n    _x.value = value\n\ndef get():\n    return _x.value\n"
TRANSFORMED = {
    "in every branch": (
        "import sys\nif sys.argv:\n    _x = 0\nelif sys.path:\n    _x = 1  # one\nelse:\n    _x = 2\n" + SET,
        "import sys\n\n" + IMPORT[:-1] + 'if sys.argv:\n    _x = Slot("app._x", 0)\nelif sys.path:\n    _x = Slot("app._x", 1)  # one\n'
        'else:\n    _x = Slot("app._x", 2)\n' + VALUES,
    ),
    "where an attempt fails, too": (
        "try:\n    _x = open('a')\nexcept OSError:\n    _x = None\n" + SET,
        IMPORT + "try:\n    _x = Slot(\"app._x\", open('a'))\nexcept OSError:\n    _x = Slot(\"app._x\", None)\n" + VALUES,
    ),
    "in a branch that holds all that binds it": (
        "import sys\nif sys.argv:\n    _x = 0\n" + INNER + "    _x = 2\n",
        "import sys\n\n" + IMPORT[:-1] + 'if sys.argv:\n    _x = Slot("app._x", 0)\n    def put(value):\n        _x.value = value\n    _x.value = 2\n',
    ),
    "nowhere but in functions": (
        "import sys\n\n# Sets it.\n@sys.intern\n" + SET,
        "import sys\n\nfrom outfall_runtime import UNSET, Slot\n\n" + '_x = Slot("app._x", UNSET)\n\n\n# Sets it.\n@sys.intern\n' + VALUES,
    ),
    "nowhere but in functions, below a heading": (
        "import sys\n# Of the import.\n\n\n## Public\n# functions\n\n" + SET,
        "import sys\n\nfrom outfall_runtime import UNSET, Slot\n# Of the import.\n\n\n"
        '_x = Slot("app._x", UNSET)\n\n\n## Public\n# functions\n\n' + VALUES,
    ),
    "two of them, for one function": (
        "import sys\n\ndef put(value):\n    global _x, _y\n    _x = _y = value\n\ndef get():\n    return _x, _y\n",
        "import sys\n\nfrom outfall_runtime import UNSET, Slot\n\n"
        '_x = Slot("app._x", UNSET)\n_y = Slot("app._y", UNSET)\n\n\ndef put(value):\n    _x.value = _y.value = value\n\n'
        "def get():\n    return _x.value, _y.value\n",
    ),
    "nowhere but in functions, below what the file begins with": (
        "# Licence.\n\n" + SET,
        "# Licence.\n\nfrom outfall_runtime import UNSET, Slot\n\n" + '_x = Slot("app._x", UNSET)\n\n\n' + VALUES,
    ),
    "nowhere but in functions, its type told": (
        "import sys\n\n_x: int  # how many\n" + SET,
        "import sys\n\nfrom outfall_runtime import UNSET, Slot\n\n" + '_x: Slot[int] = Slot("app._x", UNSET)  # how many\n' + VALUES,
    ),
    "its type told apart, for checkers only": (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    _x: int | None\n_x = None\n" + SET,
        "from typing import TYPE_CHECKING\n\n" + IMPORT + 'if TYPE_CHECKING:\n    _x: Slot[int | None]\n_x = Slot("app._x", None)\n' + VALUES,
    ),
    "nowhere but in functions, at the top": (SET, "from outfall_runtime import UNSET, Slot\n\n" + '_x = Slot("app._x", UNSET)\n\n\n' + VALUES),
}


@pytest.mark.parametrize("name", DECLINED)
def test_declined(name: str, project: Project) -> None:
    project.write("app.py", DECLINED[name])
    plan = project.migration()
    assert plan.changes == ()
    assert [each.action for each in plan.plans] and all(each.action == "decline" and each.reason for each in plan.plans)


@pytest.mark.parametrize("name", TRANSFORMED)
def test_check_transformed(name: str, migrated: Callable[[str], str]) -> None:
    before, after = TRANSFORMED[name]
    assert migrated(before) == after
    assert migrated(after) == after


def test_the_slot_of_a_public_name_is_spelled_as_variables_are(migrated: Callable[[str], str]) -> None:
    after = migrated("firstClient = True\n" + SET.replace("_x", "firstClient"))
    assert '_first_client_slot = Slot("app.firstClient", True)\nmodule_property(__name__, "firstClient", _first_client_slot)\n' in after


def test_a_property_stands_in_the_branch_of_its_slot(migrated: Callable[[str], str]) -> None:
    after = migrated("import sys\nif sys.argv:\n    x: int = 0\n" + INNER.replace("_x", "x"))
    assert '    x: int\n    _x_slot: Slot[int] = Slot("app.x", 0)\n    module_property(__name__, "x", _x_slot)\n' in after


TYPED_AND_PUBLIC = {
    "no value": (
        "x: int\n\"\"\"How many.\"\"\"\n",
        'x: int\n"""How many."""\nx_slot: Slot[int] = Slot("app.x", UNSET)\nmodule_property(__name__, "x", x_slot)\n',
    ),
    "a value below": (
        "x: int\nx = 0\n",
        'x: int\nx_slot = Slot("app.x", 0)\nmodule_property(__name__, "x", x_slot)\n',
    ),
}


@pytest.mark.parametrize("name", TYPED_AND_PUBLIC)
def test_the_type_told_of_a_public_name_stays_with_it(name: str, migrated: Callable[[str], str]) -> None:
    before, after = TYPED_AND_PUBLIC[name]
    assert after.replace("x_slot", "_x_slot") in migrated(before + SET.replace("_x", "x"))


SEEN_BY_NAME = {
    "an unknown key": "def f(n):\n    return globals()[n]\n",
    "its own key": "def f():\n    return globals()['_x']\n",
    "the dictionary let go": "def f(g):\n    g(globals())\n",
    "kept in a local that is used": "def f():\n    names = globals()\n    return names['a']\n",
    "code out of sight": "def f(code):\n    exec(code)\n",
    "code that says it": "exec('_x = 1')\n",
    "code with the module's own names": "def f(code):\n    exec(code, globals())\n",
    "code with another's dictionary, its own perhaps": "import sys\ndef f(code):\n    eval(code, sys.modules['app'].__dict__)\n",
    "code that is filled in": "def f(n):\n    return eval('lambda: %s' % n)\n",
    "code that is filled in, by name": "def f(n):\n    return eval(f'lambda: _x + {n!r}')\n",
    "where it is no script": "if __name__ == '__main__':\n    pass\nelse:\n    run(globals())\n",
    "code of a script": "if __name__ == '__main__':\n    exec(code, globals())\n",
    "all names at module level": "values = [v for v in vars().values()]\n",
    "the values of a common type": "values = [v for v in vars().values() if isinstance(v, (Shape, int))]\n",
    "the values, whatever they are, by a second test": "values = [v for v in vars().values() if v or isinstance(v, Shape)]\n",
    "the values, of another thing's class": "values = [v for k, v in globals().items() if isinstance(k, Shape)]\n",
    "the values of a class, while running": "def f():\n    return [v for v in globals().values() if isinstance(v, Shape)]\n",
    "the values of a class, and others": "for v in list(vars().values()):\n    if isinstance(v, Shape):\n        pass\n    else:\n        print(v)\n",
    "its locals at module level": "names = dict(locals())\n",
    "filled into a text that asks for it": "def f():\n    return 'at %(_x)s' % globals()\n",
    "filled into a text out of sight": "def f(text):\n    return text % globals()\n",
    "filled into the docstring, of which there is none": "def f():\n    return __doc__ % globals()\n",
    "filled into a text, as a value": "def f():\n    return '%s' % (globals(),)\n",
    "an import and more": "def f(n):\n    g = globals()\n    return __import__(n, g, g), g[n]\n",
    "an import's name": "def f():\n    g = globals()\n    return __import__(g)\n",
}
OTHERWISE = {
    "another key": "def f():\n    return globals()['other']\n",
    "asked for another key": "def f():\n    return 'other' in globals() or globals().get('another')\n",
    "what import asks for": "def f(n):\n    return __import__(n, globals(), locals(), ['a'])\n",
    "a caller's": "def f(frame, name):\n    return frame.f_back.f_globals.get(name)\n",
    "identity": "def f(frame):\n    names = globals()\n    while frame.f_globals is names:\n        frame = frame.f_back\n",
    "a namespace of its own": "def f(code, space):\n    exec(code, space)\n    return eval(code, {'a': 1})\n",
    "code without it": "exec(compile('def f(): pass', 'app', 'exec'))\n",
    "the values of a class": "shapes = [v for v in vars().values() if isinstance(v, Shape) and v.name]\n",
    "the names of classes": "for name, value in globals().copy().items():\n    if isinstance(value, type) and issubclass(value, Shape):\n        print(name)\n",
    "the values of a class, in a list first": "shapes = {k: v for k, v in list(globals().items()) if isinstance(v, (Shape, other.Shape))}\n",
    "code filled in with literals": "def f(n):\n    return eval('lambda s: s.get(%s)' % repr(n)), eval(f'lambda s: s.get({n!r})')\n",
    "the names of a script": "if __name__ == '__main__':\n    run(globals())\n",
    "what import asks for, in a local": "def f(n):\n    g = globals()\n    return __import__(n, g, g)\n",
    "filled into a text": "def f():\n    return 'at %(__name__)s, %(other)5d' % globals()\n",
    "the names of a function": "def f(a):\n    return '{a}'.format(**vars()), locals()\n",
}


@pytest.mark.parametrize("name", SEEN_BY_NAME)
def test_declined_where_the_name_may_be_reached_as_text(name: str, project: Project) -> None:
    project.write("app.py", "_x = 0\n" + SET + SEEN_BY_NAME[name])
    (plan,) = [each for each in project.migration().plans if each.state.local_name == "_x"]
    assert "may reach the name unseen" in str(plan.reason)


@pytest.mark.parametrize("name", OTHERWISE)
def test_other_uses_of_such_calls_do_no_harm(name: str, migrated: Callable[[str], str]) -> None:
    assert '_x = Slot("app._x", 0)\n' in migrated("_x = 0\n" + SET + OTHERWISE[name])


def test_a_name_without_a_value_is_missing_as_it_was(migrated: Callable[[str], str]) -> None:
    new: dict[str, Any] = {"__name__": "new"}
    exec(migrated(SET), new)
    with pytest.raises(LookupError):
        new["get"]()
    new["put"](3)
    assert new["get"]() == 3


def test_a_value_that_may_be_of_the_class_is_reached(project: Project) -> None:
    project.write("app.py", "_x = Shape()\n" + SET + OTHERWISE["the values of a class"])
    (plan,) = [each for each in project.migration().plans if each.state.local_name == "_x"]
    assert "may reach the name unseen" in str(plan.reason)


@pytest.mark.parametrize(("asked", "declined"), [("%(_x)s", True), ("%(other)s", False)])
def test_the_docstring_tells_what_is_filled_in(asked: str, declined: bool, project: Project) -> None:
    project.write("app.py", f'"""Usage: {asked}"""\n_x = 0\n' + SET + "def f():\n    return __doc__ % globals()\n")
    (plan,) = [each for each in project.migration().plans if each.state.local_name == "_x"]
    assert (plan.action == "decline") is declined


def test_a_docstring_that_is_bound_anew_tells_nothing(project: Project) -> None:
    project.write("app.py", '"""Usage."""\n__doc__ += "%(_x)s"\n_x = 0\n' + SET + "def f():\n    return __doc__ % globals()\n")
    (plan,) = [each for each in project.migration().plans if each.state.local_name == "_x"]
    assert plan.action == "decline"
