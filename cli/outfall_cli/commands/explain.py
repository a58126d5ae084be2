"""`outfall explain`: a rule, or one place."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outfall_cli import options, summaries, terminal
from outfall_cli.nearest import unknown
from outfall_cli.project import Project, analyse, complain_about, exit_code, load_project

if TYPE_CHECKING:
    from outfall_codemods.plan import Plan
    from outfall_lint.engine import Analysis
    from outfall_lint.model import Finding

PLACE = re.compile(r"(?P<path>.+?):(?P<line>[0-9]+)(?::[0-9]+)?:?")


@click.command()
@click.argument("what", metavar="CODE|FILE:LINE")
@options.cached
@click.pass_context
def command(ctx: click.Context, what: str, cached: bool) -> None:
    """Explain a rule, or why this very place is a finding.

    Of a place it shows the state with all its accesses, too, and what `outfall migrate` would do
    with it.

    \b
    Examples:
      outfall explain OUT101
      outfall explain thread-local
      outfall explain app/context.py:12
    """
    place = PLACE.fullmatch(what)
    if place is None:
        click.echo(rule_text(what), nl=False)
        return
    project = load_project()
    path = project.within([place["path"]])[0]
    if not (project.root / path).is_file():
        raise click.UsageError(f"{place['path']}: no such file")
    analysis = analyse(project, [*project.config.paths, path], cached=cached)
    complain_about(analysis.problems)
    click.echo(place_text(project, analysis, path, int(place["line"])), nl=False)
    ctx.exit(exit_code(analysis.problems, found=False))


def rule_text(name: str) -> str:
    """The page of a rule; raises UsageError naming the nearest where there is none of that code or name."""
    from outfall_lint.explain import explain_rule
    from outfall_lint.rule import all_rules, rule_named

    rule = rule_named(name)
    if rule is None and (name.endswith(".py") or Path(name).exists()):
        raise click.UsageError(f"{name} needs a line, as in {name}:12; `outfall check {name}` shows them all.")
    if rule is None:
        names = [*options.rule_codes(), *(rule.name for rule in all_rules())]
        raise click.UsageError(unknown("rule", name, names, see="outfall rules"))
    return explain_rule(rule)


def place_text(project: Project, analysis: Analysis, path: str, line: int) -> str:
    """Why this place is a finding, and what migrate would do with it."""
    from outfall_lint.explain import explain_place, findings_at
    from outfall_lint.source import SourceLines

    findings = findings_at(analysis, path, line)
    plan = planned(project, analysis, findings) if findings else None
    text = explain_place(analysis, path, line, SourceLines(project.root), plan)
    return text or f"{path}:{line}: nothing ambient is declared or used on this line.\n"


def planned(project: Project, analysis: Analysis, findings: tuple[Finding, ...]) -> str:
    """What migrate would do with the states of these findings, in a sentence each."""
    from outfall_codemods.migrate import plan_migration

    states = {finding.state.name for finding in findings}
    every = plan_migration(analysis, project.config, root=project.root).plans
    plans = [plan for plan in every if plan.state.name in states]
    moves = any(plan.rewrites for plan in plans)
    room = terminal.width() - 2  # it is shown indented
    said = [each for plan in plans for each in (sentence(plan, moves), safety(plan)) if each]
    return "\n".join(textwrap.fill(each, room, break_long_words=False, break_on_hyphens=False) for each in said)


def safety(plan: Plan) -> str:
    """When a rewrite could change behaviour; "" where nothing is rewritten."""
    return f"Fix safety: {plan.fix_safety}" if plan.rewrites else ""


def sentence(plan: Plan, moves: bool) -> str:
    """One plan, as a sentence; `moves` tells whether the state is rewritten, by this plan or another one."""
    if not plan.rewrites:
        left = f"{' and '.join(plan.codes)} to you" if moves else "it as it is"
        return f"Leaves {left}: {plan.reason}"
    flag = f", behind the flag {plan.flag}" if plan.flag else ""
    return f"Makes it a {plan.target}{flag}; {summaries.accesses(plan)}."
