"""`outfall rules`: what can be found."""

from __future__ import annotations

import click

from outfall_cli import options, terminal
from outfall_cli.documents import as_json


@click.command()
@options.output_format("text", "json")
def command(shape: str) -> None:
    """List all rules; `outfall explain CODE` explains one.

    \b
    Examples:
      outfall rules
      outfall rules --format json
    """
    from outfall_lint.rule import all_rules

    rules = all_rules()
    if shape == "json":
        listed = [
            {"code": rule.code, "name": rule.name, "category": rule.category, "priority": rule.priority.name.lower()}
            for rule in rules
        ]
        click.echo(as_json({"version": 1, "rules": listed}))
        return
    widest = max(len(rule.name) for rule in rules)
    for rule in rules:
        name = f"{rule.name:<{widest}}"
        click.echo(f"{terminal.styled(rule.code, bold=True)}  {name}  {rule.priority.name.lower():<8}  {rule.category}")
