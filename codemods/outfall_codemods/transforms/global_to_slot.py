"""A global that functions bind anew becomes a `Slot`; where outsiders use its name, a module property.

One that is plainly made on first use, and by nobody else, becomes a `Lazy`.

All accesses move together or none does. Code outside the module that reads, writes or patches
`mod.NAME` keeps working through the property; inside, every access says what it does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from outfall_lint.constructors import CONTAINERS
from outfall_lint.model import Finding, State

from ..declared_slots import declared, made_first, of_slot
from ..edits import Edit
from ..global_uses import GlobalUses, global_uses
from ..immutable import stays_immutable
from ..lazy_edits import lazy_edits
from ..namespace_calls import namespace_problem, taken_elsewhere
from ..other_files import OtherFiles
from ..plan import Plan, decline, rebinds, rewrite
from ..slot_declarations import declarations
from ..slot_edits import CannotRewrite, binding_edits, load_edits, slot_name
from ..text import SourceText
from ..transform import Case, Transform
from ..unsafe import Obstacle, first

_CODES = frozenset({"OUT101", "OUT102", "OUT104", "OUT105", "OUT106"})
_FIXED_TYPES = ("Final", "ClassVar", "typing.Final", "TypeAlias")
_PROPERTY = "other code uses its name: it becomes a property of its module, so `module.NAME` stays as it is"
_RACE = "two first users may still make two: the test and the assignment are kept as they are"


def accepts(finding: Finding) -> bool:
    """Whether the state is a module's name that some code binds to another value."""
    state = finding.state
    if finding.code not in _CODES or state.scope != "module":
        return False
    bound_anew = any(map(rebinds, state.accesses))
    if state.value is None:
        return bound_anew and finding.code in ("OUT104", "OUT105")
    return bound_anew or (state.constructor not in CONTAINERS and finding.code in ("OUT104", "OUT105"))


def plan(case: Case) -> Plan:
    """`rewrite` where every use in the module is in sight and has a form with a slot."""
    state, codes, source, others = case.state, case.codes, case.source, case.others
    uses = global_uses(source, state.local_name)
    obstacle = first(_obstacles(state, source, uses, others), case.asked.unsafe)
    if obstacle:
        return decline(state, codes, obstacle.reason, unsafe=obstacle.name)
    outside = state.public or any(a.place.path != source.path for a in state.accesses)
    visible = outside or _reached_by_text(source, state.local_name)
    visible = visible or others.mention(state.local_name, state.module, source.path)
    visible = visible or any(others.reaching(state.local_name, source.path))
    lazy = () if visible or "OUT105" not in codes else _as_lazy(state, source, uses)
    if lazy:
        return rewrite(state, codes, "Lazy", lazy, unbound=state.local_name)
    try:
        edits = tuple(_edits(state, source, uses, visible))
    except CannotRewrite as error:
        return decline(state, codes, f"{error.reason} ({source.path}:{error.line}); bind it by a plain assignment there")
    evidence = [_PROPERTY] * visible + [_RACE] * ("OUT105" in codes)
    return rewrite(state, codes, "Slot", edits, evidence=tuple(evidence), unbound=state.local_name)


def _reached_by_text(source: SourceText, name: str) -> bool:
    """Whether the module itself goes through `module.NAME` or the name's text, as one that may run as `__main__` does."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Constant) and node.value == name)
        for node in source.nodes
    )


def _as_lazy(state: State, source: SourceText, uses: GlobalUses) -> tuple[Edit, ...]:
    found = declarations(source.tree, state.local_name, uses) or []
    if uses.typed:
        return ()  # the type that they tell is not that of a `Lazy`
    return lazy_edits(source, state.local_name, state.name, found[0], uses) if len(found) == 1 else ()


def _obstacles(state: State, source: SourceText, uses: GlobalUses, others: OtherFiles) -> Iterator[Obstacle]:
    """What is against a slot, the place included."""
    found = (
        (_problem(state, source, uses), None),
        (namespace_problem(source, state.local_name), "namespace-calls"),
        (_star_problem(state, source, others), "star-imports"),
    )
    for problem, name in found:
        if problem:
            yield Obstacle(f"{problem[0]} ({source.path}:{problem[1]})", name)
    taken = taken_elsewhere(state.local_name, state.module, source.path, others)
    if taken:
        where = f"{taken[0]}:{taken[1]}"
        yield Obstacle(f"{where} takes all names of its module at once, which would miss a property; name those it needs", "namespace-calls")


def _problem(state: State, source: SourceText, uses: GlobalUses) -> tuple[str, int] | None:
    """Why the uses cannot all be seen; None where they can."""
    name, line = state.local_name, state.place.line
    if uses.problem:
        return uses.problem
    if name.startswith("__"):
        return "its name begins with two underscores, which Python treats specially", line
    found = declarations(source.tree, name, uses)
    if found is None:
        return "it is declared under a condition or together with other names; declare it once, at module level, first", line
    if not found and state.place.path != source.path:
        return "another module gives it to this one; declare it at module level first", line
    for declaration in found:
        if isinstance(declaration, ast.AnnAssign) and ast.unparse(declaration.annotation).partition("[")[0] in _FIXED_TYPES:
            return "its type says that it is never bound anew", declaration.lineno
    absent = all(d.value is None for d in found) or any(isinstance(b.statement, ast.Delete) for b in uses.bindings)
    if absent and "NameError" in source.text:
        return "its absence is told by a NameError, which a slot does not raise", line
    return None


def _star_problem(state: State, source: SourceText, others: OtherFiles) -> tuple[str, int] | None:
    if state.local_name.startswith("_") or "__all__" in source.text or not others.star_import(source.path):
        return None
    return "another module imports everything from its module, which would miss a property; add `__all__` first", state.place.line


def _edits(state: State, source: SourceText, uses: GlobalUses, visible: bool) -> list[Edit]:
    found = declarations(source.tree, state.local_name, uses) or []
    name = state.local_name
    slot = slot_name(source, name) if visible else name
    edits = [edit for declaration in found for edit in declared(state, source, declaration, slot, bool(uses.typed))]
    edits += [] if found else [made_first(state, source, uses, slot)]
    edits += [edit for node in uses.typed if not visible and node not in found for edit in of_slot(source, node)]
    edits += load_edits(source, uses.loads, f"{slot}.value")
    immutable = stays_immutable(name, (binding.statement for binding in uses.bindings))
    for binding in uses.bindings:
        if binding.statement not in found:
            edits += binding_edits(source, binding, name, slot, immutable)
    return edits


TRANSFORM = Transform(
    name="global-to-slot",
    fix_safety=(
        "Reading and setting keep their order and meaning. A public name becomes a property of its module: "
        "`mod.NAME` reads, writes, deletes and patches as before and `dir(mod)` lists it, but `vars(mod)` does not. "
        "A value that is unset after `del`, or that only functions give, raises LookupError instead of NameError inside the module. A `Lazy` makes "
        "its value once even if that is None, so none is written where that is plainly possible; it raises where making it asks for it."
    ),
    accepts=accepts,
    plan=plan,
)
