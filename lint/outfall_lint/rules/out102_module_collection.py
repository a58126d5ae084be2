"""OUT102: a module-level collection that functions change."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.constructors import COLLECTIONS
from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._tables import table_findings


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    yield from table_findings(rule, view, "module", COLLECTIONS)


RULE = Rule(
    code="OUT102",
    name="module-collection",
    category="tables",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports a list, set, deque or array that lives as long as its module and that functions change.",
        why=(
            "Whatever one request appends, the next one finds. Nothing owns the elements, so nothing removes them;\n"
            "tests see what earlier tests left; and two threads that iterate and append at once fail."
        ),
        example="_listeners = []\n\ndef listen(callback):\n    _listeners.append(callback)\n",
        instead=(
            "class Bus:\n    def __init__(self):\n        self._listeners = []\n\n"
            "    def listen(self, callback):\n        self._listeners.append(callback)\n"
        ),
        fix_safety="The collection keeps its type, order and identity; only who owns it changes.",
        references=("https://docs.python.org/3/howto/free-threading-python.html",),
    ),
    bad=(
        "_listeners = []\n\ndef listen(callback):\n    _listeners.append(callback)\n",
        "from collections import deque\n\nrecent = deque(maxlen=10)\n\ndef note(x):\n    recent.appendleft(x)\n",
        "_open: set[str] = set()\n\ndef opened(name):\n    found = _open\n    found.add(name)\n",
    ),
    good=(
        "NAMES = ['a', 'b']\n\ndef first():\n    return NAMES[0]\n",
        "_listeners = []\n\ndef f():\n    copy = list(_listeners)\n    copy.append(1)\n    return copy\n",
        "__all__ = []\n\ndef _export(f):\n    __all__.append(f.__name__)\n    return f\n\n@_export\ndef g(): ...\n",
    ),
    check=_check,
    transform=(
        "moves a list, set or deque into the registry of its kind (ListRegistry, SetRegistry, DequeRegistry);\n"
        "every access stays as it is"
    ),
)
