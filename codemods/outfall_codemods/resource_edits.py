"""A thread-local that keeps one resource, written as a `ThreadResource`: all its uses or none.

    _local = threading.local()               _local = ThreadResource("app._local", lambda: connect(), close=…)

    def connection():                        def connection():
        if not hasattr(_local, "conn"):          return _local.get()
            _local.conn = connect()
        return _local.conn                   def disconnect():
                                                 _local.close()
    def disconnect():
        if hasattr(_local, "conn"):
            _local.conn.close()
            del _local.conn
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outfall_lint.model import Place, State

from .edits import Edit, Moved, RuntimeName, quoted
from .evaluation import first_evaluated
from .global_uses import global_uses
from .lazy_edits import is_independent
from .resource_forms import Closing, Forms, Opening, blocks_of
from .slot_edits import CannotRewrite, require_not_shown
from .text import SourceText

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Found:
    """One form, the function and the block that it stands in, and where in the block it begins."""

    form: Opening | Closing
    function: Function
    block: Sequence[ast.stmt]
    index: int


def resource_edits(state: State, source: SourceText) -> tuple[Edit, ...]:
    """The edits that put the thread-local under a `ThreadResource`.

    Raises CannotRewrite where a use has another form, so that the number of resources could change.
    """
    assert state.value is not None
    forms = Forms(state.local_name, attribute_of(state))
    found = list(forms_in(source.tree, forms))
    openings = [each for each in found if isinstance(each.form, Opening)]
    if not openings:
        raise CannotRewrite("no function plainly makes it where it is absent", state.place.line)
    _require_one_way(openings, [each.form for each in found if isinstance(each.form, Closing)])
    gets = list(_gets(source, forms, found, state))
    factory: tuple[str | Moved | RuntimeName, ...] = ("lambda: ", Moved(source.place(_value(openings[0]))))
    method = next((each.form.method for each in found if isinstance(each.form, Closing)), None)
    close = f", close=lambda {forms.attribute}: {forms.attribute}.{method}()" if method else ""
    declared = Edit(state.value, (RuntimeName("ThreadResource"), f"({quoted(state.name)}, ", *factory, f"{close})"))
    replaced = [_replaced(source, each, forms, gets) for each in found]
    return (declared, *replaced, *(Edit(source.place(node), (f"{forms.name}.get()",)) for node in gets))


def attribute_of(state: State) -> str:
    """The only attribute that the project uses; raises CannotRewrite where there are others, or none."""
    names = sorted({access.attribute for access in state.accesses if access.attribute})
    if len(names) != 1:
        found = f"it keeps more than one thing ({', '.join(names)})" if names else "no attribute of it is used"
        raise CannotRewrite(found, state.place.line)
    return names[0]


def forms_in(tree: ast.Module, forms: Forms) -> Iterator[Found]:
    """Every form in the functions of a module and the methods of its classes."""
    methods = [statement for node in tree.body if isinstance(node, ast.ClassDef) for statement in node.body]
    for function in (*tree.body, *methods):
        if isinstance(function, _FUNCTIONS):
            for block in blocks_of(function):
                for index in range(len(block)):
                    form = forms.found_in(block, index)
                    if form is not None:
                        yield Found(form, function, block, index)


def _value(found: Found) -> ast.expr:
    assert isinstance(found.form, Opening)
    return found.form.value


def _require_one_way(openings: Sequence[Found], closings: Sequence[Closing]) -> None:
    """Whether all open it alike, of nothing that is their own, and close it alike."""
    made = ast.dump(_value(openings[0]))
    for each in openings:
        value = _value(each)
        if ast.dump(value) != made:
            raise CannotRewrite("it is made in more than one way", value.lineno)
        if not is_independent(value, each.function):
            raise CannotRewrite("what makes it belongs to the function, or is written over several lines", value.lineno)
        if isinstance(value, ast.Constant):
            raise CannotRewrite("it begins as a constant, which is no resource", value.lineno)
    for closing in closings:
        line = closing.statements[0].lineno
        if closing.method != closings[0].method:
            raise CannotRewrite("it is closed in more than one way", line)
        none_is_absent = all(isinstance(each.form, Opening) and each.form.asks_for_none for each in openings)
        if closing.leaves_none and not none_is_absent:
            raise CannotRewrite("it is set to None, which the test before making it takes for a resource", line)


def _gets(source: SourceText, forms: Forms, found: Sequence[Found], state: State) -> Iterator[ast.Attribute]:
    """The uses below an opening, where there is surely one; raises CannotRewrite at any other use."""
    uses = global_uses(source, forms.name)
    outer = [b for b in uses.bindings if not b.in_function and b.statement.lineno == state.statement.line]
    if uses.problem or len(outer) != len(uses.bindings):
        raise CannotRewrite("its name is bound to something else", uses.problem[1] if uses.problem else state.place.line)
    within = {node for each in found for statement in each.form.statements for node in ast.walk(statement)}
    sure = {node for each in found if isinstance(each.form, Opening) for node in _below(each)}
    attributes = {node.value: node for node in source.nodes if isinstance(node, ast.Attribute)}
    for load in uses.loads:
        node = attributes.get(load)
        if load in within:
            continue
        if node not in sure or not forms.is_it(node) or not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            raise CannotRewrite("it is used in a form that does not tell whether there is one", load.lineno)
        require_not_shown(source, node)
        yield node


def _below(found: Found) -> Iterator[ast.AST]:
    """What runs after an opening in its own block, and at once: not in functions made there."""
    pending: list[ast.AST] = list(found.block[found.index + len(found.form.statements) :])
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            pending += ast.iter_child_nodes(node)


def _replaced(source: SourceText, found: Found, forms: Forms, gets: Sequence[ast.Attribute]) -> Edit:
    """A form as one statement; none where the next one asks for the resource anyway."""
    first, last = source.place(found.form.statements[0]), source.place(found.form.statements[-1])
    place = Place(source.path, first.line, first.column, last.end_line, last.end_column)
    before, rest = source.lines[first.line - 1][: first.column], source.lines[last.end_line - 1][last.end_column :]
    text = "".join(source.lines[first.line - 1 : last.end_line])
    if before.strip() or rest.strip() or "#" in text:
        raise CannotRewrite("a comment stands among the statements that make or close it", first.line)
    if isinstance(found.form, Closing):
        return Edit(place, (f"{forms.name}.close()",), whole=True)
    call = f"{forms.name}.get()"
    if found.form.returned:
        return Edit(place, (f"return {call}",), whole=True)
    if found.form.local:
        return Edit(place, (f"{found.form.local} = {call}",), whole=True)
    if _asks_first(found, gets) and last.end_line < len(source.lines):
        return Edit(Place(source.path, first.line, 0, last.end_line + 1, 0), (), whole=True)
    return Edit(place, (call,), whole=True)


def _asks_first(found: Found, gets: Sequence[ast.Attribute]) -> bool:
    """Whether the next statement evaluates the resource before anything else."""
    following = found.block[found.index + 1 : found.index + 2]
    return bool(following) and any(node in gets for node in first_evaluated(following[0]))
