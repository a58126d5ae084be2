"""A click group whose commands are imported only when they are called."""

from __future__ import annotations

import importlib
import pkgutil
from functools import partial
from typing import Any

import click

from outfall_cli import commands, handover, terminal
from outfall_cli.exits import Exit
from outfall_cli.nearest import unknown


class LazyGroup(click.Group):
    """Finds each command in the file of its name under `outfall_cli.commands`.

    The commands of the runtime's own console (`handover.COMMANDS`) need no file.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        files = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted({*(name.replace("_", "-") for name in files), *handover.COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in handover.COMMANDS:
            return handover.command(cmd_name, partial(handover.hand_over, cmd_name), handover.COMMANDS[cmd_name])
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(unknown("command", name, self.list_commands(ctx), see="outfall --help"))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever stops it becomes one line and an exit code, never a traceback."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):
            click.echo("\nStopped.", err=True)
            ctx.exit(Exit.INTERRUPTED)
        except BrokenPipeError:
            terminal.silence()
            ctx.exit(Exit.BROKEN_PIPE)
        except Exception as error:
            from outfall_cli.failures import failure_for

            raise failure_for(error) from error

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit codes, which every command shares."""
        with formatter.section("Exit codes"):
            formatter.write_dl(
                [
                    (f"{Exit.DONE.value}", "clean, or done"),
                    (f"{Exit.FINDINGS.value}", "findings, or something would change"),
                    (f"{Exit.USAGE.value}", "usage or configuration"),
                    (f"{Exit.UNREADABLE.value}", "some file could not be read; all others were done"),
                    (f"{Exit.REFUSED.value}", "refused or undone; nothing changed"),
                ]
            )
