"""The emergency stop: everything to `legacy` by one swap, whatever else is broken.

Hazard: it is pulled when something is very wrong, perhaps the flags themselves. So it takes no
lock, trusts no table and calls nothing that it cannot do without: it puts a snapshot in place
that answers `legacy` to every question. Whatever follows that swap is tried piece by piece, and a
piece that fails is named and stops nothing else.

It holds until it is lifted, which a flag file does that says so. A process that was stopped while
it could not read the file never takes the first reading afterwards as leave to go on.
"""

from __future__ import annotations

from .._common import report
from .._common.modes import DEFAULT, Setting
from .._contexts.variables import variable
from .._tables import catalogue
from .snapshot import Declaration, Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List

    from .board import Board
    from .sources import Reading


class _Off(dict[str, bool]):
    """Whether a flag is enabled: none is, known or not."""

    def __missing__(self, name: str) -> bool:
        return False


class _Known(dict[str, Declaration]):
    """Knows every name, so that nothing raises `UnknownFlag` because a table was lost."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Declaration:
        return Declaration(name)


class AllLegacy(Snapshot):
    """Every flag at `legacy`."""

    __slots__ = ()

    def __init__(self, declared: Dict[str, Declaration]) -> None:
        self.settings = {}
        self.declared = _Known(declared)
        self.answers = _Off()

    def setting(self, name: str) -> Setting:
        return DEFAULT


def stop(board: Board, reason: str) -> List[str]:
    """Put every flag of this process to `legacy`, pinned ones too.

    Returns:
        What did not work besides; the flags themselves are at `legacy` in any case.
    """
    board.stopped = reason or "no reason given"
    board.current = AllLegacy({})
    board.pinned = variable("outfall_flags_pinned", None)  # leaves every pin behind at once
    problems: List[str] = []
    _try(problems, "keeping the declared names", lambda: _keep_names(board))
    _try(problems, "reaching the staged states", lambda: _reach(board, problems))
    return problems


def lift(board: Board) -> None:
    """End the stop: the flags are again what their sources say."""
    board.stopped = ""
    board.republish("resume")


def follow(board: Board, reading: Reading) -> None:
    """Stop, go on, or stay as the flag file says; called before its settings are taken over."""
    if reading.emergency:
        if board.stopped != reading.emergency:
            for problem in stop(board, reading.emergency):
                report.warn(f"emergency rollback: {problem}")
    elif board.resumed is not None and reading.resumed != board.resumed:
        lift(board)


def _keep_names(board: Board) -> None:
    board.current = AllLegacy(dict(board._declared))


def _reach(board: Board, problems: List[str]) -> None:
    """Let every staged state take over its mode: those that follow the board, and those it has lost."""
    followers: Any = board._followers
    for apply in list(followers) if isinstance(followers, list) else []:
        _try(problems, "telling a staged state", apply)
    for name, state in catalogue.living():
        staged_apply = getattr(state, "_outfall_apply", None) or (hasattr(state, "mode_now") and state.apply)
        if staged_apply:
            _try(problems, f"telling {name}", staged_apply)


def _try(problems: List[str], what: str, action: Callable[[], object]) -> None:
    try:
        action()
    except Exception as error:
        problems.append(f"{what} failed: {type(error).__name__}: {error}")
