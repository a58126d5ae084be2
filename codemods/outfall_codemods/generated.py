"""Files that a generator writes: what is edited there goes with the generator's next run."""

from __future__ import annotations

import re

from .text import SourceText

_HEAD = 10  # lines
_GENERATED = re.compile(r"\b(?:auto[- ]?)?generated\b", re.IGNORECASE)
_HANDS_OFF = re.compile(r"@generated\b|\bdo not (?:edit|modify|change)\b", re.IGNORECASE)


def generated_at(source: SourceText) -> int | None:
    """The line, from 1, whose words say that the file is generated and not to be edited; None where none does.

    Such are the heads that protoc, ANTLR, Thrift and others write, and the mark `@generated`.
    """
    head = source.text.splitlines()[:_HEAD]
    if not any(_GENERATED.search(line) for line in head):
        return None
    return next((number for number, line in enumerate(head, 1) if _HANDS_OFF.search(line)), None)
