"""Which names of a file are declared, and made by what; its functions and classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from outfall_lint.constructors import MANAGERS, THREAD_LOCALS
from outfall_lint.facts import BINDS, GOT, SLICE, SUBSCRIPT, Class, Declaration, Function
from outfall_lint.names import Names
from outfall_lint.paths import decorator_names, path_of
from outfall_lint.spans import SpanOf
from outfall_lint.uses import LOOKS, changes_container
from outfall_lint.scopes import CLASS, FUNCTION, Binding, RawUse, Scope, Walk
from outfall_lint.values import constructor, note, second_name

_DECLARES = ("assign", "walrus", "annotation", "augment", "unpack", "for", "with")


_KINDS = ("classmethod", "staticmethod", "property")
_PER_THREAD = ("dict", "list", "set", "collections.defaultdict")
"""What an instance may keep an entry in for each thread."""
_NO_ATTRIBUTES = (SUBSCRIPT, SLICE, GOT, "__class__")


def declarations(walked: Walk, names: Names, span_of: SpanOf) -> Iterator[Declaration]:
    """Every name declared at module or class level, every instance attribute, every captured local."""
    around = frozenset(_around_functions(walked))
    for scope in walked.scopes:
        if scope.parent is None or scope.kind == CLASS:
            yield from _bound(scope, "class" if scope.kind == CLASS else "module", names, span_of)
        elif scope in around:
            yield from _captured(scope, names, span_of)
    yield from _instance(walked, names, span_of)


def _around_functions(walked: Walk) -> Iterator[Scope]:
    """The functions that hold another one: only their locals may be captured."""
    for scope in walked.scopes:
        outer = scope.parent
        while scope.kind == FUNCTION and outer is not None:
            if outer.kind == FUNCTION:
                yield outer
            outer = outer.parent


def _captured(scope: Scope, names: Names, span_of: SpanOf) -> Iterator[Declaration]:
    """A function's thread-locals, which inner functions keep alive."""
    if any(type(b.value) in (ast.Call, ast.BoolOp, ast.IfExp) for every in scope.bindings.values() for b in every):
        yield from _bound(scope, "function", names, span_of)


def _bound(scope: Scope, level: str, names: Names, span_of: SpanOf) -> Iterator[Declaration]:
    for name, bindings in scope.bindings.items():
        every = [b for b in bindings if b.how in _DECLARES and b.statement is not None]
        # A `global` in a function declares only what the module itself never binds.
        candidates = [b for b in every if b.scope.function == scope.function] or every
        # Where a conditional import or branch binds it, the one that makes an object speaks for it.
        made = [(b, constructor(names, b.scope, b.value) or second_name(names, b.scope, b.value)) for b in candidates]
        best = next((m for m in made if m[1] not in ("", "constant")), made[0] if made else None)
        if best is None or best[0].scope.in_script or (level == "function" and not _is_local(best[1])):
            continue
        yield _declaration(f"{scope.name}.{name}" if scope.name else name, level, *best, span_of)


def _is_local(made_by: str) -> bool:
    """Whether a constructor makes a thread-local, or what the runtime puts in the place of one."""
    return made_by.endswith((".local", "Local"))


def _declaration(name: str, level: str, binding: Binding, made_by: str, span_of: SpanOf) -> Declaration:
    statement = binding.statement
    assert statement is not None
    target = binding.target if binding.target is not None else statement
    also: tuple[str, ...] = ()
    if isinstance(statement, ast.Assign) and len(statement.targets) > 1:
        also = tuple(ast.unparse(t) for t in statement.targets if t is not target)
    value = binding.value if isinstance(binding.value, ast.AST) else None
    return Declaration(
        name=name,
        scope=level,
        constructor=made_by,
        span=span_of(target),
        statement=span_of(statement),
        value=span_of(value) if value is not None else None,
        annotated=isinstance(statement, ast.AnnAssign),
        also=also,
        note=note(value),
    )


def _instance(walked: Walk, names: Names, span_of: SpanOf) -> Iterator[Declaration]:
    """Attributes that a method's own `self` is given: `self._local = threading.local()`."""
    for scope in walked.scopes:
        if scope.kind != FUNCTION or scope.parent is None or scope.parent.kind != CLASS or not scope.parameters:
            continue
        for raw in scope.uses:
            if raw.verb != "store" or raw.root != scope.parameters[0] or len(raw.path) != 1 or raw.value is None:
                continue
            made_by = constructor(names, scope, raw.value)
            if not _is_local(made_by) and made_by not in _PER_THREAD:
                continue
            if made_by not in THREAD_LOCALS and _is_class(names, scope, raw.root):
                continue  # `cls.rows = []` binds the class's own anew
            yield Declaration(
                name=f"{scope.parent.name}.{raw.path[0]}",
                scope="instance",
                constructor=made_by,
                span=span_of(raw.node),
                statement=span_of(raw.node)[:2] + span_of(raw.value)[2:],
                value=span_of(raw.value),
                annotated=False,
            )


def _is_class(names: Names, scope: Scope, name: str) -> bool:
    start = names.start(scope, name)
    return start is not None and start.via == "cls"


def function_facts(walked: Walk) -> Iterator[Function]:
    """Every function and method of the file."""
    generators = {scope for scope, _, _ in walked.yields}
    for scope in walked.scopes:
        node = scope.node
        if scope.kind != FUNCTION or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        decorators = decorator_names(node)
        parameters = scope.parameters
        of_parameters = [raw for raw in scope.uses if raw.root in parameters] if parameters else []
        changing = [raw for raw in of_parameters if raw.verb not in LOOKS]
        yield Function(
            name=scope.name,
            kind=_function_kind(scope, decorators),
            parameters=parameters,
            registers=_registers(scope, of_parameters) if of_parameters else False,
            decorators=decorators,
            is_generator=scope in generators,
            waits=scope in generators and bool(MANAGERS & set(decorators)) and _waits(node),
            deleted=_deleted(scope),
            changes=_changed_parameters(scope, changing) if parameters else (),
            alters=tuple(dict.fromkeys(_altered(scope, changing))) if changing else (),
        )


def _deleted(scope: Scope) -> bool:
    """Whether the module itself deletes the function again."""
    outer = scope.parent
    if outer is None or outer.parent is not None or len(bindings := outer.bindings.get(scope.name, ())) < 2:
        return False
    return any(b.how == "delete" and b.scope is outer for b in bindings)


def _waits(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether nothing happens before the first yield that could be seen outside: no call, no block, no store but to locals."""
    inner = [one for statement in node.body for one in ast.walk(statement) if isinstance(one, (ast.expr, ast.stmt))]
    first = min(((n.lineno, n.col_offset) for n in inner if isinstance(n, (ast.Yield, ast.YieldFrom))), default=(0, 0))
    return not any(
        (n.lineno, n.col_offset) < first
        and (
            isinstance(n, (ast.Call, ast.With, ast.AsyncWith, ast.Global, ast.Nonlocal))
            or (isinstance(n, (ast.Attribute, ast.Subscript)) and not isinstance(n.ctx, ast.Load))
        )
        for n in inner
    )


def _function_kind(scope: Scope, decorators: tuple[str, ...]) -> str:
    if scope.parent is not None and scope.parent.kind == CLASS:
        return next((k for k in _KINDS if k in decorators), "method") if decorators else "method"
    return "nested" if scope.parent is not None and scope.parent.function else "function"


def _registers(scope: Scope, of_parameters: Sequence[RawUse]) -> bool:
    """Whether the function stores a parameter and returns the same parameter, as a decorator registry does."""
    returned = {raw.root for raw in of_parameters if raw.verb == "load" and raw.detail == "returned" and not raw.path}
    if not returned or _needs_more_than_one(scope):
        return False
    stored = {path[0] for raw in scope.uses if raw.value is not None and (path := path_of(raw.value)) is not None}
    passed = {
        raw.root
        for raw in scope.uses
        if raw.verb == "load" and isinstance(getattr(raw.detail, "func", raw.detail), ast.Attribute)
    }
    return bool(returned & (stored | passed))


def _changed_parameters(scope: Scope, changing: Sequence[RawUse]) -> tuple[str, ...]:
    """The parameters whose object the function changes, as far as it never binds them anew."""
    changed = {raw.root for raw in changing if changes_container(raw.verb, raw.path)}
    found = [name for name in scope.parameters if name in changed or scope.bindings[name][-1].how == "augment"]
    return tuple([name for name in found if all(b.how in ("parameter", "augment") for b in scope.bindings[name])])


def _altered(scope: Scope, changing: Sequence[RawUse]) -> Iterator[str]:
    """The attributes that a method changes of the object it is called on: `self.n += 1`, `self.items.append(v)`."""
    if scope.parent is None or scope.parent.kind != CLASS or not scope.parameters:
        return
    for raw in changing:
        if raw.root == scope.parameters[0] and raw.path and raw.path[0] not in _NO_ATTRIBUTES:
            inside = raw.path[1:]
            if changes_container(raw.verb, inside) or (not inside and raw.verb in BINDS):
                yield raw.path[0]


def _needs_more_than_one(scope: Scope) -> bool:
    """Whether a call needs more than the one argument that a decorator is given."""
    assert isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef))
    arguments = scope.node.args
    in_class = scope.parent is not None and scope.parent.kind == CLASS and "staticmethod" not in decorator_names(scope.node)
    return len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults) - in_class > 1


def class_facts(walked: Walk, names: Names, span_of: SpanOf) -> Iterator[Class]:
    """Every class of the file, its bases as absolute names where they can be told."""
    for scope in walked.scopes:
        node = scope.node
        if scope.kind != CLASS or not isinstance(node, ast.ClassDef) or scope.parent is None:
            continue
        bases = (b.value if isinstance(b, ast.Subscript) else b for b in node.bases)
        yield Class(
            name=scope.name,
            bases=tuple(names.dotted(scope.parent, base) or ast.unparse(base) for base in bases),
            span=span_of(node),
            keywords=tuple(f"{k.arg}={ast.unparse(k.value)}" for k in node.keywords if k.arg),
            methods=tuple(name for name, b in scope.bindings.items() if b[0].how == "function"),
        )
