"""What a migrated project must declare: the runtime, also for building where that imports the package."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from outfall_lint.source import Source, parse, read

DISTRIBUTION = "outfall-runtime"


def advice(root: Path, changed: Iterable[str]) -> tuple[str, ...]:
    """What to add to the project's requirements once these files import the runtime."""
    paths = list(changed)
    if not paths:
        return ()
    notes = [f"add {DISTRIBUTION} to the project's dependencies"]
    packages = {part for path in paths for part in Path(path).with_suffix("").parts}
    if _imported_by_setup(root) & packages:
        notes.append(f"setup.py imports the package: add {DISTRIBUTION} to the build requirements too")
    return tuple(notes)


def _imported_by_setup(root: Path) -> set[str]:
    """The top-level names that setup.py imports; none where there is no readable one."""
    if not (root / "setup.py").is_file():
        return set()
    source = read(root, "setup.py")
    tree = parse(source) if isinstance(source, Source) else None
    if not isinstance(tree, ast.Module):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
