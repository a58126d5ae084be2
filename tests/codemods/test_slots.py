"""Globals that functions bind anew become slots: all accesses or none, and outsiders notice nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

SET = "def set_level(value):\n    global _level\n    _level = value\n"

DECLINED = {
    "declared under a condition": ("import os\nif os.name:\n    _level = 0\n" + SET, "under a condition"),
    "declared with others": ("_level = other = 0\n" + SET, "together with other names"),
    "the module reaches into its globals": ("_level = 0\n" + SET + "def f(n):\n    return globals()[n]\n", "calls `globals`"),
    "imported under the name": ("import os as _level\n" + SET, "bound by an import"),
    "imported by a class body": (
        "_level = 0\n" + SET + "def f():\n    class C:\n        import os as _level\n        x = _level\n", "a class body uses its name"
    ),
    "a module within it is imported": (
        "_level = None\n" + SET + "def f():\n    global _level\n    import _level.path\n", "the import of a module within it"
    ),
    "imported on a line with others": (
        "_level = None\n" + SET + "def f(x):\n    global _level\n    if x: import os as _level\n", "shares its line"
    ),
    "a class that calls something else so, and reads it": (
        "_level = 0\n" + SET + "class A:\n    _level = _level\n", "a class body uses its name",
    ),
    "a method of that name, beside a default that reads it": (
        "_level = 0\n" + SET + "class A:\n    def _level(self):\n        return 1\n    def f(self, x=_level):\n        return x\n",
        "a class body uses its name",
    ),
    "bound inside an expression": ("_level = 0\n" + SET + "def f():\n    global _level\n    return (_level := 2)\n", "inside an expression"),
    "a comprehension of the same name": ("_level = 0\n" + SET + "def f(x):\n    return [_level for _level in x]\n", "inner scope"),
    "meant by a function within one that has a local of the name": (
        "_level = 0\n" + SET + "def f():\n    _level = 1\n    def g():\n        global _level\n        _level += 1\n    return g\n",
        "within it the global is meant",
    ),
    "meant by a class within a method that has a local of the name": (
        "_level = 0\n" + SET + "class A:\n    _level = 2\n    def f(self, _level):\n        class C:\n            _level = _level\n        return C\n",
        "within it the global is meant",
    ),
    "used as a type": ("_level = 0\n" + SET + "def f(x: _level):\n    pass\n", "as a type"),
    "said by an example": ('"""\n>>> set_level(_level)\n"""\n_level = 0\n' + SET, "an example in a docstring says its name"),
    "said by a later line of an example": (
        "_level = 0\n" + SET + 'def f():\n    return """\n    >>> if True:\n    ...     _level\n    """\n', "(app.py:6)",
    ),
    "asked for by its key": ("_level = 0\n" + SET + "def f():\n    return set_level.__globals__['_level']\n", "`__globals__` is asked for it"),
    "asked for by an unknown key": (
        "import sys\n_level = 0\n" + SET + "def f(n):\n    return sys._getframe().f_globals.get(n), _level\n", "`f_globals` is asked for it",
    ),
    "of several types at once": ("_level: (int, str) = 0\n" + SET, "its annotation is no type"),
    "described by its annotation": ("_level: 'how deep' = 0\n" + SET, "its annotation is no type"),
    "of a type or not": ("_level: int or None = None\n" + SET, "its annotation is no type"),
    "of a list of types, without a value": ("level: [int]\n" + SET.replace("_level", "level"), "its annotation is no type"),
    "shown by an f-string": ("_level = 0\n" + SET + 'def f():\n    return f"{_level=}"\n', "shows its name"),
    "shown as part of more": ("_level = 0\n" + SET + 'def f():\n    return f"{(_level + 1) = :>3}"\n', "shows its name"),
    "absence told by an error": (
        "_level = 0\n" + SET + "def f():\n    global _level\n    try:\n        del _level\n    except NameError:\n        pass\n",
        "NameError",
    ),
    "declared final": ("from typing import Final\n_level: Final = 0\n" + SET, "never bound anew"),
}  # fmt: skip

IMPORT = "from outfall_runtime import Slot\n\n"
TRANSFORMED = {
    "read and set": (
        "_level = 0  # of detail\n\n" + SET + "\ndef level():\n    return _level\n",
        IMPORT + '_level = Slot("app._level", 0)  # of detail\n\ndef set_level(value):\n    _level.value = value\n'
        "\ndef level():\n    return _level.value\n",
    ),
    "counted up": (
        "_n = 0\ndef hit():\n    global _n\n    _n += 1\n    return _n\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef hit():\n    _n.update(lambda value: value + 1)\n    return _n.value\n',
    ),
    "functions that have a local of the name, closures included": (
        "_n = 0\ndef hit():\n    global _n\n    _n = 2\ndef f(_n):\n    class C:\n        _n = 1\n    def g():\n        nonlocal _n\n"
        "        _n += 1\n        return lambda: _n\n    return g\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef hit():\n    _n.value = 2\ndef f(_n):\n    class C:\n        _n = 1\n    def g():\n'
        "        nonlocal _n\n        _n += 1\n        return lambda: _n\n    return g\n",
    ),
    "an example that says another's": (
        '"""\n>>> app._level\n0\n>>> _levels\n"""\n_level = 0\n' + SET + "def f(): return _level\n",
        '"""\n>>> app._level\n0\n>>> _levels\n"""\n\n' + IMPORT + '_level = Slot("app._level", 0)\ndef set_level(value):\n    _level.value = value\n'
        "def f(): return _level.value\n",
    ),
    "on one line": (
        "_n = 0\ndef f(x): global _n; _n = x; return _n\ndef g():\n    global _n ;\ndef h(): global _n; # nothing\ndef i(): return _n\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef f(x): _n.value = x; return _n.value\ndef g():\n    pass ;\ndef h(): pass; # nothing\ndef i(): return _n.value\n',
    ),
    "counted up, and set to what is plainly a number": (
        "_n = 0\ndef hit(xs):\n    global _n\n    _n += 1\n    _n = -len(xs) if xs else (_n + 2) % 7\n    _n += len(xs)\n    del _n\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef hit(xs):\n    _n.update(lambda value: value + 1)\n'
        "    _n.value = -len(xs) if xs else (_n.value + 2) % 7\n    _n.value += len(xs)\n    del _n.value\n",
    ),
    "counted up, and set together with others": (
        "_n = 0\ndef hit(xs):\n    global _n\n    _n += 1\n    (a, [_n, b]) = xs, [0, xs]\n    c = _n = 2\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef hit(xs):\n    _n.update(lambda value: value + 1)\n    (a, [_n.value, b]) = xs, [0, xs]\n    c = _n.value = 2\n',
    ),
    "counted up, and set to what others give": (
        "_n = 0\ndef hit(xs):\n    global _n\n    _n += 1\n    a, _n = xs\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef hit(xs):\n    _n.value += 1\n    a, _n.value = xs\n',
    ),
    "a list, which text is added to letter by letter": (
        "_all = []\n_same = _all\ndef add():\n    global _all\n    _all += 'ab'\ndef reset():\n    global _all\n    _all = []\n",
        IMPORT + '_all = Slot("app._all", [])\n_same = _all.value\ndef add():\n    _all.value += \'ab\'\n'
        "def reset():\n    _all.value = []\n",
    ),
    "a number at first, then what may be an array": (
        "_n = 0\ndef hit(rows):\n    global _n\n    _n = rows\n    _n += 1\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef hit(rows):\n    _n.value = rows\n    _n.value += 1\n',
    ),
    "counted after a loop has bound it": (
        "_n = 0\ndef hit(rows):\n    global _n\n    for _n in rows:\n        _n += 1\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef hit(rows):\n    for _n.value in rows:\n        _n.value += 1\n',
    ),
    "changed by something that may be mutable": (
        "_n = 0\ndef hit(more):\n    global _n\n    _n += more  # grows\n",
        IMPORT + '_n = Slot("app._n", 0)\ndef hit(more):\n    _n.value += more  # grows\n',
    ),
    "tuples, loops, blocks and deletion": (
        "_x = None\ndef f(xs):\n    global _x, y\n    a, _x = xs\n    for _x in xs:\n        print(_x)\n"
        "    with xs as _x:\n        print(_x)\n    del _x\ndef g():\n    return _x\n",
        IMPORT + '_x = Slot("app._x", None)\ndef f(xs):\n    global y\n    a, _x.value = xs\n    for _x.value in xs:\n'
        "        print(_x.value)\n    with xs as _x.value:\n        print(_x.value)\n    del _x.value\ndef g():\n    return _x.value\n",
    ),
    "with a type, over several lines": (
        "_pair: tuple[int, int] = 1, 2\ndef f(x):\n    global _pair\n    if x: _pair = (\n        x, 2\n    )\n",
        IMPORT + '_pair: Slot[tuple[int, int]] = Slot("app._pair", (1, 2))\ndef f(x):\n    if x: _pair.value = (\n        x, 2\n    )\n',
    ),
    "with a type that is text": (
        "_a: 'dict[str, int] | None' = None\n_b: None = None\ndef f(x):\n    global _a, _b\n    _a = x\n    _b = x\ndef g(): return _a, _b\n",
        IMPORT + "_a: Slot['dict[str, int] | None'] = Slot(\"app._a\", None)\n_b: Slot[None] = Slot(\"app._b\", None)\n"
        "def f(x):\n    _a.value = x\n    _b.value = x\ndef g(): return _a.value, _b.value\n",
    ),
    "a container that is swapped whole": (
        "_all = {}\ndef put(k, v):\n    _all[k] = v\ndef reset():\n    global _all\n    _all = {}\n",
        IMPORT + '_all = Slot("app._all", {})\ndef put(k, v):\n    _all.value[k] = v\ndef reset():\n    _all.value = {}\n',
    ),
    "described by the string below it": (
        '_level = 0\n"""How much to say."""\n\ndef set_level(value):\n    global _level\n\n    _level = value\n'
        "\ndef main():\n    import app\n    app._level = 2\n",
        "from outfall_runtime import Slot, module_property\n\n"
        '_level_slot = Slot("app._level", 0)\n"""How much to say."""\nmodule_property(__name__, "_level", _level_slot)\n'
        "\ndef set_level(value):\n    _level_slot.value = value\n\ndef main():\n    import app\n    app._level = 2\n",
    ),
    "described by a comment behind it": (
        "level = 0  # how much\n" + SET.replace("_level =", "level =").replace("global _level", "global level"),
        "from outfall_runtime import Slot, module_property\n\n"
        '_level_slot = Slot("app.level", 0)  # how much\nmodule_property(__name__, "level", _level_slot)\n'
        "def set_level(value):\n    _level_slot.value = value\n",
    ),
    "bound once more while importing": (
        "_level = 0\nfor _level in (1, 2): pass\n_x, _level = 3, 4\n" + SET + "def f():\n    return _level\n",
        IMPORT + '_level = Slot("app._level", 0)\nfor _level.value in (1, 2): pass\n_x, _level.value = 3, 4\n'
        "def set_level(value):\n    _level.value = value\ndef f():\n    return _level.value\n",
    ),
    "a comment behind the global": (
        "_level = 0\ndef f():\n    global _level  # pylint: disable=global-statement\n    _level = 1\n"
        "def g():\n    global _level  #noqa: PLW0603\n\n    _level = 2\ndef h():\n    print(_level)\n    global _other  # set below\n    _other = 3\n"
        "_other = 4\ndef i(x):\n    if x: global _level; _level = 5\n    print(_other)\ndef j():\n    global _level  # type of detail\n    _level = 6\n",
        IMPORT + '_level = Slot("app._level", 0)\ndef f():\n    _level.value = 1\ndef g():\n    _level.value = 2\ndef h():\n'
        '    print(_level.value)\n    # set below\n    _other.value = 3\n_other = Slot("app._other", 4)\n'
        "def i(x):\n    if x: _level.value = 5\n    print(_other.value)\ndef j():\n    # type of detail\n    _level.value = 6\n",
    ),
    "a blank line below the global": (
        '_level = 0\ndef f():\n    """Up."""\n    global _level\n\n    _level = 1\n'
        "def g():\n    print()\n\n    global _level\n\n    _level = 2\n    return _level\n",
        IMPORT + '_level = Slot("app._level", 0)\ndef f():\n    """Up."""\n\n    _level.value = 1\n'
        "def g():\n    print()\n\n    _level.value = 2\n    return _level.value\n",
    ),
    "with a type comment": (
        "_level = 0  # type: int | None # of detail\n_other = 1  # type: ignore\ndef f(x):\n    global _level, _other\n    _level = _other = x\n",
        IMPORT + '_level = Slot("app._level", 0)  # type: Slot[int | None] # of detail\n_other = Slot("app._other", 1)  # type: ignore\n'
        "def f(x):\n    _level.value = _other.value = x\n",
    ),
    "imported on first use": (
        "_json = None\ndef f(x):\n    global _json\n    if _json is None:\n        import json as _json  # slow\n    return _json.dumps(x)\n",
        IMPORT + '_json = Slot("app._json", None)\ndef f(x):\n    if _json.value is None:\n        import json as imported_json  # slow\n'
        "        _json.value = imported_json\n    return _json.value.dumps(x)\n",
    ),
    "imported beside others, over several lines": (
        "_a = _b = None\n_dumps = None\ndef f(x):\n    global _dumps\n    from json import (\n        loads,\n        dumps as _dumps,\n    )\n",
        IMPORT + '_a = _b = None\n_dumps = Slot("app._dumps", None)\ndef f(x):\n    from json import (\n        loads,\n'
        "        dumps as imported_dumps,\n    )\n    _dumps.value = imported_dumps\n",
    ),
    "several imported in one statement": (
        "_a = None\n_b = None\ndef f():\n    global _a, _b\n    import json as _a, csv as _b\ndef g():\n    return _a, _b\n",
        IMPORT + '_a = Slot("app._a", None)\n_b = Slot("app._b", None)\ndef f():\n    import json as imported_a, csv as imported_b\n'
        "    _a.value = imported_a\n    _b.value = imported_b\ndef g():\n    return _a.value, _b.value\n",
    ),
    "a method and a class attribute of the same name": (
        "_level = 0\n" + SET + "class A:\n    @property\n    def _level(self):\n        return _level\nclass B:\n    _level = 1\n"
        "    def f(self):\n        return _level + self._level\n",
        "from outfall_runtime import Slot, module_property\n\n"
        '_level_slot = Slot("app._level", 0)\nmodule_property(__name__, "_level", _level_slot)\n'
        "def set_level(value):\n    _level_slot.value = value\n"
        "class A:\n    @property\n    def _level(self):\n        return _level_slot.value\nclass B:\n    _level = 1\n"
        "    def f(self):\n        return _level_slot.value + self._level\n",
    ),
    "without a value of its type at first": (
        "_level: int = None  # type: ignore\n_text: str = 0  # type: ignore\n" + SET + "def f(x):\n    global _text\n    _text = x\n",
        IMPORT + '_level: Slot[int] = Slot("app._level", None)\n_text: Slot[str] = Slot("app._text", 0)  # type: ignore\n'
        "def set_level(value):\n    _level.value = value\ndef f(x):\n    _text.value = x\n",
    ),
    "a parameter of the same name": (
        "_level = 0\n\n" + SET + "\ndef f(_level):\n    _level = 2\n    return lambda: _level\n",
        IMPORT + '_level = Slot("app._level", 0)\n\ndef set_level(value):\n    _level.value = value\n'
        "\ndef f(_level):\n    _level = 2\n    return lambda: _level\n",
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
def test_check_transformed(name: str, migrated: Callable[[str], str]) -> None:
    before, after = TRANSFORMED[name]
    assert migrated(before) == after
    assert migrated(after) == after


def test_a_slot_needs_no_flag(project: Project) -> None:
    project.write("app.py", TRANSFORMED["read and set"][0])
    assert [change.path for change in project.migration().changes] == ["app.py"]
