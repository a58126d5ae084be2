"""OUT107: state kept on a function object."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.constructors import CHANGING_METHODS
from outfall_lint.facts import BINDS, GOT, SUBSCRIPT, Target
from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import state_at
from outfall_lint.sites import Site


_KEEP = frozenset(("wraps", "staticmethod"))
"""Decorators through which an attribute is that of the very function that they are given."""


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for target, function in view.project.functions.items():
        if not _KEEP.issuperset(function.decorators):
            continue  # a decorator may have put any object in the function's place
        if not _outlives_its_maker(view, target):
            continue
        seen: set[str] = set()
        for site in view.project.sites_of(target):
            if not _keeps(site, function.name) or site.rest[0] in seen:
                continue
            seen.add(site.rest[0])
            name = ".".join((*target, site.rest[0]))
            at_import = view.project.at_import(site)
            state = state_at(site, name, at_import)
            low = at_import or view.is_test(site.module.path)
            yield rule.finding(
                state,
                f"function `{function.name}` keeps state in its attribute `{site.rest[0]}`",
                Priority.LOW if low else None,
            )


def _outlives_its_maker(view: View, target: Target) -> bool:
    """Whether a function is still there when the one that made it is done, as far as a `return` shows."""
    if target[:-1] not in view.project.functions:
        return True
    uses = [site.use for site in view.project.sites_of(target) if site.use.verb == "load" and not site.rest]
    return any(use.detail == "returned" or use.detail.endswith(("wraps", "update_wrapper", "to a call")) for use in uses)


def _keeps(site: Site, function: str) -> bool:
    """Whether a use inside a function changes an attribute of a function object that outlives the call."""
    use, rest = site.use, site.rest
    if not rest or rest[0].startswith("__") or rest[0] in (SUBSCRIPT, GOT) or use.function is None:
        return False
    if use.via == "self":
        return False  # a bound method takes no attributes: something else stands there
    if function.startswith(f"{use.function}."):
        return False  # what makes the function prepares it: a decorator, or the body of a class in it
    changes = use.verb in BINDS
    return changes or (use.verb == "call" and len(rest) == 2 and rest[1] in CHANGING_METHODS)


RULE = Rule(
    code="OUT107",
    name="function-attribute",
    category="globals",
    priority=Priority.NORMAL,
    explanation=Explanation(
        what="Reports an attribute of a function object that functions change.",
        why="A function object is as global as its module: its attributes are shared by every caller and never reset.",
        example="def hit():\n    hit.count += 1\n\nhit.count = 0\n",
        instead="class Hits:\n    def __init__(self):\n        self.count = 0\n\n    def hit(self):\n        self.count += 1\n",
        fix_safety="No rewrite: who should own the value cannot be told from the function.",
        references=("https://peps.python.org/pep-0232/",),
    ),
    bad=(
        "def hit():\n    hit.count += 1\n\nhit.count = 0\n",
        "def load(k):\n    if k not in load.cache:\n        load.cache[k] = 1\n    return load.cache[k]\n\nload.cache = {}\n",
        "def counted(f):\n    def wrapper():\n        wrapper.calls += 1\n        return f()\n"
        "    wrapper.calls = 0\n    return wrapper\n",
        "class Job:\n    def run(self):\n        Job.run.calls = getattr(Job.run, 'calls', 0) + 1\n",
    ),
    good=(
        "class Job:\n    @property\n    def run(self):\n        return self._run\n\n    def mark(self):\n        self.run.calls = 1\n",
        "def label(obj):\n    return str(obj)\n\nlabel.short_description = 'Label'\n",
        "def mark(f):\n    f.marked = True\n    return f\n",
        "def deco(f):\n    def wrapper():\n        return f()\n    wrapper.original = f\n    return wrapper\n",
    ),
    check=_check,
    advice="keep the value in an object that is passed to whoever needs it, or cache with functools.cache",
)
