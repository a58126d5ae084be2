"""The one error of this package: a document that a report cannot be made from."""

from __future__ import annotations


class ReportError(Exception):
    """A document that cannot be reported on: where it is wrong, and what to do about it.

    `source` names the file (or the key of a mapping handed in), `place` the spot inside it
    (`processes[0].pid`; empty for the whole document).
    """

    def __init__(self, source: str, place: str, problem: str, remedy: str) -> None:
        self.source = source
        self.place = place
        self.problem = problem
        self.remedy = remedy
        where = f"{source}: {place}" if place else source
        super().__init__(f"{where}: {problem}. {remedy}.")
