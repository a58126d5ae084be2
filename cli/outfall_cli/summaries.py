"""What migrate and remove-legacy say about their plans: for people, in sentences and columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from outfall_cli import terminal

if TYPE_CHECKING:
    from outfall_codemods.plan import Plan

INDENT = "  "


def counted(number: int, one: str, many: str = "") -> str:
    """`1 state`, `2 states`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def states_of(plans: Sequence[Plan]) -> int:
    """How many states the plans are about: of one, several places may be planned for."""
    return len({plan.state.name for plan in plans})


def files_of(plans: Sequence[Plan]) -> int:
    """How many files the plans edit."""
    return len({path for plan in plans for path in plan.paths or (plan.place.path,)})


def rewrites(plans: Sequence[Plan], did: str) -> str:
    """The states that are (or would be) rewritten: what each becomes, and where."""
    wanted = [plan for plan in plans if plan.rewrites]
    if not wanted:
        return ""
    title = f"{did} {counted(states_of(wanted), 'state')} in {counted(files_of(wanted), 'file')}"
    names = max(len(plan.state.name) for plan in wanted)
    targets = max(len(plan.target or "") for plan in wanted)
    rows = [
        f"{INDENT}{plan.state.name:<{names}}  -> {plan.target or '':<{targets}}  {plan.place.path}:{plan.place.line}"
        for plan in wanted
    ]
    return "\n".join([terminal.styled(title, fg="green", bold=True), *rows])


def planned(plans: Sequence[Plan]) -> str:
    """The states that would be rewritten, each with its kind and flag, and the accesses that change with it."""
    wanted = [plan for plan in plans if plan.rewrites]
    if not wanted:
        return ""
    title = f"Would rewrite {counted(states_of(wanted), 'state')} in {counted(files_of(wanted), 'file')}"
    return "\n".join([terminal.styled(title, fg="green", bold=True), *map(planned_one, wanted)])


def planned_one(plan: Plan) -> str:
    """One state: what it becomes, and below that where its accesses change."""
    behind = f", behind {plan.flag}" if plan.flag else ""
    head = f"{INDENT}{plan.state.name}  {plan.state.kind.value} -> {plan.target}{behind}  {plan.place.path}:{plan.place.line}"
    said = textwrap.fill(accesses(plan), terminal.width(), initial_indent=INDENT * 2, subsequent_indent=INDENT * 2)
    return "\n".join([head, terminal.styled(said, dim=True)])


def accesses(plan: Plan) -> str:
    """What becomes of the accesses: `its 6 accesses stay as they are`, `rewritten with it: app/log.py:7, 9`."""
    if not plan.touched:
        number = len(plan.state.accesses)
        return f"its {counted(number, 'access', 'accesses')} {'stays as it is' if number == 1 else 'stay as they are'}"
    lines: dict[str, list[str]] = {}
    for path, line in plan.touched:
        lines.setdefault(path, []).append(str(line))
    return "rewritten with it: " + "; ".join(f"{path}:{', '.join(numbers)}" for path, numbers in lines.items())


def declines(plans: Sequence[Plan]) -> str:
    """The states that are left as they are, then what is left about states that move, below the shared reasons."""
    moving = {plan.state.name for plan in plans if plan.rewrites}
    left = [plan for plan in plans if not plan.rewrites]
    return paragraphs(
        by_reason("Left {} as before", [plan for plan in left if plan.state.name not in moving]),
        by_reason("To decide about {} that {}", [plan for plan in left if plan.state.name in moving]),
    )


def by_reason(title: str, left: Sequence[Plan]) -> str:
    """The plans below the reasons that they share; the title counts their states."""
    if not left:
        return ""
    number = states_of(left)
    head = title.format(counted(number, "state"), "moves" if number == 1 else "move")
    reasons = list(dict.fromkeys(plan.reason or "" for plan in left))
    groups = [declined(reason, [plan for plan in left if (plan.reason or "") == reason]) for reason in reasons]
    return "\n".join([terminal.styled(head, fg="yellow", bold=True), *groups])


def declined(reason: str, plans: Sequence[Plan]) -> str:
    """One reason, and the states with their places and codes below it."""
    names = max(len(plan.state.name) for plan in plans)
    places = [f"{plan.place.path}:{plan.place.line}" for plan in plans]
    widest = max(map(len, places))
    rows = [
        f"{INDENT * 2}{plan.state.name:<{names}}  {place:<{widest}}  {', '.join(plan.codes)}"
        for plan, place in zip(plans, places, strict=True)
    ]
    said = textwrap.fill(reason, terminal.width(), initial_indent=INDENT, subsequent_indent=INDENT)
    return "\n".join([said, *(terminal.styled(row, dim=True) for row in rows)])


def advice(lines: Sequence[tuple[str, str]]) -> str:
    """What to do next: `(what, command)`, aligned."""
    if not lines:
        return ""
    widest = max(len(what) for what, _ in lines)
    rows = [f"{INDENT}{what:<{widest}}   {terminal.styled(command, bold=True)}" for what, command in lines]
    return "\n".join([terminal.styled("Next", bold=True), *rows])


def paragraphs(*parts: str) -> str:
    """The parts that say something, an empty line between them."""
    return "\n\n".join(part for part in parts if part)
