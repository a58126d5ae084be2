"""What a migrated project must declare: the runtime, also for building where that imports the package.

`declare` adds it to every place where the project already lists its dependencies, and to no other;
the journal, `--diff` and `undo` work on the result as on any change. Formatting and comments stay.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomlkit
from outfall_lint.source import Source, parse, read
from tomlkit.exceptions import TOMLKitError

from .change import ChangeSet, FileChange
from .errors import UsageError

DISTRIBUTION = "outfall-runtime"
PYPROJECT, SETUP_CFG, REQUIREMENTS = "pyproject.toml", "setup.cfg", "requirements.txt"

_NAMED = re.compile(r"(?<![\w.-])outfall[-_.]runtime(?![\w-])", re.IGNORECASE)
_INSTALL_REQUIRES = re.compile(r"^install_requires[ \t]*=[^\r\n]*(?:(?:\r?\n)[ \t]+[^\r\n]*)*", re.MULTILINE)


def advice(root: Path, changed: Iterable[str]) -> tuple[str, ...]:
    """What to add to the project's requirements once these files import the runtime; nothing that is there."""
    paths = list(changed)
    if not paths:
        return ()
    notes = [] if _declared(root) else [f"add {DISTRIBUTION} to the project's dependencies"]
    if _builds_with(root, paths) and not _declared_for_build(root):
        notes.append(f"setup.py imports the package: add {DISTRIBUTION} to the build requirements too")
    return tuple(notes)


def declare(root: Path, changed: Iterable[str] = ()) -> ChangeSet:
    """The changes that declare the runtime; `changed` are the files that import it, for the build requirements.

    Notes say what has to be done by hand. Raises `UsageError` for a broken pyproject.toml.
    """
    building = _builds_with(root, list(changed))
    changes = [c for c in (_pyproject(root, building), _setup_cfg(root), _requirements(root)) if c is not None]
    notes: list[str] = []
    if not changes and not _declared(root):
        notes.append(f"no list of dependencies was found; add {DISTRIBUTION} where the project declares them")
    if building and not _declared_for_build(root) and not (root / PYPROJECT).is_file():
        notes.append(f'setup.py imports the package: write a pyproject.toml whose build requirements name "{DISTRIBUTION}"')
    return ChangeSet(tuple(changes), notes=tuple(notes))


def _pyproject(root: Path, building: bool) -> FileChange | None:
    before = _read(root / PYPROJECT)
    if before is None:
        return None
    document = _toml(before)
    project, poetry = document.get("project"), document.get("tool", {}).get("poetry", {}).get("dependencies")
    if project is not None and "dependencies" not in project.get("dynamic", ()):
        _add(project.setdefault("dependencies", tomlkit.array()))
    elif poetry is not None and not any(_NAMED.fullmatch(name) for name in poetry):
        poetry[DISTRIBUTION] = "*"
    if building:
        system = document.setdefault("build-system", {"requires": ["setuptools"]})
        _add(system.setdefault("requires", tomlkit.array()))
    return _change(PYPROJECT, before, tomlkit.dumps(document))


def _add(array: Any) -> None:
    if not any(_NAMED.match(str(item)) for item in array):
        array.append(DISTRIBUTION)


def _setup_cfg(root: Path) -> FileChange | None:
    """One more line under `install_requires`, indented as the others."""
    before = _read(root / SETUP_CFG)
    found = _INSTALL_REQUIRES.search(before) if before else None
    if before is None or found is None or _NAMED.search(found.group()):
        return None
    lines = found.group().rstrip()
    newline = "\r\n" if "\r\n" in before else "\n"
    indents = re.findall(r"\n([ \t]+)\S", lines)
    head, _, first = lines.partition("=")
    if first.strip() and not indents:
        lines = f"{head}={newline}    {first.strip()}"
    after = f"{lines}{newline}{indents[-1] if indents else '    '}{DISTRIBUTION}"
    rest = before[found.start() + len(found.group().rstrip()) :]
    return _change(SETUP_CFG, before, before[: found.start()] + after + rest)


def _requirements(root: Path) -> FileChange | None:
    before = _read(root / REQUIREMENTS)
    if before is None or _NAMED.search(before):
        return None
    newline = "\r\n" if "\r\n" in before else "\n"
    ended = before if not before or before.endswith("\n") else before + newline
    return _change(REQUIREMENTS, before, ended + DISTRIBUTION + newline)


def _declared(root: Path) -> bool:
    """Whether some list of the project's dependencies names the runtime already."""
    pyproject = _read(root / PYPROJECT)
    if pyproject is not None:
        document = _toml(pyproject)
        listed = [*document.get("project", {}).get("dependencies", ())]
        listed += document.get("tool", {}).get("poetry", {}).get("dependencies", ())
        if any(_NAMED.match(str(item)) for item in listed):
            return True
    return any(_NAMED.search(_read(root / path) or "") for path in (SETUP_CFG, REQUIREMENTS, "setup.py"))


def _declared_for_build(root: Path) -> bool:
    pyproject = _read(root / PYPROJECT)
    requires = _toml(pyproject).get("build-system", {}).get("requires", ()) if pyproject is not None else ()
    return any(_NAMED.match(str(item)) for item in requires)


def _builds_with(root: Path, changed: Iterable[str]) -> bool:
    """Whether setup.py imports one of the packages that the files belong to."""
    packages = {part for path in changed for part in Path(path).with_suffix("").parts}
    return bool(_imported_by_setup(root) & packages)


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


def _toml(text: str) -> Any:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise UsageError(f"{PYPROJECT}: {error}", "mend it first") from error


def _read(path: Path) -> str | None:
    """The file's text with its line ends as they are; None where there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 ({error.reason})", "save it as UTF-8") from error


def _change(path: str, before: str, after: str) -> FileChange | None:
    return None if before == after else FileChange(path, before.encode("utf-8"), after.encode("utf-8"))
