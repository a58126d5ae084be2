"""Comments that silence findings: `# outfall: ignore[OUT101] reason` and flake8's `# noqa: OUT101`."""

from __future__ import annotations

import io
import re
import tokenize

from outfall_lint.facts import Suppression

_OUTFALL = re.compile(r"#\s*outfall:\s*ignore(?:\[(?P<codes>[^\]]*)\]|(?![\w\[]))(?P<reason>.*)", re.IGNORECASE)
_NOQA = re.compile(
    r"#\s*noqa(?::[\s]?(?P<codes>[A-Z][0-9]+(?:[,\s]+)?(?:[A-Z]+[0-9]+[,\s]*)*|[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?",
    re.IGNORECASE,
)


def suppressions(text: str) -> tuple[Suppression, ...]:
    """The suppressions of a file, in order. Only comments count, never text inside a string."""
    lowered = text.lower()
    if "outfall:" not in lowered and "noqa" not in lowered:
        return ()
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                found += _in_comment(token.string, token.start[0])
    except (tokenize.TokenError, SyntaxError):
        pass  # the parser accepted the file; what was read up to here holds
    return tuple(found)


def _in_comment(comment: str, line: int) -> list[Suppression]:
    found = []
    match = _OUTFALL.search(comment)
    if match and (match["codes"] is None or _codes(match["codes"])):  # `ignore[]` names nothing
        reason = match["reason"].split("#")[0].strip(" :-—")
        found.append(Suppression(line, _codes(match["codes"]), reason, "outfall"))
    if match := _NOQA.search(comment):
        found.append(Suppression(line, _codes(match["codes"]), "", "noqa"))
    return found


def _codes(text: str | None) -> tuple[str, ...]:
    return tuple(code.upper() for code in re.split(r"[,\s]+", text or "") if code)


def silences(suppression: Suppression, code: str) -> bool:
    """Whether the comment is meant for `code`; a prefix such as `OUT1` covers its family, as in flake8."""
    return not suppression.codes or any(code.startswith(c) for c in suppression.codes)
