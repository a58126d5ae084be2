"""The one line at the top of a report: how things stand, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outfall_reports.model import ReportData
from outfall_reports.rollout import StateRollout
from outfall_reports.states import DeclinedState, MovedState, Standing
from outfall_reports.words import plural


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence, what to do next, and a tone: `good`, `waiting`, `bad` or `unknown`."""

    tone: str
    sentence: str
    next_step: str


def verdict(
    data: ReportData,
    moved: Sequence[MovedState],
    declined: Sequence[DeclinedState],
    rollouts: Sequence[StateRollout],
) -> Verdict:
    """Judge all documents together; the worst news comes first."""
    staged = [state.name for state in moved if state.standing is Standing.STAGED]
    planned = [state for state in moved if state.standing is Standing.PLANNED]
    pending = [row for row in rollouts if row.name in staged]
    if any(entry.status == "prepared" for entry in data.journal):
        return Verdict(
            "bad",
            "A run was interrupted while it changed files.",
            "The next outfall command finishes it or restores the files.",
        )
    if losing := [row.name for row in pending if row.losing]:
        return Verdict(
            "bad",
            f"{plural(len(losing), 'state')} lost values on the new way: {', '.join(losing[:3])}"
            + (" …" if len(losing) > 3 else "."),
            "Roll back, or mend or accept the call sites listed under rollout, before going on.",
        )
    if data.check is not None and data.check.problems:
        number = len(data.check.problems)
        return Verdict(
            "bad",
            f"{plural(number, 'file')} could not be read, so the picture is incomplete.",
            "Repair what is listed under open findings, then run outfall check again.",
        )
    if staged:
        return _staged(pending)
    if planned:
        return Verdict(
            "waiting",
            f"{plural(len(planned), 'state')} can be moved; nothing has been changed yet.",
            "Run outfall migrate.",
        )
    return _settled(data, moved, declined)


def _staged(pending: Sequence[StateRollout]) -> Verdict:
    ready = sum(row.ready for row in pending)
    if ready == len(pending):
        subject = "The staged state is" if ready == 1 else f"{ready:,} staged states are"
        return Verdict(
            "good",
            f"{subject} ready: nothing uses the old way any more.",
            "Run outfall remove-legacy with this evidence.",
        )
    waiting = len(pending) - ready
    if not ready:
        sentence = f"{plural(waiting, 'staged state')} {'waits' if waiting == 1 else 'wait'} for evidence."
    else:
        sentence = f"{ready} of {len(pending)} staged states {'is' if ready == 1 else 'are'} ready for removal."
    return Verdict("waiting", sentence, "What is missing is listed under rollout, state by state.")


def _settled(
    data: ReportData, moved: Sequence[MovedState], declined: Sequence[DeclinedState]
) -> Verdict:
    """Nothing is staged or planned: all done, all declined, only checked, or nothing known."""
    findings = len(data.check.findings) if data.check is not None else 0
    if moved and not findings:
        return Verdict(
            "good",
            f"{plural(len(moved), 'state')} moved, and the old way is gone.",
            "Nothing is left to do"
            + (f"; {plural(len(declined), 'state')} declined, listed below." if declined else "."),
        )
    if findings:
        done = f"{plural(len(moved), 'state')} moved; " if moved else ""
        return Verdict(
            "waiting",
            f"{done}{plural(findings, 'finding')} still open.",
            "Decide on what is listed under declined states."
            if declined
            else "Run outfall migrate to see what can be moved.",
        )
    if declined:
        return Verdict(
            "waiting",
            f"Nothing moved: {plural(len(declined), 'state')} declined.",
            "Each is listed below with its reason.",
        )
    if data.check is not None:
        return Verdict(
            "good",
            f"No ambient state found in {plural(data.check.files, 'file')}.",
            "Nothing is left to do.",
        )
    return Verdict("unknown", "Nothing is known yet.", "Start with outfall check, then outfall migrate.")
