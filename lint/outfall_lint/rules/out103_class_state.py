"""OUT103: state that a class keeps for all its instances."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from outfall_lint.constructors import CONTAINERS, ITERATORS, THREAD_LOCALS
from outfall_lint.model import Access, Finding, Kind, Operation, Priority, State
from outfall_lint.purity import PURE, SETTLED
from outfall_lint.rule import Explanation, Parameter, Rule, View
from outfall_lint.rules._tables import renews_after_fork, stays_as_made, told, untested
from outfall_lint.rules._words import changed_in
from outfall_lint.states import is_runtime

_BODIES_OF_THEIR_OWN = frozenset(
    "Enum IntEnum StrEnum Flag IntFlag NamedTuple TypedDict BaseModel BaseSettings Model Schema Structure Union "
    "Protocol Serializer ModelSerializer Form ModelForm Message".split()
)
"""Bases whose class bodies declare fields, not shared values."""


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    fields = _BODIES_OF_THEIR_OWN | view.names(rule, "field-bases")
    for state in view.states:
        if state.scope != "class" or state.constructor in THREAD_LOCALS or is_runtime(state.constructor):
            continue
        holds = state.constructor in CONTAINERS or bool(CONTAINERS & view.bases_of(state.constructor))
        changes = [a for a in state.accesses if _changes_class(state, a, holds)]
        if not changes or _is_python_s(state.local_name) or _declares_fields(view, state, fields):
            continue
        after_import = [a for a in changes if not a.at_import]
        maker = _made_by(view, state)
        if after_import and maker:
            message = f"`{state.local_name}` belongs to a class that each call of `{maker}` makes anew, and is changed in {changed_in(after_import)}"
            yield rule.finding(state, message, Priority.LOW)
        elif after_import:
            message = f"`{state.local_name}` belongs to the class, so to all instances, and is changed in {changed_in(untested(view, after_import))}"
            if state.kind is Kind.LAZY and stays_as_made(state) and all(a.detail.endswith((PURE, SETTLED)) for a in after_import):
                yield rule.finding(state, f"{message}, to an equal value each time", Priority.LOW)
            elif all(view.registers(a) or renews_after_fork(a) for a in after_import):
                yield rule.finding(state, message, Priority.LOW)
            else:
                yield told(rule, view, state, message, after_import)
        elif any(a.function for a in changes):
            message = f"`{state.local_name}` of the class is filled by {changed_in(changes)} while modules are imported"
            yield rule.finding(state, message, Priority.LOW)


def _declares_fields(view: View, state: State, fields: Collection[str]) -> bool:
    """Whether the class body says what instances have; a protocol of asyncio or Twisted is a class like any other."""
    bases = view.bases_of(state.name.rpartition(".")[0])
    return any(base.rpartition(".")[2] in fields and not base.startswith(("asyncio.", "twisted.")) for base in bases)


def _made_by(view: View, state: State) -> str | None:
    """The function in whose body the class stands; None for a class of its module."""
    target = tuple(state.name.split("."))
    found = (target[:length] for length in range(1, len(target)) if target[:length] in view.project.functions)
    return next((function[-1] for function in found), None)


def _is_python_s(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _changes_class(state: State, access: Access, holds: bool) -> bool:
    if access.operation is Operation.REBIND:
        return access.function is not None
    if access.operation is Operation.MUTATE and state.constructor in ITERATORS:
        return True
    if access.operation in (Operation.MUTATE, Operation.DELETE):
        if state.value is None and all(a.operation is not Operation.REBIND for a in state.accesses):
            return False  # only announced: each instance is given its own
        unknown = state.constructor not in ("constant", "tuple")  # those cannot be changed: an instance has its own
        return holds or (unknown and access.method in ("__setitem__", "__delitem__"))
    return False


RULE = Rule(
    code="OUT103",
    name="class-state",
    category="tables",
    priority=Priority.HIGH,
    explanation=Explanation(
        what=(
            "Reports a container or value of a class body that is changed through the class, `cls`, an instance\n"
            "that does not shadow it, or from outside: registries, counters, `__new__` singletons."
        ),
        why=(
            "A class attribute is a global with a longer name. Every instance shares it, subclasses share it unless\n"
            "they say otherwise, and what looks like a change of one object changes them all."
        ),
        example="class Pool:\n    members = []\n\n    def join(self, member):\n        self.members.append(member)\n",
        instead=(
            "class Pool:\n    def __init__(self):\n        self.members = []\n\n"
            "    def join(self, member):\n        self.members.append(member)\n"
        ),
        fix_safety="Moving a container of a class into the runtime keeps its name; subclasses keep sharing it.",
        references=("https://docs.python.org/3/tutorial/classes.html#class-and-instance-variables",),
    ),
    bad=(
        "class Pool:\n    members = []\n\n    def join(self, member):\n        self.members.append(member)\n",
        "class Config:\n    _instance = None\n\n    def __new__(cls):\n        if cls._instance is None:\n"
        "            cls._instance = super().__new__(cls)\n        return cls._instance\n",
        "class Job:\n    count = 0\n\n    def __init__(self):\n        Job.count += 1\n",
    ),
    good=(
        "class Pool:\n    members = []\n\n    def __init__(self):\n        self.members = []\n\n"
        "    def join(self, member):\n        self.members.append(member)\n",
        "class Job:\n    count = 0\n\n    def run(self):\n        self.count += 1\n",
        "class Colour:\n    names = {1: 'red'}\n\n    def name(self):\n        return self.names[1]\n",
    ),
    check=_check,
    parameters=(
        Parameter("field-bases", (), "more base classes, by their last names, whose class bodies declare fields"),
    ),
    over=("OUT109",),
    transform="moves a container of the class into the registry of its kind; attributes bound anew are left, with advice",
)
