"""The steps of the demo, as a user would type them."""

from __future__ import annotations

from dataclasses import dataclass

from outfall_cli.exits import Exit

METRICS = ".outfall/metrics"
EVIDENCE = ".outfall/evidence.json"
REPORT = "outfall-report.html"
BLED = 1  # exit code of the service's load test


@dataclass(frozen=True)
class Step:
    """One command, why it is typed, and the exit code that it must end with."""

    title: str
    why: str
    command: str  # words split at blanks; `outfall` and `python` mean those that run the demo
    expected: int = Exit.DONE
    flags: str = ""  # value of OUTFALL_FLAGS
    metrics: str = ""  # value of OUTFALL_METRICS_DIR: where the processes record evidence
    needs: str = ""  # a program without which the step is left out

    @property
    def typed(self) -> str:
        """The whole command line, each variable that it sets on a line of its own."""
        set_before = {
            "OUTFALL_FLAGS": self.flags,
            "OUTFALL_METRICS_DIR": self.metrics,
        }
        return " \\\n".join([*(f"{name}={value}" for name, value in set_before.items() if value), self.command])


def both(mode: str) -> str:
    """OUTFALL_FLAGS with both groups in one mode."""
    return f"use_registry={mode},use_context={mode}"


def load(label: str, mode: str) -> str:
    """The service's load test, its result kept for the report."""
    return f"python -m dispatch.load --label {label} --mode {mode} --out .outfall/load/{label}.json"


FIND = (
    Step("Start from a commit", "migrate wants a clean tree, so that its changes stand alone.", "git init -q", needs="git"),
    Step("", "", "git add -A", needs="git"),
    Step("", "", "git commit -q -m Legacy", needs="git"),
    Step("The service is tested ...", "Green, like many a service that has this fault.", "python -m pytest"),
    Step(
        "... and yet it bleeds",
        "200 requests at once: answers and mails go to other customers.",
        load("before", "legacy"),
        expected=BLED,
    ),
    Step("Find ambient state", "Five states outlive the requests that use them.", "outfall check", expected=Exit.FINDINGS),
    Step(
        "Ask about one place",
        "Why this is a finding, who touches it, and what migrate would do.",
        "outfall explain dispatch/context.py:12",
    ),
)

REWRITE = (
    Step("State who shares what", "A test of each state's scope, since green tests prove little here.", "outfall migrate --probe"),
    Step("", "", "git add -A", needs="git"),
    Step("", "", "git commit -q -m Probe", needs="git"),
    Step(
        "See the change first",
        "The table and the context change where they are declared, and nowhere else.",
        "outfall migrate --diff",
        expected=Exit.FINDINGS,
    ),
    Step("Rewrite", "Old and new way side by side, behind flags; what belongs to its thread stays there.", "outfall migrate"),
    Step("Depend on the runtime", "What production imports: no dependencies of its own.", "outfall init --runtime"),
    Step("", "", "git add -A", needs="git"),
    Step("", "", "git commit -q -m Staged", needs="git"),
    Step(
        "Give the connections an owner",
        "Each thread keeps its own, closed when the thread ends; this is never done unasked.",
        "outfall migrate --resources --only thread-resource",
    ),
    Step("", "", "git commit -q -a -m Owned", needs="git"),
)

ROLL_OUT = (
    *(
        Step(f"Its tests, mode {mode}", why, "python -m pytest", flags=both(mode))
        for mode, why in (
            ("legacy", "The old way still works as before: the default, and the rollback."),
            ("shadow", "The old way answers, the new way runs along and is compared."),
            ("new", "The new way answers."),
        )
    ),
    Step(
        "Mode legacy bleeds as before",
        "Nothing is cured, or changed, by a deploy alone.",
        load("legacy", "legacy"),
        expected=BLED,
        flags=both("legacy"),
    ),
    Step(
        "Mode shadow sees the bleed",
        "Still the old answers; each difference is recorded.",
        load("shadow", "shadow"),
        expected=BLED,
        flags=both("shadow"),
        metrics=f"{METRICS}/shadow",
    ),
    Step(
        "Mode new does not bleed",
        "The same requests, the same code, one flag further.",
        load("new", "new"),
        flags=both("new"),
        metrics=f"{METRICS}/new",
    ),
)

PROVE = (
    Step(
        "Deleting needs evidence",
        "Without it, remove-legacy refuses and says what is missing.",
        "outfall remove-legacy --flag use_registry --flag use_context",
        expected=Exit.REFUSED,
    ),
    Step("Keep what shadow saw", "For the report: how often the old way bled.", f"outfall metrics export --from {METRICS}/shadow --out .outfall/shadow.json"),
    Step("Collect the evidence", "What the processes recorded since the switch to new; never values.", f"outfall metrics export --from {METRICS}/new --out {EVIDENCE}"),
    Step("Complete the registry's flag", "Written into the ledger, with the evidence's digest.", f"outfall flags complete use_registry --evidence {EVIDENCE}"),
    Step("Complete the context's flag", "From here on, its legacy path is unfinished work.", f"outfall flags complete use_context --evidence {EVIDENCE}"),
    Step("", "", "git commit -q -a -m Completed", needs="git"),
)

DELETE = (
    Step("Delete the old way", "Staged declarations collapse to the new ones; the flags go.", f"outfall remove-legacy --evidence {EVIDENCE}"),
    Step("Its tests, without the old way", "No flag is left to set.", "python -m pytest"),
    Step("", "", "git commit -q -a -m Removed", needs="git"),
    Step("No request bleeds", "The same load as at the start.", load("after", "new")),
    Step("No ambient state is left", "The same command as at the start.", "outfall check"),
    Step("Show it", "One page: what moved, the evidence, before and after.", f"outfall report -o {REPORT}"),
)

STEPS = (*FIND, *REWRITE, *ROLL_OUT, *PROVE, *DELETE)
