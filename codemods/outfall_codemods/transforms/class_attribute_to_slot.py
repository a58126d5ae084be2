"""A class attribute that is bound anew becomes a class slot: reads stay, assignments go through the slot.

The slot stands in the class body as a descriptor. Instances, subclasses and patching tests find,
shadow and replace it exactly as they would the plain value, so an assignment that nobody saw does
what it always did.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from outfall_lint.collect import is_test
from outfall_lint.constructors import ITERATORS
from outfall_lint.model import Access, Finding, Operation, State

from ..class_bodies import body_reader, class_at, declaration_in, external_bases, read_in_body, value_problem
from ..class_edits import binding_edits, bindings_at, narrowed_at
from ..declared_slots import needless_ignore
from ..edits import Edit, RuntimeName, quoted
from ..immutable import stays_immutable
from ..other_files import OtherFiles
from ..plan import Plan, decline, rewrite
from ..slot_edits import CannotRewrite, assigned_value, end_of, start_of
from ..text import SourceText
from ..transform import Case, Transform
from ..undeclared import declared, undeclared_problem
from ..unsafe import Obstacle, first

_NO_CLASS = "its class is not made by one plain class statement of its module; declare the attribute there first"


def accepts(finding: Finding) -> bool:
    """Whether the state is a class's attribute that production code binds to another value."""
    state = finding.state
    if finding.code not in ("OUT103", "OUT106") or state.scope != "class" or state.constructor in ITERATORS:
        return False
    return any(_binds(access) and not is_test(access.place.path) for access in state.accesses)


def plan(case: Case) -> Plan:
    """`rewrite` where the class body holds a plain value and every assignment in production code is in sight."""
    state, codes, source, allowed = case.state, case.codes, case.source, case.asked.unsafe
    node = class_at(source.tree, _class_name(state))
    if node is None:
        return decline(state, codes, _NO_CLASS)
    declaration = declaration_in(node, state.local_name) if state.value else None
    problem = None if declaration else undeclared_problem(source, node, state.local_name)
    if problem:
        return decline(state, codes, problem)
    obstacle = first(_obstacles(state, source, node, declaration, case.others), allowed)
    if obstacle:
        return decline(state, codes, obstacle.reason, obstacle.place, obstacle.name)
    try:
        edits = (*_declared(state, source, node, declaration), *_bound(state, case, declaration))
    except CannotRewrite as error:
        return decline(state, codes, f"{error.reason} ({error.path or source.path}:{error.line})")
    except _Narrowed as error:
        return decline(state, codes, str(error), unsafe="type-checkers")
    return rewrite(state, codes, "class_slot", edits)


class _Narrowed(Exception):
    """A type checker would lose sight of the attribute's type."""


def _class_name(state: State) -> str:
    return state.name.removeprefix(f"{state.module}.").rpartition(".")[0]


def _binds(access: Access) -> bool:
    """Whether a function gives the name another object, or none."""
    return access.function is not None and _changes_name(access) and not (access.operation is Operation.MUTATE)


def _changes_name(access: Access) -> bool:
    """Whether the statement stores to the name: `X += …` does, even where it changes a container in place."""
    if access.attribute is not None:
        return False
    deletes = access.operation is Operation.DELETE and access.method is None
    return deletes or access.operation is Operation.REBIND or access.method == "__iadd__"


def _obstacles(
    state: State, source: SourceText, node: ast.ClassDef, declaration: ast.Assign | ast.AnnAssign | None, others: OtherFiles
) -> Iterator[Obstacle]:
    """Why a descriptor in the value's place would be noticed, and where the slot would be passed by."""
    reader = body_reader(source, node, isinstance(declaration, ast.AnnAssign))
    if reader:
        yield Obstacle(f"{reader}; keep the value elsewhere")
    line = read_in_body(node, state.local_name)
    if line:
        yield Obstacle(f"the class body itself reads it ({source.path}:{line}); read it in a method instead")
    value = value_problem(node, declaration.value, state.constructor) if declaration and declaration.value else None
    if value:
        yield Obstacle(value)
    foreign = next((m for m in external_bases(source, node) if not others.holds_module(m)), None)
    if foreign:
        reason = f"a base of its class comes from `{foreign}`, out of our sight, and may read the class body; keep the value elsewhere"
        yield Obstacle(reason, "bases-out-of-sight")
    ignored = declaration and "type: ignore" in "".join(source.lines[declaration.lineno - 1 : declaration.end_lineno])
    if declaration and ignored and not any(needless_ignore(source, declaration)):
        yield Obstacle("a `type: ignore` stands at its declaration, which would no longer fit; give it its true type first", "type-checkers")


def _declared(state: State, source: SourceText, node: ast.ClassDef, declaration: ast.Assign | ast.AnnAssign | None) -> Iterator[Edit]:
    """`x = 1` → `x = class_slot("app.C.x", 1)`; an empty slot where no statement declares it."""
    if declaration is None:
        yield declared(source, node, state.local_name, state.name)
        return
    target = declaration.targets[0] if isinstance(declaration, ast.Assign) else declaration.target
    value, brackets = assigned_value(source, declaration, target)
    yield Edit(start_of(value), (RuntimeName("class_slot"), f"({quoted(state.name)}, " + "(" * brackets))
    yield Edit(end_of(value), (")" + ")" * brackets,))
    yield from needless_ignore(source, declaration)


def _bound(state: State, case: Case, declaration: ast.Assign | ast.AnnAssign | None) -> Iterator[Edit]:
    """Every statement that binds the attribute, in whatever module; tests replace the slot as they replaced the value."""
    changes = [a.place for a in state.accesses if _changes_name(a) and (a.place.path == case.source.path or not is_test(a.place.path))]
    sources = [case.others.source(path) for path in sorted({place.path for place in changes})]
    bound = [(source, bindings_at(source, [place for place in changes if place.path == source.path])) for source in sources]
    statements = [statement for _, bindings in bound for statement, _ in bindings]
    immutable = stays_immutable(state.local_name, [*([declaration] if declaration else []), *statements])
    for source, bindings in bound:
        narrowed = narrowed_at(source, state.local_name, bindings) if _is_optional(declaration) else None
        if narrowed and "type-checkers" not in case.asked.unsafe:
            raise _Narrowed(f"a type checker follows its type from an assignment to a use in the same function ({source.path}:{narrowed})")
        for statement, attribute in bindings:
            yield from binding_edits(source, statement, attribute, immutable)


def _is_optional(declaration: ast.Assign | ast.AnnAssign | None) -> bool:
    """Whether its declared type has alternatives, among which an assignment decides."""
    if not isinstance(declaration, ast.AnnAssign):
        return False
    written = ast.unparse(declaration.annotation)
    return "|" in written or "Optional" in written or "Union" in written


TRANSFORM = Transform(
    name="class-attribute-to-slot",
    fix_safety=(
        "Reading keeps Python's order: instance, subclass, class. An assignment that the plan does not see, from "
        "outside or by a test, replaces the slot by the plain value, as it always replaced the value. Only code that "
        "looks into the class's `__dict__` finds a slot there."
    ),
    accepts=accepts,
    plan=plan,
)
