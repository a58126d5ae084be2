"""Whether a `threading.local()` carries context, or keeps something that belongs to its thread.

The two look the same at run time. Moved to a context, a resource would be opened once per task,
used on a foreign thread or never closed, with every test still green; so the kind is read from
what the code stores, and where the signs disagree nobody guesses.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from outfall_lint.facts import ANY
from outfall_lint.model import Access, Kind, Operation

CONTEXT_WORDS = frozenset(
    "request user locale language lang span tenant trace site context ctx current active account organization org "
    "correlation principal identity transaction timezone tz theme app environment env scope actor caller "
    "response domain translation translations activated session_id request_id trace_id user_id override overrides "
    "translator region country currency".split()
)
RESOURCE_WORDS = frozenset(
    "connection conn connections client cursor socket sock pool lock buffer buf parser loop handle db database "
    "engine channel producer consumer rng random cache memo depth reader writer selector pipe http".split()
)
_ANYTHING = frozenset("value val v obj object item x thing".split())
_RESOURCE_MAKERS = re.compile(
    r"(^|[._])(connect(ion)?|open|session|(\w*)client|(\w*)connection|r?lock|condition|semaphore|event|socket|"
    r"cursor|pool|(\w*)parser|(\w*)buffer|bytesio|stringio|bytearray|selector|new_event_loop|event_loop|random|"
    r"(\w*)factory|create_engine|database|deque|queue|(\w*)executor|popen|mmap|compiler?)$",
    re.IGNORECASE,
)
_OPENED = re.compile(
    r"connect|open|session|client|cursor|sock|pool|loop|database|\bdb|engine|channel|producer|consumer|selector|pipe|executor|popen|mmap|file|\bfd",
    re.IGNORECASE,
)
_GUARDS = "guards the thread against entering again"
STACK = re.compile(r"stack|spans?$|scopes?$|contexts?$|ctx", re.IGNORECASE)
_GUARD = re.compile(r"recurs|reentr|guard|protect|inside|entered|in_progress", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def decide(name: str, accesses: Sequence[Access]) -> tuple[Kind, tuple[str, ...]]:
    """The kind of a thread-local and the evidence for it, one sentence each."""
    by_attribute: dict[str, list[Access]] = defaultdict(list)
    for access in accesses:
        if access.attribute is not None:
            by_attribute[access.attribute].append(access)
    context: list[str] = []
    resource: list[str] = []
    stack = _stack(by_attribute)
    if stack is not None:
        return Kind.SPAN_STACK, (stack,)
    for attribute, uses in by_attribute.items():
        if attribute == ANY:
            continue  # kept under computed names: what that is for, those know who compute them
        for sign, evidence in _signs(attribute, uses):
            (context if sign is Kind.CONTEXT else resource).append(evidence)
    if not context and not resource and by_attribute:
        context += _by_words(name, CONTEXT_WORDS, f"the name `{name}`")
    if context and not resource:
        return Kind.CONTEXT, tuple(context)
    if resource and not context:
        return Kind.THREAD_RESOURCE, tuple(resource)
    if not by_attribute:
        return Kind.UNDECIDED, ("no attribute of it is used where we can see it",)
    if not context:
        return Kind.UNDECIDED, ("nothing that is stored tells what it is for",)
    return Kind.UNDECIDED, (*context, *resource, "the signs disagree")


def _stack(by_attribute: Mapping[str, list[Access]]) -> str | None:
    """The evidence that an attribute is a stack of contexts; None where none is."""
    for attribute, uses in by_attribute.items():
        pushed = next((a for a in uses if a.method in ("append", "pop", "push")), None)
        if pushed is not None and STACK.search(attribute):
            return f"`{attribute}` is pushed to and popped from at {pushed.place.path}:{pushed.place.line}"
    return None


def _signs(attribute: str, uses: list[Access]) -> list[tuple[Kind, str]]:
    """The signs for either kind that one attribute gives."""
    found = [sign for access in uses for sign in _store_sign(attribute, access)]
    stored = [a for a in uses if a.operation.changes and not a.at_import]
    if stored and not found:
        found += [(Kind.CONTEXT, text) for text in _by_words(attribute, CONTEXT_WORDS, f"the attribute `{attribute}`")]
    if not found:
        words = _by_words(attribute, RESOURCE_WORDS, f"the attribute `{attribute}`", "a resource")
        found += [(Kind.THREAD_RESOURCE, text) for text in words]
    return found


def _store_sign(attribute: str, access: Access) -> list[tuple[Kind, str]]:
    if access.operation is not Operation.MUTATE:
        return []
    where = f"at {access.place.path}:{access.place.line}"
    guard, _, value = access.detail.rpartition("; ")
    word, _, subject = value.partition(" ")
    created = guard.startswith(("if absent", "after AttributeError"))
    if access.method == "__iadd__" and word == "constant" and subject:
        return [(Kind.THREAD_RESOURCE, f"`{attribute}` is counted up and down in place {where}")]
    if access.method in ("append", "pop", "extend", "__setitem__", "add", "update", "clear"):
        return [(Kind.THREAD_RESOURCE, f"`{attribute}` holds a container that is changed in place {where}")]
    entered = created and value == "constant True"
    if entered or (value in ("constant True", "constant False") and _GUARD.search(attribute)):
        return [(Kind.THREAD_RESOURCE, f"`{attribute}` {_GUARDS} {where}")]
    if word == "parameter" and not (says_nothing(attribute) and says_nothing(subject)):
        return [(Kind.CONTEXT, f"`{attribute}` receives parameter `{subject}` {where}")]
    if word == "call" and _RESOURCE_MAKERS.search(subject) and not _by_words(attribute, CONTEXT_WORDS, ""):
        return [(Kind.THREAD_RESOURCE, f"`{attribute}` keeps what `{subject}` makes {where}")]
    if word == "call" and created:
        return [(Kind.THREAD_RESOURCE, f"`{attribute}` is made once per thread, by `{subject}` {where}")]
    if word == "literal" and created:
        spoken = [(Kind.CONTEXT, text) for text in _by_words(attribute, CONTEXT_WORDS, f"the attribute `{attribute}`")]
        return [(Kind.THREAD_RESOURCE, f"`{attribute}` is a {subject} made once per thread {where}"), *spoken]
    return []


def kept(evidence: Sequence[str]) -> str:
    """What a thread-local that is no context does for its thread: "opened" for what wants closing, "guard" or "value"."""
    signs = [sentence.partition(" at ")[0] for sentence in evidence]
    if any(_OPENED.search(sign) for sign in signs):
        return "opened"
    return "guard" if all(sign.endswith(_GUARDS) for sign in signs) else "value"


def says_nothing(name: str) -> bool:
    """Whether a name is that of anything at all: a holder of values is for what its callers put there, out of sight."""
    return words_of(name) <= _ANYTHING


def words_of(name: str) -> set[str]:
    """The words that a name is made of, and the name itself, in small letters."""
    return {word.lower() for word in _WORD.findall(name)} | {name.lower().strip("_")}


def _by_words(name: str, vocabulary: frozenset[str], subject: str, meaning: str = "context") -> list[str]:
    hit = sorted(words_of(name) & vocabulary)
    return [f"{subject} speaks of {meaning} (`{hit[0]}`)"] if hit else []
