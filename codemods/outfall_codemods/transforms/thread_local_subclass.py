"""A subclass of `threading.local` that carries context gets the context local as its base.

Its `__init__` still runs by itself, once per context instead of once per thread. What it keeps is
told from what its module stores in it, or from the configuration; where neither tells, the plan asks.
"""

from __future__ import annotations

import ast
import keyword

from outfall_lint.model import Finding, Kind, State

from ..edits import Edit, RuntimeName, quoted
from ..plan import Plan, decline, rewrite
from ..subclass_kinds import BASES, decide, local_base
from ..text import SourceText
from ..transform import Case, Transform

_IN_PLACE = frozenset("append pop extend insert add remove update clear setdefault".split())


def accepts(finding: Finding) -> bool:
    return finding.code == "OUT202"


def plan(case: Case) -> Plan:
    """`rewrite` for a plain subclass that carries context; else the reason or the question."""
    state, codes, source = case.state, case.codes, case.source
    node = _class_at(state, source)
    kind = state.kind
    evidence: tuple[str, ...] = ("the configuration says so",)
    if kind is Kind.UNDECIDED:
        stated = node or _inner_class_at(state, source)
        kind, evidence = decide(source.tree, stated, source.path) if stated else (kind, ())
    if kind is Kind.THREAD_RESOURCE:
        return decline(state, codes, f"stays per thread: {'; '.join(evidence)}")
    if kind is Kind.SPAN_STACK:
        return decline(state, codes, f"not yet: stacks come later, and {'; '.join(evidence)}")
    base_class = local_base(source.tree, node) if node else None
    if base_class is not None:
        return decline(state, codes, f"it is what its base `{base_class.name}` is; answer for that class first")
    if kind is not Kind.CONTEXT:
        return decline(state, codes, _question(state, "; ".join(evidence)))
    problem = "its class statement is not a plain one at module level" if node is None else _problem(node)
    if node is None or problem:
        return decline(state, codes, f"{problem}; give it ContextLocal as its base by hand")
    base = node.bases[0]
    attributes = ", ".join(map(quoted, _attributes(node)))
    comma = "," if attributes and ", " not in attributes else ""
    keywords = f", name={quoted(state.name)}" + (f", attributes=({attributes}{comma})" if attributes else "")
    swap = Edit(source.place(base), (RuntimeName("StagedContextLocal"), keywords))
    return rewrite(state, codes, "StagedContextLocal", (swap,), "use_context", evidence=evidence)


def _question(state: State, evidence: str) -> str:
    return (
        "do its instances carry context, or keep something that belongs to their thread? "
        f"{evidence or 'The class statement does not tell'}. Answer in pyproject.toml: "
        f'[tool.outfall.states] "{state.name}" = "context" or "thread-resource"'
    )


def _class_at(state: State, source: SourceText) -> ast.ClassDef | None:
    found = [node for node in source.tree.body if isinstance(node, ast.ClassDef) and node.name == state.local_name]
    return found[0] if len(found) == 1 else None


def _inner_class_at(state: State, source: SourceText) -> ast.ClassDef | None:
    """A class within a function or a class, by its place."""
    return next((n for n in source.nodes if isinstance(n, ast.ClassDef) and n.lineno == state.place.line), None)


def _problem(node: ast.ClassDef) -> str | None:
    """Why another base would change more than where the values live."""
    if len(node.bases) != 1 or node.keywords or ast.unparse(node.bases[0]).rpartition(".")[2] not in BASES:
        return "it has other bases or keywords beside threading.local"
    names = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
    if names & {"__new__", "__getattribute__", "__setattr__", "__delattr__", "__getattr__"}:
        return "it defines how its attributes are found"
    if any(isinstance(n, ast.Name) and n.id == "__slots__" for n in ast.walk(node)):
        return "it declares `__slots__`, whose values all threads share"
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _IN_PLACE:
            if isinstance(call.func.value, ast.Attribute) and call.func.value.attr != "__dict__":
                return f"a value is changed in place at line {call.lineno}: child tasks would share it"
    return None


def _attributes(node: ast.ClassDef) -> list[str]:
    """The attributes that its methods set on `self`, in their order."""
    found = [
        n.attr
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and isinstance(n.value, ast.Name) and n.value.id == "self"
    ]
    return [name for name in dict.fromkeys(found) if not keyword.iskeyword(name) and name[:2] != "__"]


TRANSFORM = Transform(
    name="thread-local-subclass",
    fix_safety=(
        "`__init__` runs once per context, with the arguments of the construction, where it ran once per thread. "
        "What the module stores in its instances decides that they carry context; the configuration overrules it."
    ),
    accepts=accepts,
    plan=plan,
)
