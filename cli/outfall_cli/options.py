"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from outfall_cli.nearest import unknown

if TYPE_CHECKING:
    from outfall_lint.model import Priority

Decorated = Callable[..., Any]


def codes(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Codes or their beginnings, separated by commas: `OUT101,OUT2`.

    Raises BadParameter naming the nearest rule where no rule's code begins like one of them.
    """
    if value is None:
        return None
    wanted = tuple(part.strip().upper() for part in value.split(",") if part.strip())
    known = rule_codes()
    if not wanted:
        raise click.BadParameter("no code in it; for example OUT101,OUT2.", ctx, param)
    for code in wanted:
        if not any(rule.startswith(code) for rule in known):
            raise click.BadParameter(unknown("rule", code, known, see="outfall rules"), ctx, param)
    return wanted


def priority(ctx: click.Context, param: click.Parameter, value: str | None) -> Priority | None:
    """A priority by its name; raises BadParameter naming the nearest."""
    if value is None:
        return None
    from outfall_lint.model import Priority

    names = [each.name.lower() for each in Priority]
    if value.lower() not in names:
        raise click.BadParameter(unknown("priority", value, names, see="outfall rules"), ctx, param)
    return Priority[value.upper()]


def rule_codes() -> list[str]:
    """The codes of all rules, sorted."""
    from outfall_lint.rule import all_rules

    return [rule.code for rule in all_rules()]


def paths(command: Decorated) -> Decorated:
    """`[PATH]...`: files and folders; what the configuration names where there are none."""
    return click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())(command)


def jobs(command: Decorated) -> Decorated:
    """`-j N`."""
    option = click.option(
        "-j", "--jobs", type=click.IntRange(min=0), default=1, metavar="N", help="Processes; 0: one per CPU. Fewer than 50 files to read are read by one."
    )
    return option(command)


def cached(command: Decorated) -> Decorated:
    """`--no-cache`."""
    return click.option("--cache/--no-cache", "cached", default=True, help="Take what earlier runs read from the cache, or read every file anew.")(command)


def output_format(*formats: str) -> Callable[[Decorated], Decorated]:
    """`--format`, the first being the default."""
    return click.option(
        "--format",
        "shape",
        default=formats[0],
        show_default=True,
        metavar="|".join(formats),
        callback=lambda ctx, param, value: one_of(ctx, param, value, formats),
        help="How to print.",
    )


def one_of(ctx: click.Context, param: click.Parameter, value: str, valid: tuple[str, ...]) -> str:
    """The value; raises BadParameter naming the nearest valid one."""
    if value not in valid:
        raise click.BadParameter(unknown("format", value, valid, see=f"{ctx.command_path} --help"), ctx, param)
    return value
