"""Runs the demo's steps in subprocesses and shows each as a terminal would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from outfall_cli import terminal
from outfall_cli.demo.steps import Step

SERVICE = Path(__file__).resolve().parents[1] / "demo_service"
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "outfall": (sys.executable, "-m", "outfall_cli"),
    "python": (sys.executable,),
}
AUTHOR = {"GIT_AUTHOR_NAME": "demo", "GIT_AUTHOR_EMAIL": "demo@localhost"}
COMMITTER = {"GIT_COMMITTER_NAME": "demo", "GIT_COMMITTER_EMAIL": "demo@localhost"}
GUTTER = "  "
LIMIT = 120  # seconds for one step; all of them together take far less


@dataclass(frozen=True)
class Outcome:
    """What one step did."""

    step: Step
    code: int
    output: str
    seconds: float

    @property
    def as_expected(self) -> bool:
        return self.code == self.step.expected


def copy_service(target: Path) -> None:
    """Put the legacy service into an empty or absent folder."""
    ignore = shutil.ignore_patterns("__pycache__", ".pytest_cache")
    shutil.copytree(SERVICE, target, ignore=ignore, dirs_exist_ok=True)


def run_all(steps: Sequence[Step], folder: Path) -> Outcome | None:
    """Run the steps in the folder until one fails; that one, or None when all went as they must."""
    wanted = [step for step in steps if not step.needs or shutil.which(step.needs)]
    titles = sum(1 for step in wanted if step.title)
    number = 0
    for step in wanted:
        if step.title:
            number += 1
            click.echo(heading(f"{number:2}/{titles}", step))
        click.echo(prompt(step))
        outcome = run(step, folder)
        if not outcome.as_expected:
            return outcome
        show(outcome)
    return None


def heading(number: str, step: Step) -> str:
    """The lines above a command: what happens, and why."""
    return f"\n{terminal.styled(number, dim=True)} {terminal.styled(step.title, fg='cyan', bold=True)}\n{GUTTER}{step.why}"


def prompt(step: Step) -> str:
    """The command as it is typed."""
    first, *more = step.typed.splitlines()
    lines = [f"$ {first}", *(f"  {line}" for line in more)]
    return "\n".join(f"{GUTTER}{terminal.styled(line, bold=True)}" for line in lines)


def run(step: Step, folder: Path) -> Outcome:
    """Run one step and wait for it."""
    program, *rest = step.command.split()
    command = [*PROGRAMS.get(program, (program,)), *rest]
    began = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(step),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT,
        )
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        code, output = -1, f"stopped after {LIMIT} s\n"
    except FileNotFoundError:
        code, output = 127, f"{program}: no such program\n"
    return Outcome(step, code, output, time.perf_counter() - began)


def environment(step: Step) -> dict[str, str]:
    """The caller's environment without what would steer outfall, pytest or git, plus the step's own."""
    steering = ("OUTFALL_", "PYTEST_", "GIT_", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    kept |= {**AUTHOR, **COMMITTER, "GIT_CONFIG_GLOBAL": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
    kept |= {"COLUMNS": str(terminal.width() - len(GUTTER) - 2), "PYTHONIOENCODING": "utf-8"}
    if step.flags:
        kept["OUTFALL_FLAGS"] = step.flags
    if step.metrics:
        kept["OUTFALL_METRICS_DIR"] = step.metrics
    return kept


def show(outcome: Outcome) -> None:
    """What the command said, and the exit code where it is worth a word."""
    for line in outcome.output.rstrip().splitlines():
        click.echo(f"{GUTTER}{terminal.styled('│', dim=True)} {line}".rstrip())
    if outcome.step.expected:
        click.echo(f"{GUTTER}{terminal.styled(f'└ exit code {outcome.code}, as it must', dim=True)}")
