"""What a rule is: one declaration that documents, tests and runs itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from outfall_lint.model import Access, Finding, Place, Priority, State
from outfall_lint.project import Project


_XUNIT = frozenset("setUpClass tearDownClass setUpModule tearDownModule setup_class teardown_class setup_module teardown_module".split())
"""What runners of tests call before and after the tests of a class or module."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The fixed sections of a rule's page."""

    what: str
    why: str
    example: str
    instead: str
    fix_safety: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A setting of `[tool.outfall.rules.CODE]`, by its kebab-case name."""

    name: str
    default: bool | int | str | tuple[str, ...]
    meaning: str


class View:
    """What a rule may look at."""

    def __init__(self, project: Project, states: tuple[State, ...], settings: Mapping[str, Mapping[str, object]]) -> None:
        self.project = project
        self.states = states
        self._settings = settings
        self._tests = frozenset(facts.path for facts in project.modules if facts.is_test)
        self._asides = {facts.path: facts.asides for facts in project.modules if facts.asides}
        self._modules = {facts.path: facts.module for facts in project.modules}
        self._mutable = frozenset(
            (facts.path, *declaration.span[:2])
            for facts in project.modules
            for declaration in facts.declarations
            if declaration.note == "mutable default"
        )
        self._fixtures = frozenset(
            (facts.path, function.name)
            for facts in project.modules
            for function in facts.functions
            if "fixture" in function.decorators
        )
        self._registering = frozenset(
            (facts.path, function.name) for facts in project.modules for function in facts.functions if function.registers
        )

    def is_test(self, path: str) -> bool:
        """Whether a file lives for one run: a test, an example, a script of the repository."""
        return path in self._tests

    def for_tests(self, access: Access) -> bool:
        """Whether an access is made for tests alone: in a file that lives for one run, in a fixture of pytest, in a test case."""
        path, function = access.place.path, access.function
        return path in self._tests or (path, function) in self._fixtures or self._in_test_case(path, function or "")

    def _in_test_case(self, path: str, function: str) -> bool:
        """Whether a function is a method of a test case, which has a base of that name or fixtures that runners of tests call."""
        owner, _, last = function.rpartition(".")
        if not owner:
            return last in _XUNIT
        name = f"{self._modules[path]}.{owner}"
        methods = (self.project.classes[each].methods for each in self.project.ancestors(tuple(name.split("."))) if each in self.project.classes)
        return any(not _XUNIT.isdisjoint(each) for each in methods) or any(base.endswith("TestCase") for base in self.bases_of(name))

    def aside(self, place: Place) -> str:
        """Why production never comes by a place, in words ("only for type checkers"); empty where it does."""
        return next((a.why for a in self._asides.get(place.path, ()) if a.first <= place.line <= a.last), "")

    def registers(self, access: Access) -> bool:
        """Whether an access stands in a decorator that records what it decorates."""
        return (access.place.path, access.function) in self._registering

    def bases_of(self, name: str) -> set[str]:
        """The canonical names of all bases of a class, within and beyond the project."""
        return self.project.root_bases(tuple(name.split(".")))

    def module_of(self, path: str) -> str:
        """The module that a file holds."""
        return self._modules[path]

    def mutable_default(self, state: State) -> bool:
        """Whether a context variable was declared with a mutable default."""
        return (state.place.path, state.place.line, state.place.column) in self._mutable

    def names(self, rule: Rule, name: str) -> frozenset[str]:
        """The value of a rule's parameter that is a list of names."""
        value = self.setting(rule, name)
        return frozenset(str(item) for item in value) if isinstance(value, tuple) else frozenset()

    def setting(self, rule: Rule, name: str) -> object:
        """The value of a rule's parameter: the configured one, or its default."""
        default = next(p.default for p in rule.parameters if p.name == name)
        return self._settings.get(rule.code, {}).get(name, default)


Check = Callable[["Rule", View], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """One rule. `over` names the rules that stay silent about a state that this one reports."""

    code: str
    name: str
    category: str
    priority: Priority
    explanation: Explanation
    bad: tuple[str, ...]
    good: tuple[str, ...]
    check: Check
    transform: str = ""  # what `outfall migrate` does; empty: `advice` says what to do by hand
    advice: str = ""
    parameters: tuple[Parameter, ...] = ()
    over: tuple[str, ...] = ()

    def finding_at(self, place: Place, state: State, message: str, priority: Priority | None = None) -> Finding:
        """A finding of this rule at a place other than the declaration."""
        return replace(self.finding(state, message, priority), place=place)

    def finding(self, state: State, message: str, priority: Priority | None = None) -> Finding:
        """A finding of this rule at the state's declaration."""
        return Finding(
            self.code, self.name, self.category, priority or self.priority, state.place, state, message
        )


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code. A file in `rules/` that defines `RULE` is a rule; there is no list to edit."""
    package = importlib.import_module("outfall_lint.rules")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.name.startswith("out"))
    modules = [importlib.import_module(f"outfall_lint.rules.{name}") for name in names]
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: rule.code))


def rule_named(code: str) -> Rule | None:
    """The rule with this code or name; None where there is none."""
    wanted = code.upper()
    return next((rule for rule in all_rules() if rule.code == wanted or rule.name == code.lower()), None)
