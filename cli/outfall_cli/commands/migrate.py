"""`outfall migrate`: rewrite what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from outfall_cli import changes, options, probes, summaries, terminal
from outfall_cli.documents import as_json
from outfall_cli.nearest import unknown
from outfall_cli.project import Project, analyse, complain_about, exit_code, load_project

if TYPE_CHECKING:
    from outfall_codemods.migrate import MigrationPlan
    from outfall_lint.engine import Analysis

PLANS = ("text", "json")
TRIAL = "OUTFALL_FLAGS={flags} pytest"


def kinds_or_paths(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds of states, paths or patterns; raises BadParameter naming the nearest kind."""
    kinds = kind_names() if values else []
    for value in values:
        if value not in kinds and not Path(value).exists() and not set(value) & set("*?["):
            raise click.BadParameter(unknown("kind or path", value, kinds, see="outfall inventory"), ctx, param)
    return values


def reasons(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Names of reasons that can be overruled; raises BadParameter naming the nearest."""
    if values:
        from outfall_codemods.unsafe import UNSAFE

        for value in values:
            if value not in UNSAFE:
                raise click.BadParameter(unknown("reason", value, list(UNSAFE), see="outfall migrate --help"), ctx, param)
    return values


def kind_names() -> list[str]:
    """All kinds that a state can have."""
    from outfall_lint.model import Kind

    return [kind.value for kind in Kind]


def seen_from_root(project: Project, values: tuple[str, ...]) -> list[str]:
    """The same kinds, and the paths as seen from the project's root."""
    kinds = kind_names()
    return [value if value in kinds else project.within([value])[0] for value in values]


class Migrate(click.Command):
    """`--plan app` plans the folder `app`: what follows the option is a format only where it names one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        following = [*args[1:], ""]
        written = ["--plan=text" if arg == "--plan" and after not in PLANS else arg for arg, after in zip(args, following)]
        return super().parse_args(ctx, written)


@click.command(cls=Migrate)
@options.paths
@click.option("--diff", "show_diff", is_flag=True, help="Show the change; write nothing.")
@click.option("--check", "only_check", is_flag=True, help="Say what would change; write nothing.")
@click.option(
    "--plan", "show_plan", is_flag=False, flag_value="text", type=click.Choice(PLANS),
    help="Show what is planned for every finding, and why; write nothing.",
)  # fmt: skip
@click.option(
    "--probe", "probe", is_flag=False, flag_value=probes.DEFAULT, metavar="[FILE]", callback=probes.python_file,
    help="Write a pytest file that states who shares each state with whom; rewrite nothing.",
)  # fmt: skip
@click.option("--staged/--direct", default=True, show_default=True, help="Keep the old way behind a flag, or not.")
@click.option("--only", multiple=True, metavar="WHAT", callback=kinds_or_paths, help="A kind, or a path: nothing else.")
@click.option("--skip", multiple=True, metavar="WHAT", callback=kinds_or_paths, help="A kind, or a path: not this.")
@click.option("--unsafe", multiple=True, metavar="REASON", callback=reasons, help="Rewrite although REASON is against it.")
@click.option("--carry", multiple=True, metavar="STATE", help="Let work for other threads take this context along; `all`: each.")
@click.option("--idiomatic", is_flag=True, help="Make each attribute of a thread-local a typed context value of its own.")
@click.option("--resources", is_flag=True, help="Put what belongs to its thread under a ThreadResource as well.")
@click.option("--verify", "verify_with", metavar="CMD", help="Run CMD afterwards; where it fails, restore everything.")
@click.option("--allow-dirty", is_flag=True, help="Rewrite although there are uncommitted changes.")
@click.option("--respect-baseline", is_flag=True, help="Leave the states of the baseline alone.")
@options.jobs
@options.cached
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    show_diff: bool,
    only_check: bool,
    show_plan: str | None,
    probe: str | None,
    staged: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    unsafe: tuple[str, ...],
    carry: tuple[str, ...],
    idiomatic: bool,
    resources: bool,
    verify_with: str | None,
    allow_dirty: bool,
    respect_baseline: bool,
    jobs: int,
    cached: bool,
) -> None:
    """Move ambient state onto the runtime.

    The declarations change, the accesses stay. Tables and contexts keep their old way beside the
    new one, behind a flag that the ledger declares; nothing behaves differently until the flag is
    turned. Globals that functions rebind move in one step, because the value is one and the same
    either way. What cannot be rewritten safely is left as it is, with the reason. `outfall undo`
    takes a change back.

    Only where asked: --resources and --carry, where the plan names them, and --idiomatic. Give --probe
    the same ones, so that the tests it writes fit what will be there.

    \b
    Examples:
      outfall migrate --diff
      outfall migrate --probe
      outfall migrate --carry app.context._request
      outfall migrate app/context.py --verify "pytest -q"
      outfall migrate --only context --skip tests

    \b
    Reasons for --unsafe (docs/unsafe.md says what may go wrong):
      bases-out-of-sight
      namespace-calls
      star-imports
      type-checkers
      values-in-place
    """
    from outfall_codemods.migrate import plan_migration

    project = load_project()
    changes.recover(project.root)
    changes.remind(project.root)
    below = project.within(paths) if paths else ()
    analysis = analyse(project, [*project.config.paths, *below], jobs, cached=cached)
    complain_about(analysis.problems)
    if not paths:
        complain_about_answers(project, analysis)
    plan = plan_migration(
        analysis,
        project.config,
        root=project.root,
        direct=not staged,
        only=seen_from_root(project, only),
        skip=seen_from_root(project, skip),
        respect_baseline=respect_baseline,
        unsafe=unsafe,
        carry=carry,
        idiomatic=idiomatic,
        resources=resources,
        within=below,
        progress=terminal.progress("planning", "states"),
    )
    if show_plan:
        click.echo(shown(plan, show_plan))
        ctx.exit(exit_code(analysis.problems, found=False))
    if probe is not None:
        path, stated = probes.planned(project, analysis, plan, probe, below)
        if show_diff or only_check:
            click.echo(probes.previewed(path, stated, show_diff), nl=not show_diff)
            ctx.exit(exit_code(analysis.problems, found=bool(stated.changes)))
        click.echo(probes.written(project, path, stated, verify_with))
        ctx.exit(exit_code(analysis.problems, found=False))
    if show_diff or only_check:
        click.echo(previewed(plan, show_diff), nl=not show_diff)
        ctx.exit(exit_code(analysis.problems, found=bool(plan.changes)))
    if plan.changes:
        changes.write(plan, project.root, "migrate", allow_dirty, verify=verify_with)
    click.echo(summary(plan))
    ctx.exit(exit_code(analysis.problems, found=False))


def complain_about_answers(project: Project, analysis: Analysis) -> None:
    """One line on stderr for each `[tool.outfall.states]` entry that no state has the name of."""
    names = {state.name for state in analysis.states} | {finding.state.name for finding in analysis.findings}
    for name in project.config.states:
        if name not in names:
            said = unknown("state", f'"{name}"', names, see="outfall inventory")
            click.echo(f"pyproject.toml: [tool.outfall.states]: {said}", err=True)


def shown(plan: MigrationPlan, shape: str) -> str:
    """`--plan`: every plan, as text or as the documented JSON."""
    if shape == "json":
        return as_json({"version": 1, "plans": [each.to_json() for each in plan.plans]})
    found = summaries.paragraphs(summaries.planned(plan.plans), summaries.declines(plan.plans))
    return found or "Nothing was found, so nothing is planned."


def previewed(plan: MigrationPlan, show_diff: bool) -> str:
    """`--diff` or `--check`."""
    if show_diff:
        return changes.diff_of(plan)
    return summaries.rewrites(plan.plans, "Would rewrite") or "Nothing to rewrite."


def summary(plan: MigrationPlan) -> str:
    """What was done, what was left and why, what to do next."""
    done = summaries.rewrites(plan.plans, "Rewrote") or "Nothing to rewrite."
    return summaries.paragraphs(done, summaries.declines(plan.plans), "\n".join(plan.notes), next_steps(plan))


def next_steps(plan: MigrationPlan) -> str:
    """What a careful colleague would type now."""
    groups = sorted({each.flag for each in plan.plans if each.rewrites and each.flag})
    rewritten = any(each.rewrites for each in plan.plans)
    if not rewritten:
        return ""
    trials = [
        (f"run your tests in mode {mode}", TRIAL.format(flags=",".join(f"{group}={mode}" for group in groups)))
        for mode in ("legacy", "shadow", "new")
        if groups
    ]
    return summaries.advice(
        [*trials, ("see what changed", "git diff"), ("take it back", "outfall undo")]
    )
