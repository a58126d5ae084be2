"""Findings that no transform covers: each is declined, with what stands in the way and what to do instead."""

from __future__ import annotations

from outfall_lint.constructors import ITERATORS
from outfall_lint.model import Finding, State

from ..plan import Plan, decline
from ..transform import Case, Transform

_ADVICE = {
    "OUT101": "it has no declaration of its own that could be swapped; make it a plain dict at module level",
    "OUT102": "it has no declaration of its own that could be swapped; make it a plain list or set at module level",
    "OUT103": (
        "what the class holds is changed in place, and is no table that could be swapped; make it a plain container of "
        "the class, or guard it by a lock"
    ),
    "OUT104": "no module-level statement declares it, so nothing can become a slot; declare it once, at module level",
    "OUT105": "no module-level statement declares it, so nothing can become a slot; declare it as None at module level",
    "OUT106": "the module that owns it does not declare it as a plain value; offer a function there that makes the change",
    "OUT107": "an attribute of a function has no declaration to swap; keep the value in a module-level object",
    "OUT108": "callers may rely on the default's identity; use None as the default and make the value inside the function",
    "OUT109": "what the instance's attributes mean to each other is not in sight; pass the instance to those who need it",
    "OUT110": "the state belongs to the process, not to this project; make the change once, when the process starts",
    "OUT111": "the name is computed, so no declaration can be found; bind the name in its own module",
    "OUT112": "who advances the iterator takes from all others; hand it to those who advance it, or guard it by a lock",
    "OUT203": (
        "its keys name threads that others may look up or clean away, which no context can answer; "
        "use a context variable, which ends with its task, where only the own entry is read"
    ),
    "OUT204": "only its author knows what a copy would mean; store an immutable value, and a new one for each change",
    "OUT205": "where the value should end is not in the code; reset the token in a `finally`",
    "OUT206": "who consumes the generator decides when the block ends; enter the block inside the consumer",
    "OUT208": "the loop it should belong to is not in sight; make it inside the running loop",
    "OUT301": "not yet: stacks come later; use one immutable tuple per change, held in a context variable",
    "OUT401": "not yet: memories of what was seen come later; bound the memory, and test and add in one step",
    "OUT402": "not yet: counters come later; count under a lock",
    "OUT403": "the right limit is not in the code; give the cache a limit or a time to live",
    "OUT501": "not yet: races come later; test and act under one lock",
    "OUT502": "not yet: races come later; read and write under one lock",
    "OUT503": "not yet: races come later; iterate over a copy: `list(…)`",
}
_FOREIGN = (
    "it belongs to {0}, which is not part of this project, and all its users see the change; "
    "use what {0} offers for this, or make the change in one place that also takes it back"
)


def plan(case: Case) -> Plan:
    """Decline, saying for each code what stands in the way and what to do."""
    state, codes, others = case.state, case.codes, case.others
    owner = state.name.partition(".")[0]
    foreign = None if others.owns(owner) else _FOREIGN.format(owner)
    reasons = (foreign if foreign and code == "OUT106" else _reason(code, state) for code in codes)
    places = [finding.place for finding in case.findings]
    where = state.place if state.place in places else places[0]
    return decline(state, codes, "; ".join(dict.fromkeys(reasons)), where)


def _reason(code: str, state: State) -> str:
    if state.constructor in ITERATORS:
        return _ADVICE["OUT112"]
    if code == "OUT106" and state.scope == "class":
        return _ADVICE["OUT103"]
    return _ADVICE.get(code, "it is a matter for its author")


def accepts(finding: Finding) -> bool:
    return True


TRANSFORM = Transform(
    name="advice",
    fix_safety="Nothing is rewritten.",
    accepts=accepts,
    plan=plan,
    last=True,
)
