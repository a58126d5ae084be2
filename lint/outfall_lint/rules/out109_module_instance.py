"""OUT109: a module-level object of a project class whose attributes or entries functions change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from outfall_lint.constructors import CONTAINERS, NAMESPACES, THREAD_LOCALS
from outfall_lint.facts import ANY
from outfall_lint.model import Access, Finding, Operation, Priority, State
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._tables import binding_anew, told, untested
from outfall_lint.rules._words import changed_in

_NAMED = 3
"""Attributes that a message names."""


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        if state.scope != "module" or not _project_object(view, state):
            continue
        cls = tuple(state.constructor.split("."))
        holds = bool(CONTAINERS & view.bases_of(state.constructor) or view.project.altered(cls, "__setitem__"))
        changes = [a for a in state.accesses if _after_import(a) and (_changes_attribute(a) or _changes_entry(a, holds))]
        if changes and not all(a.function in binding_anew(state) for a in changes):
            named = untested(view, changes)
            what = f"its {_attributes(named)} changed in {changed_in(named)}"
            message = f"`{state.local_name}` is one object for the whole process; {what}"
            yield told(rule, view, state, message, changes)


def _attributes(changes: Sequence[Access]) -> str:
    """Which attributes: "`app` is", "`app`, `user` and 3 more are", "entries are"."""
    attributes = dict.fromkeys(a.attribute for a in changes if _changes_attribute(a))
    if not attributes:
        return "entries are"
    names = [f"`{name}`" for name in attributes if name != ANY]
    if not names:
        return "attributes are"
    if len(names) == 1:
        return f"{names[0]} is"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + f"{more} are"


def _project_object(view: View, state: State) -> bool:
    if state.constructor in NAMESPACES:
        return True
    if state.constructor in CONTAINERS:
        return False
    cls = view.project.classes.get(tuple(state.constructor.split(".")))
    if cls is None or THREAD_LOCALS & view.bases_of(state.constructor):
        return False
    return "__setattr__" not in cls.methods  # a proxy: what is set goes elsewhere


def _after_import(access: Access) -> bool:
    return not access.at_import and access.function is not None


def _changes_attribute(access: Access) -> bool:
    return access.operation in (Operation.MUTATE, Operation.DELETE) and access.attribute is not None


def _changes_entry(access: Access, holds: bool) -> bool:
    """Whether an entry is stored or dropped, `X[k] = v`, where the class keeps entries (`holds`): as a container does, or by its own method."""
    return holds and access.operation in (Operation.MUTATE, Operation.DELETE) and access.attribute is None


RULE = Rule(
    code="OUT109",
    name="module-instance",
    category="globals",
    priority=Priority.NORMAL,
    explanation=Explanation(
        what="Reports a module-level instance of a class of the project whose attributes or entries are changed from functions.",
        why="Each attribute of such an object is a global in disguise: shared by all requests, tasks, threads and tests.",
        example="class Settings:\n    debug = False\n\nsettings = Settings()\n\ndef verbose():\n    settings.debug = True\n",
        instead="def verbose(settings):\n    settings.debug = True\n",
        fix_safety="No rewrite: who should own the object cannot be told from its uses.",
        references=("https://peps.python.org/pep-0567/",),
    ),
    bad=(
        "class Settings:\n    debug = False\n\nsettings = Settings()\n\ndef verbose():\n    settings.debug = True\n",
        "from types import SimpleNamespace\n\nstate = SimpleNamespace(user=None)\n\ndef login(user):\n    state.user = user\n",
    ),
    good=(
        "class Settings:\n    debug = False\n\nsettings = Settings()\n\ndef debug():\n    return settings.debug\n",
        "class Settings:\n    debug = False\n\ndef make():\n    settings = Settings()\n    settings.debug = True\n    return settings\n",
        "class Settings:\n    debug = False\n\nsettings = Settings()\nsettings.debug = True\n",
    ),
    check=_check,
    advice="make the object where the work begins, and pass it on",
)
