"""An edit is written only if it came out as planned: this is where that is held.

Each check names a fault of the codemod, not of the user's code; nothing has been written yet.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator

from .change import ChangeSet, FileChange
from .errors import VerificationFailed
from .names import undefined_names
from .text import Lines, SourceText, split_lines

_ENDS = re.compile(r"\r\n|\r|\n")


def verify(changes: ChangeSet) -> None:
    """Raise `VerificationFailed` for the first file whose new text breaks a promise."""
    for change in changes.changes:
        if change.is_python and change.before is not None:
            verify_file(change)


def verify_file(change: FileChange) -> None:
    """Parses, keeps encoding and line ends, changes planned lines only, leaves no name undefined."""
    before = SourceText.from_bytes(change.path, change.before or b"")
    after = SourceText.from_bytes(change.path, change.after)
    _parses(after)
    _keeps_its_form(before, after)
    _stays_within(change, before.text, after.text)
    dangling = undefined_names(after.text, after.path)
    dangling -= undefined_names(before.text, before.path) if dangling else set()
    if dangling:
        raise _fault(change.path, f"would leave {', '.join(sorted(dangling))} undefined")


def _parses(after: SourceText) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(after.text, after.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise _fault(after.path, f"would not parse: {error}") from error


def _keeps_its_form(before: SourceText, after: SourceText) -> None:
    if (before.encoding, before.bom) != (after.encoding, after.bom):
        raise _fault(after.path, "would change its encoding")
    if not set(_ENDS.findall(after.text)) <= set(_ENDS.findall(before.text)) | {before.newline}:
        raise _fault(after.path, "would change its line ends")
    if before.text and after.text and before.text.endswith(("\n", "\r")) != after.text.endswith(("\n", "\r")):
        raise _fault(after.path, "would change how its last line ends")


def imports_apart(before: SourceText, after: str) -> None:
    """Raise `VerificationFailed` where an import takes the place of another that binds the same name."""
    known, now = _imports(before), _imports(SourceText(before.path, after))
    twice = {name for name, count in now.items() if count > max(1, known[name])}
    if twice:
        raise _fault(before.path, f"would import {', '.join(sorted(twice))} from two places")


def _imports(source: SourceText) -> Counter[str]:
    imports = (node for node in source.tree.body if isinstance(node, ast.ImportFrom))
    return Counter(alias.asname or alias.name for node in imports for alias in node.names if alias.name != "*")


def _stays_within(change: FileChange, before: str, after: str) -> None:
    """Every line outside the spans must be there still, in order: checked in one pass, without a diff."""
    if change.spans is None:
        return
    lines = split_lines(before)
    kept = list(_outside(change.spans, len(lines)))
    reached = 0
    for first, last in kept:
        text = "".join(lines[first - 1 : last])
        at_start, at_end = first == 1, last == len(lines)
        found = 0 if at_start else len(after) - len(text) if at_end else after.find(text, reached)
        if found < reached or not after.startswith(text, found):
            raise _fault(change.path, f"would change something in lines {first} to {last}, which no plan covers")
        reached = found + len(text)
    if kept == [(1, len(lines))] and before != after:
        raise _fault(change.path, "would change the file although no plan covers it")


def _outside(spans: Iterable[Lines], count: int) -> Iterator[Lines]:
    """The stretches of lines that no span touches."""
    first = 1
    for start, end in sorted(spans):
        if first < start:
            yield first, start - 1
        first = max(first, end + 1)
    if first <= count:
        yield first, count


def _fault(path: str, what: str) -> VerificationFailed:
    return VerificationFailed(f"{path}: the edit {what}", "nothing was written; skip this file and report it")
