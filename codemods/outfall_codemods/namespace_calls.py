"""Calls that may reach a module's names as text: `globals()`, `exec(…)`, and their like."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from .other_files import OtherFiles
from .text import SourceText, first_of

_Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_IDENTITY = (ast.Is, ast.IsNot)
_FIELD = re.compile(r"%\((\w+)\)")
_CALL = re.compile(r"(?<![\w.])(?:globals|exec|eval|vars|locals)(?!\w)")


def namespace_problem(source: SourceText, name: str) -> tuple[str, int] | None:
    """A call that may read or bind the global `name` unseen, with its line; None where there is none."""
    lines = [number for number, line in enumerate(source.lines, start=1) if _CALL.search(line)]
    for node, parents in _walked(source.tree, (), lines) if lines else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _reaches(node, node.func.id, parents, name):
            if _lists_others(node, parents) and _is_plain(source.tree, name):
                continue
            return f"its module calls `{node.func.id}`, which may reach the name unseen; replace that call first", node.lineno
    return _shown_by_example(source, name) or _taken_by_key(source, name)


def _shown_by_example(source: SourceText, name: str) -> tuple[str, int] | None:
    """An example in a docstring that says the global `name`, with its line: doctest looks names up in the module's dict."""
    said = re.compile(rf"\s*(?:>>>|\.\.\.)\s.*(?<![\w.]){re.escape(name)}(?!\w)")
    texts = (node for node in source.nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    for node in texts if ">>>" in source.text else ():
        if any(map(said.match, str(node.value).splitlines())):
            return "an example in a docstring says its name, which doctest looks up in the module's dict", node.lineno
    return None


def _taken_by_key(source: SourceText, name: str) -> tuple[str, int] | None:
    """Where the file asks a function or a frame for its globals by the key `name`: `f.__globals__["name"]`.

    A computed key may be the name, too, but not that of a frame which is only given or gone back to: such asks for what any
    caller, of whatever module, happens to have, as tools for debugging do.
    """
    if "__globals__" not in source.text and "f_globals" not in source.text:
        return None
    try:
        nodes = source.nodes
    except SyntaxError:  # the analysis has reported it already, and nobody can import it
        return None
    for node in nodes:
        owner, key = None, None
        if isinstance(node, ast.Subscript):
            owner, key = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, key = node.func.value, node.args[0]
        if not isinstance(owner, ast.Attribute) or owner.attr not in ("__globals__", "f_globals") or key is None:
            continue
        of_anybody = owner.attr == "f_globals" and not isinstance(owner.value, ast.Call)
        if not _is_other(key, name) and (isinstance(key, ast.Constant) or not of_anybody):
            return f"`{owner.attr}` is asked for it by its name, which would miss its slot", owner.lineno
    return None


def taken_elsewhere(name: str, module: str, path: str, others: OtherFiles) -> tuple[str, int] | None:
    """Where a file other than `path` takes all names of `module` at once, as `vars(module)` does; None if none does."""
    last = module.rpartition(".")[2]
    for other in sorted(others.saying(last, "_globals", name, beside=path)):
        asked = _taken_by_key(others.source(other), name)
        if asked:
            return other, asked[1]
    for other in sorted({*others.saying(last, "vars(", beside=path), *others.saying(last, "__dict__", beside=path)}):
        source = others.source(other)
        try:
            called = {last, *(given for given, whole in source.renamed if whole.rpartition(".")[2] == last)}
        except SyntaxError:  # the analysis has reported it already, and nobody can import it
            continue
        lines = [number for number, line in enumerate(source.lines, start=1) if "vars(" in line or "__dict__" in line]
        for node, parents in _walked(source.tree, (), lines):
            owner = _owner(node)
            if owner is not None and _is_called(owner, called, last) and not _is_harmless(node, parents, name):
                return other, getattr(node, "lineno", 0)
    return None


def _owner(node: ast.AST) -> ast.expr | None:
    """`x` of `vars(x)` and of `x.__dict__`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars" and len(node.args) == 1:
        return node.args[0]
    return node.value if isinstance(node, ast.Attribute) and node.attr == "__dict__" else None


def _is_called(node: ast.expr, names: set[str], last: str) -> bool:
    return (isinstance(node, ast.Name) and node.id in names) or (isinstance(node, ast.Attribute) and node.attr == last)


def _walked(node: ast.AST, parents: tuple[ast.AST, ...], lines: list[int]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Every node of the statements that hold one of the lines, with those around it, the nearest last."""
    yield node, parents
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt) or any(first_of(child) <= line <= (child.end_lineno or 0) for line in lines):
            yield from _walked(child, (*parents, node), lines)


def _reaches(call: ast.Call, called: str, parents: tuple[ast.AST, ...], name: str) -> bool:
    if called in ("exec", "eval"):
        return not _runs_elsewhere(call) and not _says_other_names(call, name)
    if called in ("globals", "vars", "locals") and _is_script(parents):
        return False
    if called == "globals":
        return not _is_harmless(call, parents, name)
    if called in ("vars", "locals") and not call.args:
        inner = any(isinstance(parent, (*_Function, ast.ClassDef)) for parent in parents)
        return not inner and not _is_harmless(call, parents, name)
    return False


def _is_script(parents: tuple[ast.AST, ...]) -> bool:
    """Whether it happens only where the module runs as a script of its own: below `if __name__ == "__main__":`."""
    if len(parents) < 3 or not isinstance(parents[1], ast.If):
        return False
    return ast.unparse(parents[1].test) == "__name__ == '__main__'" and parents[2] in parents[1].body


def _runs_elsewhere(call: ast.Call) -> bool:
    """Whether the code gets a namespace of its own."""
    given = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "globals"), None)
    if given is None or isinstance(given, (ast.Starred, ast.Constant)):
        return False
    named = {n.id for n in ast.walk(given) if isinstance(n, ast.Name)} | {n.attr for n in ast.walk(given) if isinstance(n, ast.Attribute)}
    return not named & {"globals", "vars", "locals", "__dict__", "__globals__"}


def _says_other_names(call: ast.Call, name: str) -> bool:
    """Whether the code stands there as text, without the name."""
    code = call.args[0] if call.args else None
    if isinstance(code, ast.Call) and isinstance(code.func, ast.Name) and code.func.id == "compile" and code.args:
        code = code.args[0]
    text = _said(code)
    words = {name} if text is None else set(re.findall(r"\w+", text))
    return not words & {name, "globals", "exec", "eval", "vars", "locals"}


def _said(code: ast.expr | None) -> str | None:
    """The code as text, as far as it stands there: what is filled in by `repr` is a literal. None where the rest is unknown."""
    if isinstance(code, ast.Constant) and isinstance(code.value, str):
        return code.value
    if isinstance(code, ast.BinOp) and isinstance(code.op, ast.Mod) and isinstance(code.left, ast.Constant):
        filled = code.right.elts if isinstance(code.right, ast.Tuple) else [code.right]
        return str(code.left.value) if all(map(_is_repr, filled)) else None
    if isinstance(code, ast.JoinedStr):
        values = [part for part in code.values if isinstance(part, ast.FormattedValue)]
        written = "".join(str(part.value) for part in code.values if isinstance(part, ast.Constant))
        return written if all(value.conversion == ord("r") for value in values) else None
    return None


def _is_repr(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "repr"


def _is_harmless(call: ast.AST, parents: tuple[ast.AST, ...], name: str) -> bool:
    """Whether the dictionary is used for one other name only, or for what it is."""
    parent = parents[-1]
    if isinstance(parent, ast.Call):
        return call in _for_import(parent)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mod) and parent.right is call:
        text = _formatted(parent.left, parents[0])
        return text is not None and name not in _FIELD.findall(text)
    if isinstance(parent, ast.Subscript) and parent.value is call:
        return _is_other(parent.slice, name)
    if isinstance(parent, ast.Compare):
        if all(isinstance(operator, _IDENTITY) for operator in parent.ops):
            return True
        return isinstance(parent.ops[0], (ast.In, ast.NotIn)) and parent.comparators == [call] and _is_other(parent.left, name)
    if isinstance(parent, ast.Attribute) and parent.attr in ("get", "setdefault", "pop"):
        method = parents[-2]
        return isinstance(method, ast.Call) and method.func is parent and bool(method.args) and _is_other(method.args[0], name)
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        return _only_looked_at(parent.targets[0].id, parents)
    return False


def _for_import(call: ast.Call) -> list[ast.expr]:
    """The namespaces that `__import__` is given, of which it reads what the package is called and where it lies."""
    return call.args[1:] if isinstance(call.func, ast.Name) and call.func.id == "__import__" else []


def _formatted(text: ast.expr, module: ast.AST) -> str | None:
    """What stands before a `%`, where that is in sight: a literal, or the module's docstring."""
    if isinstance(text, ast.Name) and text.id == "__doc__" and isinstance(module, ast.Module):
        bound = (n for n in ast.walk(module) if isinstance(n, ast.Name) and n.id == "__doc__" and not isinstance(n.ctx, ast.Load))
        return None if any(bound) else ast.get_docstring(module)
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else None


def _is_other(key: ast.expr, name: str) -> bool:
    return isinstance(key, ast.Constant) and key.value != name


def _lists_others(call: ast.Call, parents: tuple[ast.AST, ...]) -> bool:
    """Whether all values are looked through while importing, and only those of a class are taken: `isinstance(v, Handler)`."""
    if any(isinstance(parent, _Function) for parent in parents):
        return False
    listed: ast.AST = call
    above = list(parents)
    while isinstance(above[-1], (ast.Attribute, ast.Call)) and (isinstance(above[-1], ast.Attribute) or not above[-1].keywords):
        if isinstance(above[-1], ast.Attribute) and above[-1].attr not in ("copy", "values", "items"):
            return False
        if isinstance(above[-1], ast.Call) and above[-1].func is not listed and ast.unparse(above[-1].func) not in ("list", "tuple", "dict"):
            return False
        listed = above.pop()
    loop = above[-1]
    if isinstance(loop, ast.comprehension):
        return loop.iter is listed and bool(loop.ifs) and _takes_a_class(loop.ifs[0], loop.target)
    if isinstance(loop, ast.For) and loop.iter is listed and len(loop.body) == 1 and isinstance(loop.body[0], ast.If):
        return not loop.body[0].orelse and _takes_a_class(loop.body[0].test, loop.target)
    return False


def _takes_a_class(test: ast.expr, target: ast.expr) -> bool:
    """Whether the test lets pass nothing but instances of a class that no plain value has."""
    value = target.elts[-1] if isinstance(target, ast.Tuple) else target
    asked = test.values[0] if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else test
    if not isinstance(asked, ast.Call) or ast.unparse(asked.func) != "isinstance" or len(asked.args) != 2:
        return False
    classes = asked.args[1].elts if isinstance(asked.args[1], ast.Tuple) else [asked.args[1]]
    named = {ast.unparse(each) for each in classes}
    return ast.unparse(asked.args[0]) == ast.unparse(value) and not named & (set(dir(builtins)) - {"type"})


def _is_plain(tree: ast.Module, name: str) -> bool:
    """Whether what the module itself gives the name, wherever it does, is a constant or a plain container."""
    bound = (n for n in ast.walk(tree) if isinstance(n, (ast.Assign, ast.AnnAssign)) and n.value is not None)
    given = [n.value for n in bound if any(isinstance(t, ast.Name) and t.id == name for t in (n.targets if isinstance(n, ast.Assign) else [n.target]))]
    return bool(given) and isinstance(given[0], (ast.Constant, ast.Dict, ast.List, ast.Set, ast.Tuple))


def _only_looked_at(local: str, parents: tuple[ast.AST, ...]) -> bool:
    """Whether a function's local that holds the dictionary is only asked for its identity, or helps to import."""
    function = next((parent for parent in reversed(parents) if isinstance(parent, _Function)), None)
    if function is None or any(isinstance(n, (ast.Global, ast.Nonlocal)) and local in n.names for n in ast.walk(function)):
        return False
    loads = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == local and isinstance(n.ctx, ast.Load)]
    looked_at = [
        operand
        for n in ast.walk(function)
        if isinstance(n, ast.Compare) and all(isinstance(operator, _IDENTITY) for operator in n.ops)
        for operand in (n.left, *n.comparators)
    ]
    looked_at += [given for n in ast.walk(function) if isinstance(n, ast.Call) for given in _for_import(n)]
    return all(load in looked_at for load in loads)
