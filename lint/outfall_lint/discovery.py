"""Paths to Python files, and the module name that each file is imported by."""

from __future__ import annotations

import fnmatch
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from outfall_lint.model import Problem

DEFAULT_EXCLUDES = (
    ".*",
    "__pycache__",
    "node_modules",
    "venv",
    "site-packages",
    "build",
    "dist",
    "migrations",
    "*.egg-info",
)
"""Names of folders, anywhere in a path, that hold nothing of the project's own hand."""

_SOURCE_FOLDERS = ("src", "lib", "python", "source")


@dataclass(frozen=True, slots=True)
class File:
    """A file to read: its path relative to the root, and the names it may be imported by."""

    path: str
    module: str
    aliases: tuple[str, ...] = ()
    is_package: bool = False
    in_package: bool = False  # its folder is a package


def discover(paths: Sequence[Path | str], root: Path, exclude: Sequence[str] = ()) -> tuple[list[File], list[Problem]]:
    """The Python files below `paths`, sorted; relative paths start at `root`.

    A file that is named outright is taken whatever `exclude` says, and a folder that is named is
    looked into whatever it is called. Inside a git work tree a folder gives what git knows or
    would add; elsewhere everything; `DEFAULT_EXCLUDES` are left out below it in either case.
    """
    root = root.resolve()
    found: dict[str, None] = {}
    problems: list[Problem] = []
    for path in paths:
        absolute = Path(os.path.abspath(root / path))
        if absolute.is_dir():
            below = (file for file in _python_files(absolute) if not _in_default_excluded(file.relative_to(absolute)))
            found.update(dict.fromkeys(name for file in below if not _excluded(name := _relative(file, root), exclude)))
        elif os.path.lexists(absolute):
            found[_relative(absolute, root)] = None
        else:
            problems.append(Problem(_relative(absolute, root), None, "no such file or folder"))
    for name in [name for name in found if not _is_text(name)]:
        del found[name]
        shown = os.fsencode(name).decode(errors="backslashreplace")
        problems.append(Problem(shown, None, "its name is not UTF-8; rename or exclude it"))
    folders = _Folders(root)
    return [folders.file(name) for name in sorted(found)], problems


def _is_text(name: str) -> bool:
    """Whether a name can be written as text; what could not be decoded stands in it as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def named(path: str, root: Path) -> File:
    """The file at `path` with its module names; it need not exist."""
    return _Folders(root.resolve()).file(path)


def _python_files(folder: Path) -> Iterator[Path]:
    known = _git_files(folder)
    if known is None:
        yield from _walk(folder)
        return
    for name in known:
        if name.endswith(".py") and os.path.lexists(folder / name):  # git still lists what was just deleted
            yield folder / name


def _git_files(folder: Path) -> list[str] | None:
    """What git tracks or would add below `folder`; None outside a work tree or without git."""
    try:
        done = subprocess.run(
            ["git", "ls-files", "-coz", "--exclude-standard"], cwd=folder, capture_output=True, check=False
        )
    except OSError:
        return None
    if done.returncode:
        return None
    names = os.fsdecode(done.stdout).split("\0")
    return names if any(names) else None


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _default_excluded(Path(parent), name))
        yield from (Path(parent, name) for name in files + folders if name.endswith(".py"))


def _default_excluded(parent: Path, name: str) -> bool:
    """Whether a folder is left out by its name, or because it is a virtual environment."""
    return any(fnmatch.fnmatch(name, pattern) for pattern in DEFAULT_EXCLUDES) or (parent / name / "pyvenv.cfg").exists()


def _in_default_excluded(below: Path) -> bool:
    """Whether one of the folders above a file is left out by its name."""
    return any(fnmatch.fnmatch(part, pattern) for part in below.parts[:-1] for pattern in DEFAULT_EXCLUDES)


def _excluded(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern matches the path, one of its folders, or (without `/`) any part of it."""
    parts = path.split("/")
    prefixes = ["/".join(parts[: i + 1]) for i in range(len(parts))]
    for pattern in patterns:
        pattern = pattern.rstrip("/")
        candidates = prefixes if "/" in pattern else [*parts, *prefixes]
        if any(fnmatch.fnmatch(candidate, pattern) for candidate in candidates):
            return True
    return False


def _relative(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


class _Folders:
    """Remembers which folders are packages while the files of one run are named."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._packages: dict[Path, bool] = {}

    def file(self, path: str) -> File:
        absolute = self._root / path
        is_package = absolute.name == "__init__.py"
        last = [] if is_package else [absolute.stem]
        package: list[str] = []
        folder = absolute.parent
        while self._is_package(folder):
            package.insert(0, folder.name)
            folder = folder.parent
        outer, sourced = self._outer(folder)
        inner = ".".join(package + last) or absolute.parent.name
        full = ".".join(outer + package + last) or inner
        # A package names itself, but for those that source folders hold in namespaces; a lone module is told apart by its folders.
        names = (inner, full) if package and not sourced else (full, inner)
        return File(path, names[0], tuple(dict.fromkeys(n for n in names if n != names[0])), is_package, bool(package))

    def _is_package(self, folder: Path) -> bool:
        if folder not in self._packages:
            self._packages[folder] = folder != folder.parent and (folder / "__init__.py").exists()
        return self._packages[folder]

    def _outer(self, folder: Path) -> tuple[list[str], bool]:
        """The folders between the root, or its source folder, and `folder`; and whether it is within a source folder."""
        try:
            parts = list(folder.relative_to(self._root).parts)
        except ValueError:
            return [], False
        sourced = bool(parts) and parts[0] in _SOURCE_FOLDERS
        return (parts[1:] if sourced else parts), sourced
