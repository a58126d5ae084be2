"""A dict at module or class level becomes a registry: the declaration is swapped, every access stays.

A registry *is* a dict, so reads, writes, `json.dumps`, `isinstance` and `|` keep working,
for this project and for outsiders who import the name.
"""

from __future__ import annotations

import ast

from outfall_lint.model import Access, Finding, Operation, State

from ..plan import Plan, decline
from ..text import SourceText
from ..transform import Codes, Transform

_CODES = frozenset({"OUT101", "OUT103", "OUT106"})
_OTHER_MAPPINGS = frozenset(
    "collections.defaultdict collections.OrderedDict collections.Counter collections.ChainMap "
    "weakref.WeakKeyDictionary weakref.WeakValueDictionary".split()
)
_EXACT_TYPE_SINKS = (
    "marshal.dump", "marshal.dumps", "yaml.safe_dump", "yaml.safe_dump_all", "msgpack.packb", "msgpack.pack",
)  # fmt: skip
_NAMESPACE_SINKS = ("exec", "eval", "type")


def accepts(finding: Finding) -> bool:
    return finding.code in _CODES and finding.state.constructor in _OTHER_MAPPINGS | {"dict"}


def plan(state: State, codes: Codes, source: SourceText) -> Plan:
    """`rewrite` for a plain dict that keeps its name for life; else the reason against it."""
    problem = _declaration_problem(state, source)
    if problem:
        return decline(state, codes, problem)
    for access in state.accesses:
        reason = _access_problem(access)
        if reason:
            return decline(state, codes, reason, access.place)
    return Plan(state, codes, "rewrite", state.place, "StagedRegistry", "use_registry", evidence=state.evidence)


def _declaration_problem(state: State, source: SourceText) -> str | None:
    if state.constructor != "dict":
        return f"not yet: a registry takes the place of plain dicts only, and this is a {state.constructor}"
    if state.scope not in ("module", "class"):
        return f"not yet: it is declared at {state.scope} level; move it to module level first"
    if state.value is None:
        return "it has no declared value that could be swapped"
    if not _is_fresh_dict(source.slice(state.value)):
        return "its declared value is not a dict written at this place, so another name may hold the same object"
    return None


def _is_fresh_dict(text: str) -> bool:
    """Whether the expression makes a new dict: a display, a comprehension, `dict(…)`."""
    value = ast.parse(f"({text}\n)", mode="eval").body
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "dict"
    return isinstance(value, (ast.Dict, ast.DictComp))


def _access_problem(access: Access) -> str | None:
    """Why this access would not survive the swap; None where it would."""
    where = f"{access.place.path}:{access.place.line}"
    if access.operation is Operation.REBIND:
        return f"it is bound to another object at {where}; change it in place (`clear`, `update`) instead"
    if access.operation is Operation.DELETE and access.method is None and access.attribute is None:
        return f"its name is deleted at {where}"
    sink = access.detail.removeprefix("passed to ") if access.detail.startswith("passed to ") else ""
    if access.operation is Operation.ESCAPE and sink in _EXACT_TYPE_SINKS:
        return f"it is passed to {sink} at {where}, which takes no subclass of dict; pass `dict(…)` there"
    if access.operation is Operation.ESCAPE and sink in _NAMESPACE_SINKS:
        return f"it is passed to {sink} at {where}, which may need an exact dict"
    return None


TRANSFORM = Transform(
    name="table-to-registry",
    fix_safety=(
        "A registry is a subclass of dict: only code that asks for the exact type (`type(x) is dict`, marshal, "
        "strict serialisers) can tell the difference. Changes of nested values (`X[k][j] = v`) pass by its hooks."
    ),
    accepts=accepts,
    plan=plan,
)
