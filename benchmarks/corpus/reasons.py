"""Reasons of declined plans, joined whatever their state and place, and what would lift each."""

from __future__ import annotations

import re

_PLACE = re.compile(r" ?\(?[\w./-]+\.py:\d+\)?|`[^`]+`|\"[\w.]+\"")
_ANSWER = "one line of the maintainer's under `[tool.outfall.states]`"
_LIFTS = (
    ("does it carry context, or keep something", "does it carry context, or keep something that belongs to its thread? The signs are missing, or disagree", _ANSWER),
    ("do its instances carry context", "do its instances carry context, or keep something that belongs to their thread? The class statement does not tell", _ANSWER),
    ("a class attribute that is bound anew", "", "a property of a metaclass, which also inherits, shadows and pickles as the attribute did; or its move to a global"),
    ("its module calls", "", "evidence that the call does not reach the name: what it computes would have to be followed"),
    ("it is bound to another object at", "", "a clearing in place by the maintainer; to other holders of the container that is another meaning"),
    ("it is declared under a condition", "", "one slot for all branches, where each of them binds the name and nothing else"),
    ("it is bound by an import", "", "an assignment of the imported name to the global, which the maintainer can write"),
    ("no module-level statement declares it", "", "a declaration by the maintainer, which gives it a value from the start"),
    ("the module that owns it does not declare it", "", "a declaration in the module that owns it, one line of the maintainer's"),
    ("it belongs to ", "it belongs to a package that is not part of the project, and all its users see the change", "what that package offers for it; nothing in the project can own it"),
    ("no class body declares it", "", "one line of the maintainer's in the class, `name = None`"),
    ("its class body does not declare it", "", "one plain statement in the class body, in place of several or of a condition"),
    ("it is a method that is exchanged", "", "a choice inside the method: a slot holds values, and a method is bound to its instance"),
    ("who advances the iterator", "", "an owner for the numbers; one step of `itertools.count` is safe as it is under the GIL"),
    ("a type checker follows its type", "", "a local variable between the assignment and the use"),
    ("a `type: ignore` stands", "", "the attribute's true type at its declaration"),
    ("another module imports everything", "", "an `__all__`, or the names that are meant in the import"),
    ("its keys name threads", "", "a context variable, where only the own entry is read"),
    ("not yet: stacks", "not yet: stacks of contexts come later", "a transform that is planned: one immutable tuple for each change"),
    ("not yet: ", "", "a transform that is planned"),
)


def reason_and_lift(reason: str) -> tuple[str, str]:
    """The reason without names and places, and what would lift it ("–" where that is not known)."""
    for start, said, lift in _LIFTS:
        if reason.startswith(start):
            return said or _joined(reason), lift
    return _joined(reason), "–"


def _joined(reason: str) -> str:
    return _PLACE.sub(" …", reason).replace("  ", " ").replace("|", "/")
