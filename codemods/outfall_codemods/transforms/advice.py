"""Findings that no transform covers yet: each is declined, with advice that holds for its code."""

from __future__ import annotations

from outfall_lint.model import Finding, State

from ..other_files import OtherFiles
from ..plan import Plan, decline
from ..text import SourceText
from ..transform import Codes, Transform

_ADVICE = {
    "OUT102": "keep it, or put it behind functions of its own module, until registries cover lists and sets",
    "OUT103": "move it to module level, where it has one owner",
    "OUT104": "keep the value in one object and change that, instead of binding the name anew",
    "OUT105": "make it in one function that every caller goes through",
    "OUT106": "let the owning module offer a function that makes the change",
    "OUT107": "keep the value in a module-level object of its own",
    "OUT108": "use None as the default and make the value inside the function",
    "OUT109": "pass the instance to those who need it",
    "OUT110": "make the change once, when the process starts",
    "OUT111": "bind the name in its own module",
    "OUT112": "hand the iterator to those who advance it, or guard it by a lock",
    "OUT203": "use a context variable, which ends with its task",
    "OUT204": "store an immutable value, and a new one for each change",
    "OUT205": "reset the token in a `finally`",
    "OUT206": "enter the block inside the consumer, or close the generator",
    "OUT207": "run the work through `contextvars.copy_context().run`",
    "OUT208": "make it inside the running loop",
    "OUT301": "use one immutable tuple per change, held in a context variable",
    "OUT401": "bound the memory, and test and add in one step",
    "OUT402": "count under a lock",
    "OUT403": "give the cache a limit or a time to live",
    "OUT501": "test and act under one lock",
    "OUT502": "read and write under one lock",
    "OUT503": "iterate over a copy: `list(…)`",
}


def plan(state: State, codes: Codes, source: SourceText, others: OtherFiles) -> Plan:
    advice = "; ".join(dict.fromkeys(_ADVICE.get(code, "change it by hand") for code in codes))
    return decline(state, codes, f"not yet: no rewrite for {', '.join(codes)}; {advice}")


def accepts(finding: Finding) -> bool:
    return True


TRANSFORM = Transform(
    name="advice",
    fix_safety="Nothing is rewritten.",
    accepts=accepts,
    plan=plan,
    last=True,
)
