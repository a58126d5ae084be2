"""Which cases of a `match` are left once guards are known."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from .boolean import truth


def settled_cases(cases: Sequence[cst.MatchCase]) -> Sequence[cst.MatchCase]:
    """Without cases whose guard is known to be false, and without those behind one that takes everything.

    A pattern that binds names or looks into objects does so before its guard is asked, so it stays.
    """
    possible = [case for case in cases if not (_never(case) and _only_compares(case.pattern))]
    reached: list[cst.MatchCase] = []
    for case in possible:
        reached.append(case)
        if case.guard is None and _takes_everything(case.pattern):
            break
    return reached or cases


def _never(case: cst.MatchCase) -> bool:
    return case.guard is not None and truth(case.guard) is False


def _only_compares(pattern: cst.MatchPattern) -> bool:
    """Constants, `_`, and alternatives of these."""
    if isinstance(pattern, cst.MatchOr):
        return all(_only_compares(each.pattern) for each in pattern.patterns)
    if isinstance(pattern, cst.MatchAs):
        return pattern.name is None and pattern.pattern is None
    return isinstance(pattern, (cst.MatchSingleton, cst.MatchValue))


def _takes_everything(pattern: cst.MatchPattern) -> bool:
    """`_`, a name, either of them as the last alternative or with an `as`."""
    if isinstance(pattern, cst.MatchOr):
        return _takes_everything(pattern.patterns[-1].pattern)
    return isinstance(pattern, cst.MatchAs) and (pattern.pattern is None or _takes_everything(pattern.pattern))
