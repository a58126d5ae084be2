"""What a block becomes once some of its statements have folded: spliced bodies, dead tails, comments."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from .boolean import truth

Statement = cst.BaseStatement
Lines = Sequence[cst.EmptyLine]

PASS = cst.SimpleStatementLine([cst.Pass()])
_LEAVES = (cst.Return, cst.Raise, cst.Continue, cst.Break)


def settle(body: Sequence[Statement], footer: Lines) -> tuple[list[Statement], list[cst.EmptyLine]]:
    """The statements and the footer of a block after every folded statement has been resolved.

    Comments at the end of a spliced body go to what follows; what cannot be reached any more goes.
    """
    settled: list[Statement] = []
    carried: list[cst.EmptyLine] = []
    for statement in body:
        replacement = _resolved(statement)
        if replacement is None:
            settled.append(_led(statement, carried))
            carried = []
            continue
        statements, rest = replacement
        if statements:
            settled += [_led(statements[0], carried), *statements[1:]]
            carried = list(rest)
        if statements and _always_leaves(statements[-1]):
            return settled, [*carried, *footer]
    return settled, [*carried, *footer]


def _resolved(statement: Statement) -> tuple[list[Statement], Lines] | None:
    """What a folded statement leaves behind, and the comments below it; None where it stays as it is."""
    if isinstance(statement, cst.If):
        return _resolved_if(statement)
    if isinstance(statement, cst.While) and truth(statement.test) is False:
        return ([], ()) if statement.orelse is None else _spliced(statement.orelse.body, statement.leading_lines)
    if isinstance(statement, cst.SimpleStatementLine) and not statement.body:
        return [], ()
    return None


def _resolved_if(statement: cst.If) -> tuple[list[Statement], Lines] | None:
    branches, last = _branches(statement)
    if all(truth(branch.test) is None for branch in branches):
        return None
    kept: list[cst.If] = []
    for branch in branches:
        value = truth(branch.test)
        if value is None:
            kept.append(branch)
        elif value:
            last = cst.Else(branch.body, leading_lines=branch.leading_lines if branch is not statement else ())
            break
    if not kept:
        return ([], ()) if last is None else _spliced(last.body, statement.leading_lines)
    chain: cst.If | cst.Else | None = last
    for branch in reversed(kept):
        chain = branch.with_changes(orelse=chain)
    assert isinstance(chain, cst.If)
    return [chain.with_changes(leading_lines=statement.leading_lines)], ()


def _branches(statement: cst.If) -> tuple[list[cst.If], cst.Else | None]:
    branches = [statement]
    while isinstance(following := branches[-1].orelse, cst.If):
        branches.append(following)
    return branches, following


def _spliced(suite: cst.BaseSuite, leading: Lines) -> tuple[list[Statement], Lines]:
    """A branch's statements as statements of the surrounding block."""
    if isinstance(suite, cst.SimpleStatementSuite):
        line = cst.SimpleStatementLine(suite.body, leading_lines=leading, trailing_whitespace=suite.trailing_whitespace)
        return [line], ()
    assert isinstance(suite, cst.IndentedBlock)
    statements = [each for each in suite.body if isinstance(each, cst.BaseStatement)]
    if len(statements) == 1 and _is_pass(statements[0]):
        return [], ()
    return [_led(statements[0], leading), *statements[1:]], suite.footer


def _led(statement: Statement, leading: Lines) -> Statement:
    if not leading or not hasattr(statement, "leading_lines"):
        return statement
    return statement.with_changes(leading_lines=[*leading, *statement.leading_lines])


def _is_pass(statement: Statement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(isinstance(s, cst.Pass) for s in statement.body)


def _always_leaves(statement: Statement) -> bool:
    """Whether control never gets past the statement."""
    if isinstance(statement, cst.SimpleStatementLine):
        return any(isinstance(small, _LEAVES) for small in statement.body)
    if isinstance(statement, cst.If):
        branches, last = _branches(statement)
        suites = [branch.body for branch in branches] + ([last.body] if last else [])
        return last is not None and all(_suite_leaves(suite) for suite in suites)
    return False


def _suite_leaves(suite: cst.BaseSuite) -> bool:
    if isinstance(suite, cst.SimpleStatementSuite):
        return any(isinstance(small, _LEAVES) for small in suite.body)
    last = suite.body[-1] if suite.body else None
    return isinstance(last, cst.BaseStatement) and _always_leaves(last)
