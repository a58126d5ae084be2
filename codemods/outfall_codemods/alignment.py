"""Lines that stand aligned below an opening bracket move with it when what is before the bracket grows or shrinks.

    total = add(_count,            total = add(_count.value,
                rest)      stays;              rest)

    value = _make(a,               value = _make.value(a,
                  b)       becomes                     b)
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from .splices import Splice
from .text import Lines, SourceText

_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class _Bracket:
    """An opening bracket: its line, its column, and whether something follows it on its line."""

    line: int
    column: int
    hugged: bool


def realigned(source: SourceText, splices: Sequence[Splice]) -> list[Splice]:
    """Further splices, each at the start of a line, that keep the alignment the given ones would break."""
    found = []
    for first, last in sorted(set(_statements(source, splices))):
        shifts = {first: 0}
        for line, bracket in _continued(source, first, last):
            grown = _growth(source, splices, bracket) if _stands_below(source, line, bracket) else 0
            shifts[line] = shifts.get(bracket.line, 0) + grown
        found += [_shift(source, line, by) for line, by in shifts.items() if by]
    return [each for each in found if not any(s.start < each.start < s.end for s in splices)]


def _statements(source: SourceText, splices: Sequence[Splice]) -> Iterator[Lines]:
    """The stretches of the simple statements, and heads of compound ones, of several lines that a splice falls into."""
    for node in chain.from_iterable(source.blocks):
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno or node.lineno
        if last > node.lineno and any(source.starts[node.lineno - 1] <= s.start < source.starts[last] for s in splices):
            yield node.lineno, last


def _continued(source: SourceText, first: int, last: int) -> Iterator[tuple[int, _Bracket]]:
    """Each later line that begins within a bracket, with the innermost one; none that begins within a string."""
    text = "".join(source.lines[first - 1 : last])
    try:
        tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.string.strip()]
    except (tokenize.TokenError, SyntaxError):
        return
    opened: list[_Bracket] = []
    reached = 1
    for token, following in zip(tokens, [*tokens[1:], *tokens[-1:]]):
        line = token.start[0]
        if line > reached and opened:
            yield first + line - 1, opened[-1]
        reached = max(reached, token.end[0])
        if token.string in _OPEN and token.type == tokenize.OP:
            hugged = following.start[0] == line and following.type != tokenize.COMMENT
            opened.append(_Bracket(first + line - 1, token.start[1], hugged))
        elif token.string in _CLOSE and token.type == tokenize.OP and opened:
            opened.pop()


def _stands_below(source: SourceText, line: int, bracket: _Bracket) -> bool:
    """Whether the line begins right below what follows the bracket."""
    text = source.lines[line - 1]
    indent = text[: len(text) - len(text.lstrip())]
    closes = text.lstrip()[:1] in _CLOSE
    return bracket.hugged and "\t" not in indent and len(indent) - bracket.column in ((0, 1) if closes else (1,))


def _growth(source: SourceText, splices: Sequence[Splice], bracket: _Bracket) -> int:
    """By how many columns the bracket moves to the right; 0 where its line is broken anew."""
    start = source.starts[bracket.line - 1]
    before = [s for s in splices if start <= s.start and s.end <= start + bracket.column]
    if any("\n" in s.text or "\r" in s.text for s in before):
        return 0
    return sum(len(s.text) - (s.end - s.start) for s in before)


def _shift(source: SourceText, line: int, by: int) -> Splice:
    start = source.starts[line - 1]
    text = source.lines[line - 1]
    return Splice(start, start, " " * by) if by > 0 else Splice(start, start + min(-by, len(text) - len(text.lstrip())), "")
