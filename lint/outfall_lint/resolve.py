"""Which uses matter beyond their function, and what each of them reaches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from outfall_lint.aliases import is_fresh
from outfall_lint.constructors import CHANGING_METHODS, PROCESS_CALLS
from outfall_lint.facts import BINDS, Target, Use, made
from outfall_lint.guards import guard_of, made_where_absent
from outfall_lint.names import Names, Start
from outfall_lint.paths import last_name, spelled
from outfall_lint.receivers import Shared, is_private
from outfall_lint.scopes import FUNCTION, RawUse, Scope, Walk
from outfall_lint.spans import SpanOf
from outfall_lint.thread_keys import thread_key
from outfall_lint.uses import changes_container
from outfall_lint.values import BY_IMPORT, OF_ITSELF, describe

_TO_NOBODY = ("", "")
_IMPORTS = frozenset((ast.Import, ast.ImportFrom))
_HANDS_ON = {
    **dict.fromkeys(("partial", "submit", "to_thread", "call_soon", "call_soon_threadsafe", "start_soon", "run_sync"), 0),
    **dict.fromkeys(("run_in_executor", "call_later", "call_at"), 1),
}
"""Calls that take a function and then its arguments, and what comes before the function."""
_SHOWS = frozenset("print repr str format debug info warning error exception critical log".split())
_TAKES_KEY = frozenset(("get", "pop", "setdefault"))
_CHANGES = BINDS | {"change"}


class _Lead(NamedTuple):
    """Where paths from a name lead, and which of its uses matter there."""

    start: Start
    is_own: bool  # a name of the project: of others only changes matter
    shared: frozenset[str] | None  # of `self`: what looks at any other attribute is the instance's own business


def resolved(
    walked: Walk, names: Names, span_of: SpanOf, own: frozenset[str], lasting: frozenset[Target], shared: Shared
) -> Iterator[Use]:
    """Every use that may matter beyond its function. `own` are the project's top-level modules, `lasting` the locals that outlive one call."""
    for scope in walked.scopes:
        function, at_import, script = scope.function, scope.at_import, scope.in_script
        leads: dict[str, tuple[_Lead, ...]] = {}
        for raw in scope.uses:
            root, path, verb, node, lock, detail, value, key = raw
            found = leads.get(root)
            if found is None:
                starts = _starts(names, scope, root, lasting)
                found = leads[root] = tuple([_lead(start, own, shared) for start in starts]) if starts else ()
            for start, is_own, of_class in found:
                if of_class is not None and is_private(raw, of_class):
                    continue
                if start.is_default and not changes_container(verb, path):
                    continue
                target, via = start.reach(path)
                if not path and verb in BINDS and not start.is_receiver and via != "closure":
                    target, via = (*names.module, root), ""  # the module's own name, whatever import gave it first
                if not is_own and target[0] not in own and not _changes_another(raw, target):
                    continue
                if verb == "call" and path and path[-1] in _TAKES_KEY and key is None:
                    key = _first_argument(detail)
                yield made(
                    Use,
                    (
                        target,
                        verb,
                        span_of(node),
                        function,
                        at_import or (script and not _calls(raw)),
                        lock,
                        detail if type(detail) is str else _fate(walked, scope, raw) if verb == "call" else _detail(raw, scope),
                        _value(names, scope, raw) if value is not None else BY_IMPORT if type(node) in _IMPORTS else "",
                        via,
                        thread_key(names, scope, key) if key is not None else "",
                        *(_given(names, scope, raw) if verb == "load" and type(detail) is ast.Call else _TO_NOBODY),
                    ),
                )


def _lead(start: Start, own: frozenset[str], shared: Shared) -> _Lead:
    of_self = start.is_receiver and start.via == "self"
    return made(_Lead, (start, start.target[0] in own, shared.get(start.target) if of_self else None))


def _starts(names: Names, scope: Scope, root: str, lasting: frozenset[Target]) -> tuple[Start, ...]:
    """What a name may stand for, where that lasts longer than its function."""
    if root == "globals" and scope.owner(root) is None:
        return (Start(names.module),)  # of `globals()`: nobody uses the builtin otherwise
    owner = scope.owner(root)
    if owner is not None and owner.kind == FUNCTION and not lasting and is_fresh(owner.bindings[root]):
        return ()
    found = names.starts(scope, root)
    if not found or (len(found) == 1 and found[0].via != "closure"):
        return found
    return tuple([s for s in found if s.via != "closure" or _outlives(s.target, lasting)])


def _outlives(target: Target, lasting: frozenset[Target]) -> bool:
    return any(target[:length] in lasting for length in range(len(target), 0, -1)) if lasting else False


def _value(names: Names, scope: Scope, raw: RawUse) -> str:
    """What a store puts there; whether a name is bound to something that is made of its own value is said with it."""
    assert raw.value is not None
    of_itself = not raw.path and any(type(part) is ast.Name and part.id == raw.root for part in ast.walk(raw.value))
    return f"{describe(names, scope, made_where_absent(raw, scope) or raw.value)}{OF_ITSELF if of_itself else ''}"


def _calls(raw: RawUse) -> bool:
    """Whether a script's use starts something of the program, as against changing something of the script."""
    return raw.verb == "call" and (not raw.path or raw.path[-1] not in CHANGING_METHODS)


def _fate(walked: Walk, scope: Scope, raw: RawUse) -> str:
    """What becomes of a call's result, where that matters: a token that nobody keeps."""
    call = raw.detail
    if raw.path[-1:] != ("set",) or not isinstance(call, ast.Call):
        return ""
    if call.args and type(call.args[0]) is ast.Constant and call.args[0].value is None:
        return ""  # cleared: no value stays
    if call in walked.discarded:
        return "result discarded"
    name = walked.kept.get(call)
    if name is None or any(
        u.root == name and not _shows(u) for s in walked.scopes for u in s.uses if s.owner(name) is scope.owner(name)
    ):
        return ""
    return "result never used"


def _shows(raw: RawUse) -> bool:
    """Whether a use only prints or logs the value."""
    function = raw.detail.func if isinstance(raw.detail, ast.Call) else raw.detail
    last = function if isinstance(function, str) else last_name(function)
    return last in _SHOWS and raw.verb in ("load", "read")


def _first_argument(call: Any) -> ast.expr | None:
    """The key that `get`, `pop` and `setdefault` are given."""
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


def _given(names: Names, scope: Scope, raw: RawUse) -> tuple[str, str]:
    """The function that is given the object, and as which argument: ("app.store.put", "0"); empty for no plain call."""
    call = raw.detail
    callee, arguments = call.func, call.args
    before = _HANDS_ON.get(getattr(callee, "attr", getattr(callee, "id", "")))
    if before is not None and len(arguments) > before:
        callee, arguments = arguments[before], arguments[before + 1 :]
    name = names.dotted(scope, callee)
    if not name or any(isinstance(each, ast.Starred) or getattr(each, "id", "") == "self" for each in call.args):
        return _TO_NOBODY  # which parameter it goes to cannot be told: `f(*more, X)`, `Base.f(self, X)`
    position = next((str(n) for n, each in enumerate(arguments) if each is raw.node), "")
    keyword = next((each.arg or "" for each in call.keywords if each.value is raw.node), "")
    return (name, position or keyword)


def _changes_another(raw: RawUse, target: Target) -> bool:
    """Whether a use of a name outside the project may change something there."""
    if raw.verb == "call":
        return target[-1] in CHANGING_METHODS or target in PROCESS_CALLS
    return raw.verb in _CHANGES and bool(raw.path)


def _detail(raw: RawUse, scope: Scope) -> str:
    """Words for where a load goes, or what a store is guarded by."""
    detail = raw.detail
    if isinstance(detail, tuple) or detail is None:
        return guard_of(detail, raw, scope)
    if isinstance(detail, (ast.Name, ast.Attribute, ast.Subscript)):
        return f"stored in {spelled(detail)}"
    if isinstance(detail, ast.Call):
        plain = isinstance(detail.func, (ast.Name, ast.Attribute, ast.Subscript))
        return f"passed to {spelled(detail.func)}" if plain else "passed to a call"
    return "stored" if isinstance(detail, ast.expr) else ""
