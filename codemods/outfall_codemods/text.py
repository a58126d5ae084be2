"""Python source as text and back, byte for byte.

Lines end at `\\n`, `\\r\\n` or `\\r` only, as the Python parser counts them: `str.splitlines`
would also split at form feeds.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from outfall_lint.model import Place

from .errors import Refused
from .names import bound_names

Lines = tuple[int, int]
"""First and last line of a stretch, counted from 1."""

_SHOWN = re.compile(r"[\s)]*=\s*[}!:]")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def split_lines(text: str) -> list[str]:
    """The lines of `text`, each with its line end."""
    return _LINE.findall(text)


def first_of(statement: ast.stmt) -> int:
    """The first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        block = getattr(node, part, None)
        if isinstance(block, list) and block:
            if part not in ("handlers", "cases"):
                yield block
            for inner in block:
                yield from _blocks(inner)


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """What `ast.walk` gives, in its order, in half the time."""
    found: list[ast.AST] = [tree]
    for node in found:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


@dataclass(frozen=True)
class SourceText:
    """One file's text with all that is needed to write it back as it was."""

    path: str
    text: str
    encoding: str = "utf-8"
    bom: bool = False

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> SourceText:
        """Decode as Python would; raise `Refused` where Python could not."""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            bom = data.startswith(codecs.BOM_UTF8)
            body = data[len(codecs.BOM_UTF8) :] if bom else data
            return cls(path, body.decode("utf-8" if bom else encoding), "utf-8" if bom else encoding, bom)
        except (SyntaxError, UnicodeDecodeError, LookupError) as error:
            raise Refused(f"{path}: cannot be decoded ({error})", "save it in the encoding it declares") from error

    def to_bytes(self, text: str) -> bytes:
        """`text` encoded as this file is."""
        try:
            return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise Refused(f"{self.path}: {error}", f"the new text must fit in {self.encoding}") from error

    @cached_property
    def lines(self) -> list[str]:
        return split_lines(self.text)

    @cached_property
    def newline(self) -> str:
        """The line end of the first line, `\\n` for a file of one unended line."""
        first = self.lines[0] if self.lines else ""
        return next((end for end in ("\r\n", "\r", "\n") if first.endswith(end)), "\n")

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line, and one past the end."""
        offsets = [0]
        for line in self.lines:
            offsets.append(offsets[-1] + len(line))
        return offsets

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, the outer before the inner."""
        return tuple(_nodes(self.tree))

    @cached_property
    def imported(self) -> dict[str, str]:
        """Each imported name and the module that it is, or is from; "" for relative imports."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found.update((a.asname or a.name.partition(".")[0], a.name) for a in node.names)
            elif isinstance(node, ast.ImportFrom):
                found.update((a.asname or a.name, "" if node.level else node.module or "") for a in node.names)
        return found

    def stands_alone(self, statement: ast.stmt) -> bool:
        """Whether nothing but a comment stands on the statement's lines beside it."""
        place = self.place(statement)
        rest = self.lines[place.end_line - 1][place.end_column :].strip()
        return not self.lines[place.line - 1][: place.column].strip() and (not rest or rest.startswith("#"))

    @cached_property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        """Each name that an import gives what is called otherwise, and what that is: `np` and `numpy`."""
        imports = (node for node in self.nodes if isinstance(node, (ast.Import, ast.ImportFrom)))
        return tuple((alias.asname, alias.name) for node in imports for alias in node.names if alias.asname)

    @cached_property
    def bound(self) -> frozenset[str]:
        """Every name that any scope binds."""
        return frozenset(bound_names(self.nodes))

    @cached_property
    def shown(self) -> frozenset[ast.AST]:
        """The expressions whose text an f-string shows, `{x + 1=}`, and all they are made of."""
        values = (node.value for node in self.nodes if isinstance(node, ast.FormattedValue))
        return frozenset(inner for value in values if self._is_shown(value) for inner in ast.walk(value))

    def _is_shown(self, value: ast.expr) -> bool:
        place = self.place(value)
        return _SHOWN.match(self.text, self.offset(place.end_line, place.end_column)) is not None

    @cached_property
    def blocks(self) -> tuple[list[ast.stmt], ...]:
        """Every list of statements that run one after the other, the module's own first."""
        return tuple(_blocks(self.tree))

    def lines_with(self, name: str) -> list[int]:
        """The numbers of the lines in which an identifier may be the name, in whatever form of its letters."""
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        lines = (line if line.isascii() else unicodedata.normalize("NFKC", line) for line in self.lines)
        return [number for number, line in enumerate(lines, start=1) if name in line and word.search(line)]

    @cached_property
    def tree(self) -> ast.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(self.text)

    def place(self, node: ast.stmt | ast.expr | ast.keyword | ast.alias) -> Place:
        """Where `node` stands, columns in characters rather than UTF-8 bytes."""
        end_line = node.end_lineno or node.lineno
        start = self._characters(node.lineno, node.col_offset)
        end = self._characters(end_line, node.end_col_offset or 0)
        return Place(self.path, node.lineno, start, end_line, end)

    def slice(self, place: Place) -> str:
        return self.text[self.offset(place.line, place.column) : self.offset(place.end_line, place.end_column)]

    def offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def _characters(self, line: int, byte_column: int) -> int:
        text = self.lines[line - 1]
        return byte_column if text.isascii() else len(text.encode()[:byte_column].decode(errors="ignore"))
