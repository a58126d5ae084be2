"""From one file's walk to its `ModuleFacts`: every raw use resolved, everything else forgotten."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from outfall_lint.constructors import CHANGING_METHODS, PROCESS_CALLS
from outfall_lint.declarations import class_facts, declarations, function_facts
from outfall_lint.discovery import File
from outfall_lint.facts import ModuleFacts, Target, Use
from outfall_lint.guards import guard_of, made_where_absent
from outfall_lint.model import Problem
from outfall_lint.names import Names, Resolved, Start
from outfall_lint.paths import spelled
from outfall_lint.receivers import Shared, is_private, shared_attributes
from outfall_lint.scopes import RawUse, Scope, Walk, made
from outfall_lint.source import Source, parse
from outfall_lint.sightings import sightings, thread_key
from outfall_lint.spans import SpanOf, spans_of
from outfall_lint.suppress import suppressions
from outfall_lint.uses import changes_container
from outfall_lint.values import OF_ITSELF, describe
from outfall_lint.walk import walk

_TEST_FILE = re.compile(
    r"(^|/)([^/]*_)?(tests?|testing)/|(^|/)(test_[^/]*|([^/]*_)?(tests?|testing)|conftest|testlayer)\.py$"
    r"|(^|/)(examples?|demos?|[a-z]+demo|([^/]*\.)?features)/"  # as tests do, they live for one run
)
_SCRIPT = re.compile(r"^(bin|tools?|scripts?|docs?|ci|dev|benchmarks?)/|(^|/)(setup|noxfile|conf)\.py$")
_TO_NOBODY = ("", "")
_SHOWS = frozenset("print repr str format debug info warning error exception critical log".split())
_TAKES_KEY = frozenset(("get", "pop", "setdefault"))
_BINDS = frozenset(("store", "augment", "delete"))
_CHANGES = frozenset(("store", "augment", "delete", "change"))


def is_test(path: str, in_package: bool = True) -> bool:
    """Whether a file, by its path, holds tests, examples, demonstrations or (outside packages) a project's scripts."""
    return bool(_TEST_FILE.search(path) or (not in_package and _SCRIPT.search(path)))


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection while trees are built: a tree has no cycles worth looking for."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def collect(source: Source, file: File, own: frozenset[str], tree: ast.Module | None = None) -> ModuleFacts | Problem:
    """The facts of one file. `own` are the project's top-level modules: uses of others are not kept."""
    with collector_paused():
        # In a call of its own, so that the tree is gone before the collector comes back to look at it.
        return _collected(source, file, own, tree)


def _collected(source: Source, file: File, own: frozenset[str], tree: ast.Module | None) -> ModuleFacts | Problem:
    parsed = tree if tree is not None else parse(source)
    if isinstance(parsed, Problem):
        return parsed
    try:
        walked = walk(parsed)
        facts = _facts(source, file, own, walked)
        walked.release()
        return facts
    except RecursionError:
        return Problem(source.path, None, "is nested too deeply to be checked")


def _facts(source: Source, file: File, own: frozenset[str], walked: Walk) -> ModuleFacts:
    names = Names(file.module, file.is_package, bool(walked.stars))
    span_of = spans_of(source.text)
    module = walked.scopes[0]
    declared = tuple(declarations(walked, names, span_of))
    lasting = frozenset((*names.module, *d.name.split(".")) for d in declared if d.scope == "function")
    functions = tuple(function_facts(walked, names))
    classes = tuple(class_facts(walked, names, span_of))
    own = own | {names.module[0]}
    shared = shared_attributes(walked, names, classes, functions, declared, own)
    uses = tuple(_uses(walked, names, span_of, own, lasting, shared))
    imports = tuple(
        (name, ".".join(target))
        for name, bindings in module.bindings.items()
        if (target := names.imported(bindings)) is not None
    )
    return ModuleFacts(
        path=file.path,
        module=file.module,
        is_package=file.is_package,
        aliases=file.aliases,
        declarations=declared,
        uses=uses,
        imports=imports,
        stars=tuple(".".join(names.base(star.level, star.module or "")) for star in walked.stars),
        functions=functions,
        classes=classes,
        exports=_exports(module),
        suppressions=suppressions(source.text),
        sightings=tuple(sightings(walked, names, span_of)),
        modules=(*walked.modules, *(".".join((*names.base(level, ""), name)) for level, name in walked.siblings)),
        is_test=is_test(file.path, file.in_package),
    )


class _Lead(NamedTuple):
    """Where paths from a name lead, and which of its uses matter there."""

    start: Start
    is_own: bool  # a name of the project: of others only changes matter
    shared: frozenset[str] | None  # of `self`: what looks at any other attribute is the instance's own business


def _uses(
    walked: Walk, names: Names, span_of: SpanOf, own: frozenset[str], lasting: frozenset[Target], shared: Shared
) -> Iterator[Use]:
    """Every use that may matter beyond its function. `lasting` are the locals that outlive one call."""
    for scope in walked.scopes:
        function, at_import, script = scope.function, scope.at_import, scope.in_script
        leads: dict[str, tuple[_Lead, ...]] = {}
        for raw in scope.uses:
            root = raw.root
            found = leads.get(root)
            if found is None:
                starts = _starts(names, scope, root, lasting)
                found = leads[root] = tuple([_lead(start, own, shared) for start in starts]) if starts else ()
            for lead in found:
                target = _reached(lead, raw, names)
                if target is None:
                    continue
                verb, detail, key = raw.verb, raw.detail, _key(raw)
                yield made(
                    Use,
                    (
                        target.target,
                        verb,
                        span_of(raw.node),
                        function,
                        at_import or (script and not _calls(raw)),
                        raw.lock,
                        detail if type(detail) is str else _fate(walked, scope, raw) if verb == "call" else _detail(raw, scope),
                        _value(names, scope, raw) if raw.value is not None else "",
                        target.via,
                        thread_key(names, scope, key) if key is not None else "",
                        *(_given(names, scope, raw) if verb == "load" else _TO_NOBODY),
                    ),
                )


def _lead(start: Start, own: frozenset[str], shared: Shared) -> _Lead:
    of_self = start.is_receiver and start.via == "self"
    return made(_Lead, (start, start.target[0] in own, shared.get(start.target) if of_self else None))


def _reached(lead: _Lead, raw: RawUse, names: Names) -> Resolved | None:
    """The target of a use; None where it does not matter beyond its function."""
    start, path = lead.start, raw.path
    if lead.shared is not None and is_private(raw, lead.shared):
        return None
    if start.is_default and not changes_container(raw.verb, path):
        return None
    if not path and raw.verb in _BINDS and not start.is_receiver and start.via != "closure":
        return Resolved((*names.module, raw.root), "")  # the module's own name, whatever import gave it first
    reached = start.reach(path)
    return reached if lead.is_own or _changes_another(raw, reached.target) else None


def _starts(names: Names, scope: Scope, root: str, lasting: frozenset[Target]) -> tuple[Start, ...]:
    """What a name may stand for, where that lasts longer than its function."""
    if root == "globals" and scope.owner(root) is None:
        return (Start(names.module),)  # of `globals()`: nobody uses the builtin otherwise
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
    last = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else function
    return last in _SHOWS and raw.verb in ("load", "read")


def _key(raw: RawUse) -> ast.expr | None:
    """The key of the entry that a use goes to: subscript, or first argument of `get`, `pop`, `setdefault`."""
    if raw.key is not None or raw.verb != "call" or not raw.path or raw.path[-1] not in _TAKES_KEY:
        return raw.key
    call = raw.detail
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


def _given(names: Names, scope: Scope, raw: RawUse) -> tuple[str, str]:
    """The function that is given the object, and as which argument: ("app.store.put", "0"); empty for no plain call."""
    call = raw.detail
    if not isinstance(call, ast.Call):
        return _TO_NOBODY
    callee = names.dotted(scope, call.func)
    if not callee or any(isinstance(each, ast.Starred) or getattr(each, "id", "") == "self" for each in call.args):
        return _TO_NOBODY  # which parameter it goes to cannot be told: `f(*more, X)`, `Base.f(self, X)`
    position = next((str(n) for n, each in enumerate(call.args) if each is raw.node), "")
    keyword = next((each.arg or "" for each in call.keywords if each.value is raw.node), "")
    return (callee, position or keyword)


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


def _exports(module: Scope) -> tuple[str, ...] | None:
    found: list[str] = []
    for binding in module.bindings.get("__all__", []):
        value = binding.value
        if isinstance(value, (ast.List, ast.Tuple)):
            found += [e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return tuple(found) if "__all__" in module.bindings else None
