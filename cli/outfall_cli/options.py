"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from outfall_cli.nearest import unknown

Decorated = Callable[..., Any]


class Codes(click.ParamType):
    """Rule codes or their beginnings, separated by commas: `OUT101,OUT2`."""

    name = "CODES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Raises BadParameter naming the nearest rule where no code begins like that."""
        if isinstance(value, tuple):
            return value
        codes = tuple(part.strip().upper() for part in str(value).split(",") if part.strip())
        known = rule_codes()
        for code in codes:
            if not any(rule.startswith(code) for rule in known):
                self.fail(unknown("rule", code, known, see="outfall rules"), param, ctx)
        return codes


class PriorityName(click.ParamType):
    """A priority by name: `low`, `normal`, `high`, `critical`."""

    name = "PRIORITY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter naming the nearest priority."""
        from outfall_lint.model import Priority

        names = [each.name.lower() for each in Priority]
        if str(value).lower() not in names:
            self.fail(unknown("priority", str(value), names, see="outfall check --help"), param, ctx)
        return Priority[str(value).upper()]


PRIORITY = PriorityName()


def rule_codes() -> list[str]:
    """The codes of all rules, sorted."""
    from outfall_lint.rule import all_rules

    return sorted(rule.code for rule in all_rules())


def paths(command: Decorated) -> Decorated:
    """`[PATH]...`: files and folders; what the configuration names where there are none."""
    return click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())(command)


def jobs(command: Decorated) -> Decorated:
    """`-j N`."""
    option = click.option(
        "-j", "--jobs", type=click.IntRange(min=0), default=1, metavar="N", help="Processes; 0: one per CPU."
    )
    return option(command)


def output_format(*formats: str) -> Callable[[Decorated], Decorated]:
    """`--format`, the first being the default."""
    return click.option(
        "--format", "shape", type=click.Choice(formats), default=formats[0], show_default=True, help="How to print."
    )
