"""A thread-local's attributes, each written as a context value of its own: all uses or none.

    _request = threading.local()             _request_user: ContextValue[str] = ContextValue("app._request_user")

    def begin(user: str):                    def begin(user: str):
        _request.user = user                     _request_user.set(user)

    def user():                              def user():
        return getattr(_request, "user", "-")    return _request_user.get("-")
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outfall_lint.model import Place, State

from .edits import Edit, RuntimeName, quoted
from .elsewhere import Load, Reach
from .global_uses import global_uses
from .names import module_names
from .slot_edits import CannotRewrite, assigned_value, end_of, require_not_shown, usual_slot_name
from .text import SourceText
from .value_types import known_above, value_type

_COMMA = re.compile(r"\s*,\s*")
_VAGUE = frozenset(
    "local locals thread_local thread_locals threadlocal threadlocals tls data state storage ctx context store".split()
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TARGET = "StagedContextValue"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an attribute: the node that stands for all of it, the statement around it, and how its value is reached."""

    attribute: str
    node: ast.expr
    statement: ast.stmt
    value: str


def value_names(source: SourceText, local_name: str, attributes: Sequence[str], imported: bool = False) -> Mapping[str, str]:
    """What each attribute's value is called: `_request_user`; `_user` where the name of the only such namespace says nothing.

    Where other modules import the namespace, its name stays part of the values': theirs may import another `_user`.
    """
    stem, hidden = local_name.strip("_"), "_" * (len(local_name) - len(local_name.lstrip("_")))
    taken, own = source.bound, module_names(source.tree) - {local_name}
    vague = not imported and stem.lower() in _VAGUE and not any(name.strip("_").lower() in _VAGUE for name in own)
    others = tuple(f"{name}_" for name in _made_by_calls(source.tree) if not local_name.startswith(name))
    slots = {usual_slot_name(name) for name in own}
    names: dict[str, str] = {}
    for attribute in attributes:
        short = attribute.lstrip("_") or attribute
        short = short.upper() if stem.isupper() else short
        wanted = hidden + (short if vague else f"{stem}_{short}")
        wanted += "_" * wanted.startswith(others)
        while wanted in taken or wanted in slots or wanted in names.values():
            wanted += "_"
        names[attribute] = wanted
    return names


def _made_by_calls(tree: ast.Module) -> set[str]:
    """The globals that may be namespaces too: of `_a.b_c` and `_a_b.c`, only one value can be called `_a_b_c`."""
    made = (node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call))
    return {target.id for node in made for target in node.targets if isinstance(target, ast.Name)}


def value_edits(state: State, source: SourceText, names: Mapping[str, str], elsewhere: Sequence[Reach] = ()) -> tuple[Edit, ...]:
    """The edits that make each attribute a value, in all files; raises CannotRewrite at a use that has no form with one."""
    found = global_uses(source, state.local_name)
    if found.problem or len(found.bindings) != 1:
        raise CannotRewrite("its name is bound to something else", found.problem[1] if found.problem else state.place.line)
    uses = {source: _uses(source, found.loads, names)}
    edits = [edit for use in uses[source] for edit in _used(source, use)]
    for reach in elsewhere:
        try:
            uses[reach.source] = _uses(reach.source, reach.loads, names)
            edits += [edit for use in uses[reach.source] for edit in _used(reach.source, use)]
            edits += _imported(reach, uses[reach.source], names)
        except CannotRewrite as error:
            raise CannotRewrite(error.reason, error.line, reach.source.path) from None
    return (_declared(source, state, names, uses), *edits)


def _imported(reach: Reach, uses: Sequence[Use], names: Mapping[str, str]) -> Iterator[Edit]:
    """The values that are used by name are imported in the place of the namespace."""
    if reach.imported is None:
        return
    wanted = sorted({use.value for use in uses if use.value in names.values()})
    taken = next((name for name in wanted if name in reach.source.bound), None)
    if taken:
        raise CannotRewrite(f"`{taken}` means something else there", reach.imported.lineno)
    yield Edit(reach.source.place(reach.imported), (", ".join(wanted),), whole=True)


def _uses(source: SourceText, loads: Sequence[Load], names: Mapping[str, str]) -> list[Use]:
    parents = {child: node for node in source.nodes for child in ast.iter_child_nodes(node)}
    told_by_error = "AttributeError" in source.text
    return [_use(source, load, parents, names, told_by_error) for load in loads]


def _use(source: SourceText, load: Load, parents: Mapping[ast.AST, ast.AST], names: Mapping[str, str], told_by_error: bool) -> Use:
    node = parents[load]
    attribute = node.attr if isinstance(node, ast.Attribute) else _named(node, load)
    if attribute not in names or not isinstance(node, ast.expr):
        raise CannotRewrite("it is used as a whole", load.lineno)
    around = list(_upwards(node, parents))
    statement = next(each for each in around if isinstance(each, ast.stmt))
    if not _is_told(node) and (told_by_error or any(map(_hides_errors, around))):
        raise CannotRewrite("its module may take an AttributeError for the absence of a value", load.lineno)
    module = f"{source.slice(source.place(load.value))}." if isinstance(load, ast.Attribute) else ""
    return Use(attribute, node, statement, module + names[attribute])


def _named(node: ast.AST, load: Load) -> str:
    """The attribute that `getattr(_local, "user")` and its like name; "" for any other call."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) < 2 or node.keywords:
        return ""
    most = {"getattr": 3, "hasattr": 2, "setattr": 3, "delattr": 2}.get(node.func.id, 0)
    name = node.args[1]
    if node.args[0] is not load or len(node.args) > most or not isinstance(name, ast.Constant):
        return ""
    return name.value if isinstance(name.value, str) else ""


def _upwards(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while node in parents:
        node = parents[node]
        yield node


def _is_told(node: ast.expr) -> bool:
    """Whether the absence of a value raises nothing there."""
    if isinstance(node, ast.Attribute):
        return isinstance(node.ctx, ast.Store)
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.func.id in ("hasattr", "setattr") or (node.func.id == "getattr" and len(node.args) == 3)


def _hides_errors(node: ast.AST) -> bool:
    """Whether a function's AttributeError says to its caller that an attribute is absent, as that of a property does."""
    if not isinstance(node, _FUNCTIONS):
        return False
    decorated = any("property" in ast.unparse(each) for each in node.decorator_list)
    return decorated or node.name in ("__getattr__", "__getattribute__")


def _used(source: SourceText, use: Use) -> Iterator[Edit]:
    """One use, in the form that a value has for it."""
    node, statement, value = use.node, use.statement, use.value
    if isinstance(node, ast.Call):
        yield from _called(source, node, value)
    elif not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
        _require_plain(source, node)
        yield Edit(source.place(node), (f"{value}.get()",), whole=True)
    elif isinstance(statement, ast.Delete) and statement.targets == [node]:
        yield Edit(source.place(statement), (f"{value}.unset()",), whole=True)
    elif isinstance(statement, ast.Assign) and statement.targets == [node]:
        given, brackets = assigned_value(source, statement, node)
        start = source.place(statement)
        yield Edit(Place(source.path, start.line, start.column, given.line, given.column), (f"{value}.set(" + "(" * brackets,))
        yield Edit(end_of(given), (")" + ")" * brackets,))
    else:
        raise CannotRewrite("it is bound together with others, or changed in place", node.lineno)


def _called(source: SourceText, node: ast.Call, value: str) -> Iterator[Edit]:
    """`getattr(_local, "user", "-")` → `_user.get("-")`, and its like."""
    assert isinstance(node.func, ast.Name)
    _require_plain(source, node)
    method = {"getattr": "get", "hasattr": "is_set", "setattr": "set", "delattr": "unset"}[node.func.id]
    whole = source.place(node)
    if len(node.args) == 2:
        yield Edit(whole, (f"{value}.{method}()",), whole=True)
        return
    named = source.place(node.args[1])
    comma = _COMMA.match(source.text, source.offset(named.end_line, named.end_column))
    if comma is None or "\n" in comma.group() or "#" in comma.group():
        raise CannotRewrite("its call is written over several lines", node.lineno)
    after = named.end_column + len(comma.group())
    yield Edit(Place(source.path, whole.line, whole.column, named.end_line, after), (f"{value}.{method}(",))


def _require_plain(source: SourceText, node: ast.expr) -> None:
    """Within an f-string older Pythons do not tell places, and some show the text itself."""
    require_not_shown(source, node)
    written = source.slice(source.place(node))
    begins = ast.unparse(node.func if isinstance(node, ast.Call) else node)
    if not written.startswith(begins):
        raise CannotRewrite("it is read inside an f-string whose places Python does not tell", node.lineno)


def _declared(source: SourceText, state: State, names: Mapping[str, str], uses: Mapping[SourceText, Sequence[Use]]) -> Edit:
    """One declaration per value, in the place of the namespace's."""
    place = state.statement
    line = source.lines[place.line - 1]
    rest = source.lines[place.end_line - 1][place.end_column :].strip()
    if line[: place.column].strip() or (rest and not rest.startswith("#")) or state.annotated:
        raise CannotRewrite("its declaration has a type, or shares a line with other statements", place.line)
    parts: list[str | RuntimeName] = []
    for attribute, name in names.items():
        told = known_above(source, _type(source, uses, attribute), place.line)
        parts += [f"{source.newline}{line[: place.column]}"] if parts else []
        parts += [name, ": ", RuntimeName(TARGET), f"[{told}]"] if told else [name]
        parts += [" = ", RuntimeName(TARGET), f"({quoted(f'{state.module}.{name}')})"]
    return Edit(place, tuple(parts), whole=True)


def _type(source: SourceText, uses: Mapping[SourceText, Sequence[Use]], attribute: str) -> str:
    """The type of a value; raises CannotRewrite where other files store something that the declaring one does not tell of."""
    stores = {each: [use.statement for use in found if use.attribute == attribute] for each, found in uses.items()}
    told = value_type(source, stores.pop(source), attribute)
    for each, statements in stores.items():
        if told and any(map(_is_store, statements)) and value_type(each, statements, attribute) != told:
            raise CannotRewrite(f"no one type of `{attribute}` is told", min(s.lineno for s in statements), each.path)
    return told


def _is_store(statement: ast.stmt) -> bool:
    """Whether a statement may put a value there: by an assignment, or by `setattr`."""
    return isinstance(statement, ast.Assign) or (isinstance(statement, ast.Expr) and "setattr" in ast.unparse(statement))
