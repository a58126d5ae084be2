"""Whether building a project imports its own package, and with it whatever that imports.

setup.py may say so. flit imports the module, and setuptools what `attr` names, when they are to
take the version from it and it is not written there as a literal.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from outfall_lint.source import Source, parse, read

Document = Mapping[str, Any]


def importer_of(root: Path, pyproject: Document, packages: Collection[str]) -> str | None:
    """What imports one of the top-level `packages` while the project is built; None where nothing does."""
    if _imported_by_setup(root) & set(packages):
        return "setup.py"
    backend = str(pyproject.get("build-system", {}).get("build-backend", "setuptools"))
    if "version" not in pyproject.get("project", {}).get("dynamic", ()):
        return None
    if backend.startswith("flit"):
        name = str(pyproject.get("tool", {}).get("flit", {}).get("module", {}).get("name") or pyproject["project"].get("name"))
        wanted = f"{name.replace('-', '_')}.__version__"
    else:
        dynamic = pyproject.get("tool", {}).get("setuptools", {}).get("dynamic", {}).get("version", {})
        wanted = str(dynamic.get("attr", "")) if isinstance(dynamic, Mapping) else ""
    module, _, attribute = wanted.rpartition(".")
    if module.partition(".")[0] in packages and not _is_literal(root, module, attribute):
        return "flit" if backend.startswith("flit") else "setuptools"
    return None


def _is_literal(root: Path, module: str, attribute: str) -> bool:
    """Whether the module binds the attribute to a literal, which can be read without importing."""
    tail = module.replace(".", "/")
    for path in (f"{folder}{tail}{end}" for folder in ("", "src/") for end in ("/__init__.py", ".py")):
        tree = _tree(root, path)
        for node in tree.body if tree else ():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
            if any(isinstance(target, ast.Name) and target.id == attribute for target in targets):
                return isinstance(getattr(node, "value", None), ast.Constant)
    return False


def _imported_by_setup(root: Path) -> set[str]:
    """The top-level names that setup.py imports; none where there is no readable one."""
    tree = _tree(root, "setup.py")
    found: set[str] = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _tree(root: Path, path: str) -> ast.Module | None:
    source = read(root, path) if (root / path).is_file() else None
    tree = parse(source) if isinstance(source, Source) else None
    return tree if isinstance(tree, ast.Module) else None
