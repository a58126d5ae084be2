"""`outfall flags`: what the ledger declares; completing a flag; the rest is the runtime's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from outfall_cli import changes, handover, terminal
from outfall_cli.failures import Refusal
from outfall_cli.nearest import unknown
from outfall_cli.project import Project, load_project

if TYPE_CHECKING:
    from outfall_codemods.remove.evidence import Evidence
    from outfall_lint.ledger import Flag


HANDED_OVER = {"set": "Set values for running services, in the flag file that they watch."}


class FlagsGroup(click.Group):
    """Hands every action that is not its own over to `python -m outfall_runtime flags`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *HANDED_OVER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from outfall_lint.closest import closest

        own = super().get_command(ctx, cmd_name)
        known = self.list_commands(ctx)
        if own is None and cmd_name not in known and closest(cmd_name, known):
            ctx.fail(unknown("action", cmd_name, known, see="outfall flags --help"))
        return own if own is not None else handed_over(cmd_name)


def handed_over(action: str) -> click.Command:
    """A command that passes everything after the action on, with the ledger that declares the names."""

    def run(arguments: tuple[str, ...]) -> int:
        ledger = declaring(arguments) if action == "set" else ()
        return handover.hand_over("flags", [action, *ledger, *arguments])

    return handover.command(action, run, HANDED_OVER.get(action))


def declaring(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The project's ledger as an option, so that a name it does not declare is an error here, not in production."""
    ledger = load_project().ledger
    named = any(argument.partition("=")[0] == "--ledger" for argument in arguments)
    return () if named or not ledger.exists() else ("--ledger", str(ledger))


@click.group(cls=FlagsGroup, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the ledger's flags, complete one, or set values.

    Setting values for running services is the runtime's work: `outfall flags set ...` is handed over to
    `python -m outfall_runtime flags set ...`, which also runs where outfall is not installed.

    \b
    Examples:
      outfall flags
      outfall flags set use_context=shadow --file flags.json
      outfall flags complete use_context --evidence evidence.json
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_flags)


@command.command("list")
def list_flags() -> None:
    """List the flags of the ledger, with their states and whether they are completed."""
    from outfall_lint.ledger import read_ledger

    project = load_project()
    ledger = read_ledger(project.ledger)
    if not ledger.flags:
        click.echo(f"No flag is declared in {project.config.ledger}; `outfall migrate` declares the first ones.")
    for flag in ledger.flags:
        click.echo(described(flag))


def described(flag: Flag) -> str:
    """One flag and, below it, its states."""
    status = f"completed {flag.completed.date}" if flag.completed else f"since {flag.created}"
    owner = f", {flag.owner}" if flag.owner else ""
    states = "".join(f"\n  {state}" for state in flag.states)
    return f"{terminal.styled(flag.name, bold=True)}  {status}{owner}{states}"


@command.command()
@click.argument("name")
@click.option(
    "--evidence",
    multiple=True,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="From `outfall metrics export`; may be repeated.",
)
@click.option("--force", metavar="REASON", help="Complete it although the evidence is not sufficient.")
def complete(name: str, evidence: tuple[Path, ...], force: str | None) -> None:
    """Write into the ledger that NAME's rollout is over, with the digest of the evidence.

    Refuses (exit code 4) where the evidence is not sufficient, and says what is missing.
    From then on the legacy paths of the flag are findings, and `outfall remove-legacy` deletes them.

    \b
    Example:
      outfall flags complete use_context --evidence evidence.json
    """
    from outfall_codemods import ledger
    from outfall_codemods.remove.evidence import read_evidence

    project = load_project()
    flag = declared(project, name)
    found = read_evidence(evidence)
    if not force:
        require_sufficient(project, flag, found)
    change = ledger.complete(project.root, project.config.ledger, name, found.digest)
    changes.write(change, project.root, "flags-complete", allow_dirty=True, forced=force)
    click.echo(f"{name} is completed; `outfall remove-legacy` deletes its legacy paths.")


def declared(project: Project, name: str) -> Flag:
    """The flag of that name; raises UsageError naming the nearest where the ledger declares none."""
    from outfall_lint.ledger import read_ledger

    ledger = read_ledger(project.ledger)
    flag = ledger.flag(name)
    if flag is None:
        names = [each.name for each in ledger.flags]
        raise click.UsageError(unknown("flag", name, names, see="outfall flags list"))
    return flag


def require_sufficient(project: Project, flag: Flag, evidence: Evidence) -> None:
    """Raises Refusal saying what is missing where the evidence does not suffice for the flag's states."""
    from outfall_codemods.remove.evidence import missing

    lacking = missing(evidence, flag.states, project.config.rollout)
    if not flag.states:
        lacking = (f"{flag.name} steers no state, so evidence says nothing about it",)
    if lacking:
        reasons = "".join(f"\n  {reason}" for reason in lacking)
        raise Refusal(f"the evidence does not suffice:{reasons}\nLet the rollout go on until it does, or complete it with --force REASON.")
