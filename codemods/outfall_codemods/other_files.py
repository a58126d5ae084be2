"""What the other files of a project say about a name, as text: tests that patch by a string included."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from .taken_names import called, imports_everything, taken_from
from .text import SourceText

PROBE = "`outfall migrate --probe` wrote this file"
"""What marks a probe: it names states in order to look at them, however they are kept."""


_STAR = re.compile(rb"\bimport\s*\(?\s*\*")


def _root(node: ast.expr) -> ast.expr:
    """What the attribute of an attribute begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _may_be_module(node: ast.expr, source: SourceText) -> bool:
    """Whether an expression may be a module: an imported name, if it is none of a class, or what a function gives."""
    if isinstance(node, ast.Call):
        return not isinstance(node.func, ast.Name) or (node.func.id not in ("super", "type") and not node.func.id[:1].isupper())
    return isinstance(node, ast.Name) and node.id in source.imported and not node.id[:1].isupper()


class OtherFiles:
    """The project's texts, read when first asked for."""

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        self._root = root
        self._paths = tuple(paths)
        self._sources: dict[str, SourceText] = {}

    def source(self, path: str) -> SourceText:
        """The parsed file at `path`, which the analysis has read; raise `Refused` where it cannot be decoded."""
        found = self._sources.get(path)
        if found is None:
            found = self._sources[path] = SourceText.from_bytes(path, (self._root / path).read_bytes())
        return found

    def mention(self, name: str, module: str, path: str) -> bool:
        """Whether a file other than `path` says both `name` and the last part of `module`."""
        return any(self.mentioning(name, module, path))

    def mentioning(self, name: str, module: str, path: str) -> Iterator[str]:
        """The files other than `path` that say both `name` and the last part of `module`.

        A package's own modules can import from it without its name, so there `name` is enough.
        """
        needed = [name] if path.endswith("__init__.py") else [name, module.rpartition(".")[2]]
        words = [rf"\b{re.escape(word)}\b".encode() for word in needed]
        return (other for other, text in self._others(path, name) if all(re.search(word, text) for word in words))

    def reaching(self, name: str, path: str) -> Iterator[str]:
        """The files other than `path` in which `name` may be an attribute of a module that they do not name.

        `get()._name`, `a.imported.module._name`, and the name as a text of its own, but not of `self` or `cls`.
        """
        said = re.compile(rf"""(?<!\(self, )(?<!\(cls, )(['"]){re.escape(name)}\1""")
        read = re.compile(rf"(?<!\bself)(?<!\bcls)\.{re.escape(name)}\b")
        for other, data in self._others(path, name):
            text = data.decode(errors="ignore")
            if said.search(text) or (read.search(text) and self._is_reached(other, name)):
                yield other

    def _is_reached(self, path: str, name: str) -> bool:
        source = self.source(path)
        try:
            owners = [node.value for node in source.nodes if isinstance(node, ast.Attribute) and node.attr == name]
        except SyntaxError:  # the analysis has reported it already, and nobody can import it
            return False
        return any(_may_be_module(_root(owner), source) for owner in owners)

    def saying(self, *words: str, beside: str) -> Iterator[str]:
        """The files other than `beside` that have all the words, as text."""
        return (other for other, text in self._others(beside, words[0]) if all(word.encode() in text for word in words))

    def star_import(self, path: str) -> bool:
        """Whether a file other than `path` imports everything from a module called like the one at `path`."""
        return any(imports_everything(text, path) for other, text in self._starring.items() if other != path)

    def taken(self, path: str, names: Collection[str]) -> set[str]:
        """Those of the names that files other than `path` take from a module called like the one at `path`."""
        if not names:
            return set()
        needle = "" if path.endswith("__init__.py") else called(path)
        return {name for _, text in self._others(path, needle) for name in taken_from(text.decode(errors="ignore"), path, names)}

    def holds_module(self, module: str) -> bool:
        """Whether the project has a file for the module `module`, under whatever source folder."""
        tail = module.replace(".", "/")
        return any(f"/{path}".endswith((f"/{tail}.py", f"/{tail}/__init__.py")) for path in self._paths)

    def owns(self, package: str) -> bool:
        """Whether a file or folder of the project is the top-level `package`: called so, and not itself within a package."""
        known = set(self._paths)
        split = (path.removesuffix(".py").split("/") for path in self._paths)
        above = {"/".join((*parts[: parts.index(package)], "__init__.py")) for parts in split if package in parts}
        return bool(above - known)

    def importable(self, path: str) -> frozenset[str]:
        """The project's own names for `import` in the file `path`: beside its outermost package, at the root and in `src`."""
        known, folder = set(self._paths), posixpath.dirname(path)
        while folder and f"{folder}/__init__.py" in known:
            folder = posixpath.dirname(folder)
        starts = {f"{folder}/" if folder else "", "", "src/"}
        return frozenset(p[len(s) :].split("/")[0].removesuffix(".py") for s in starts for p in known if p.startswith(s))

    def _others(self, path: str, needle: str) -> Iterator[tuple[str, bytes]]:
        wanted = needle.encode()
        return ((other, text) for other, text in self._texts.items() if other != path and wanted in text)

    @cached_property
    def _starring(self) -> dict[str, str]:
        """The texts that import everything from somewhere."""
        return {path: text.decode(errors="ignore") for path, text in self._texts.items() if _STAR.search(text)}

    @cached_property
    def _texts(self) -> dict[str, bytes]:
        found = {}
        for path in self._paths:
            try:
                found[path] = (self._root / path).read_bytes()
            except OSError:  # the analysis has reported it already
                continue
        return {path: text for path, text in found.items() if PROBE.encode() not in text}
