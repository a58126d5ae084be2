"""From one file's walk to its `ModuleFacts`: every raw use resolved, everything else forgotten."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager

from outfall_lint.declarations import class_facts, declarations, function_facts
from outfall_lint.discovery import File
from outfall_lint.facts import ModuleFacts
from outfall_lint.model import Problem
from outfall_lint.names import Names
from outfall_lint.receivers import shared_attributes
from outfall_lint.resolve import resolved
from outfall_lint.scopes import Scope, Walk
from outfall_lint.source import Source, parse
from outfall_lint.sightings import sightings
from outfall_lint.spans import spans_of
from outfall_lint.suppress import suppressions
from outfall_lint.walk import walk

_TEST_FILE = re.compile(
    r"(^|/)([^/]*_)?(tests?|testing)/|(^|/)(test_[^/]*|([^/]*_)?(tests?|testing)|conftest|testlayer)\.py$"
    r"|(^|/)(examples?|demos?|[a-z]+demo|([^/]*\.)?features)/"  # as tests do, they live for one run
)
_SCRIPT = re.compile(r"(^|/)(setup|noxfile|conf)\.py$")
_BESIDE = re.compile(r"(bin|tools?|scripts?|docs?|ci|dev|benchmarks?|contrib|experiments|experimental|lab)/")
DEEP = 150  # nodes inside each other, far more than anybody writes by hand


def is_test(path: str) -> bool:
    """Whether a file, by its path, holds tests, examples or demonstrations."""
    return bool(_TEST_FILE.search(path))


def lives_for_one_run(file: File) -> bool:
    """Whether a file is a test, an example or a script, by its path and where packages are."""
    return is_test(file.path) or _is_script(file)


def _is_script(file: File) -> bool:
    """Whether a file is one of the repository's scripts, which no package holds, or of what else lies beside the packages."""
    if not file.in_package and _SCRIPT.search(file.path):
        return True
    beside = _BESIDE.match(file.path)
    return beside is not None and not (file.in_package and file.module.partition(".")[0] == beside[1])


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
        if _depth(parsed) < DEEP:
            return Problem(source.path, None, "cannot be checked: outfall went in circles there, which is a bug; please report it")
        return Problem(source.path, None, "is nested too deeply to be checked")


def _depth(tree: ast.AST) -> int:
    """How many nodes stand inside each other."""
    depth, layer = 0, [tree]
    while layer:
        depth, layer = depth + 1, [child for node in layer for child in ast.iter_child_nodes(node)]
    return depth


def _facts(source: Source, file: File, own: frozenset[str], walked: Walk) -> ModuleFacts:
    names = Names(file.module, file.is_package, bool(walked.stars))
    span_of = spans_of(source.text)
    module = walked.scopes[0]
    declared = tuple(declarations(walked, names, span_of))
    lasting = frozenset((*names.module, *d.name.split(".")) for d in declared if d.scope == "function")
    functions = tuple(function_facts(walked))
    classes = tuple(class_facts(walked, names, span_of))
    own = own | {names.module[0]}
    shared = shared_attributes(walked, names, classes, functions, declared, own)
    uses = tuple(resolved(walked, names, span_of, own, lasting, shared))
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
        roots=tuple(sorted(names.roots.union(base.partition(".")[0] for each in classes for base in each.bases))),
        asides=tuple(walked.asides),
        is_test=lives_for_one_run(file),
    )


def _exports(module: Scope) -> tuple[str, ...] | None:
    found: list[str] = []
    for binding in module.bindings.get("__all__", []):
        value = binding.value
        if isinstance(value, (ast.List, ast.Tuple)):
            found += [e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return tuple(found) if "__all__" in module.bindings else None
