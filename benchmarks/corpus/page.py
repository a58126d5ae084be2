"""`docs/corpus.md`, from the records of all projects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.corpus.reasons import reason_and_lift
from benchmarks.corpus.scopes import Scopes
from benchmarks.corpus.whole_way import Record
from benchmarks.corpus.workshop import MODES

_KEPT = ("stays per thread", "kept: ")
RUNS = ("stock", *MODES, "removed")

HEAD = """\
# The corpus: real projects, unattended

Written by `python -m benchmarks.corpus`. Each project is taken through `outfall check`, `migrate`, its own
tests in every mode, `remove-legacy --force` and its own tests once more; nothing is touched by hand. In between
`undo` must restore the tree byte for byte, a second `migrate` must find nothing to do, and every changed line must
belong to a statement that names a rewritten state, or be an import. Findings
are those of OUT101–OUT106 and OUT201–OUT203 that `check` shows. *Kept* is what is rightly left alone: a
resource that belongs to its thread, a container whose entries end by themselves. The stock tree is tested twice.
A test counts as lost when it passed there both times and fails, twice in a row, on the rewritten one; those that were
not the same in both are named below as flaky.
"""

TOGETHER = """\
## Tasks at once

`pytest -m corpus tests/corpus/test_together.py` runs fifty tasks at once through every project here whose context is
rewritten: bottle, celery, CherryPy, humanize, logbook, opentracing, oslo.context, Routes, zope.component. Before, and in
`legacy` and `shadow`, they find one another's values; in `new`, in `enforced` and after removal none does. It also counts
what a reused worker opens in those that keep connections, files and sessions per thread (huey, rollbar, transaction): as
many as before, also under `migrate --resources`. The others have no such test, because there is nothing to show:

| projects | why |
|---|---|
| click | its thread-local is a stack, which is declined |
| structlog | its thread-local is left per thread, as the module that holds it promises |
| marshmallow | its context is a `ContextVar` already |
| Flask | its contexts are werkzeug's |
| freezegun, httpretty | what they patch is the process's, so that every thread sees it |
| docutils | the default role of the document at hand stands in a table of the process, but a parser never awaits: tasks cannot meet there |
| tornado | the current loop is asyncio's, the locale of a request the handler's own; what it rewrites are settings and tables of the process |
| pykka | its registry of actors is what all threads must see; who is current, no actor asks |
| babel, behave, pyparsing, tqdm | tables, caches and settings of the process; what belongs to a call is passed |
"""


def page(records: Sequence[Record], probes: Sequence[Scopes] = ()) -> str:
    """The whole page."""
    records = sorted(records, key=lambda record: record.name.lower())
    parts = [HEAD, *_totals(records), *_states(records), *_tests(records), *_probes_of_our_own(probes), TOGETHER, *_reasons(records), *_seconds(records), *_revisions(records)]
    return "\n".join(parts).rstrip() + "\n"


def verdict(plan: dict[str, Any]) -> str:
    """"rewritten", "kept" or "declined"."""
    if plan["action"] == "rewrite":
        return "rewritten"
    return "kept" if str(plan["reason"]).startswith(_KEPT) else "declined"


def counts(records: Sequence[Record]) -> Counter[str]:
    """Findings by verdict."""
    found: Counter[str] = Counter()
    for record in records:
        for plan in record.plans:
            found[verdict(plan)] += len(plan["codes"])
    return found


def _totals(records: Sequence[Record]) -> Iterator[str]:
    found = counts(records)
    every = sum(found.values())
    done = found["rewritten"] + found["kept"]
    lost = sum(len(outcome.regressed) for record in records for outcome in record.outcomes)
    share = f"{100 * done / every:.0f} %" if every else "none"
    yield (
        f"{len(records)} projects, {every} findings: {found['rewritten']} rewritten, {found['kept']} kept, "
        f"{found['declined']} declined; done: {share}. Tests lost in all runs together: {lost}.\n"
    )


def _states(records: Sequence[Record]) -> Iterator[str]:
    yield "## Findings\n"
    yield "| project | version | files | findings | rewritten | kept | declined |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for record in records:
        found = counts([record])
        figures = (record.files, record.findings, found["rewritten"], found["kept"], found["declined"])
        yield f"| {record.name} | {record.version} | {' | '.join(map(str, figures))} |"
    yield ""


def _tests(records: Sequence[Record]) -> Iterator[str]:
    yield "## Tests\n"
    yield "Passed in each run; lost tests, if any, behind a minus. *Probes* are short tests of scope (what is one per"
    yield "thread, what one per process), which must pass in every mode and after removal. *Types*: how many messages"
    yield "mypy and pyright, as the project configures them, give after `migrate` or after removal that they did not give"
    yield "before; – where it configures neither and ships no types.\n"
    yield f"| project | {' | '.join(RUNS)} | probes | types |"
    yield "|---|" + "---:|" * (len(RUNS) + 2)
    for record in records:
        outcomes = {outcome.run: outcome for outcome in record.outcomes}
        cells = []
        for run in RUNS:
            outcome = outcomes.get(run)
            lost = f" −{len(outcome.regressed)}" if outcome and outcome.regressed else ""
            again = f" / {outcome.again}" if outcome and outcome.again not in (None, outcome.passed) else ""
            cells.append("–" if outcome is None else "failed" if outcome.problem else f"{outcome.passed}{again}{lost}")
        types = "–" if record.type_errors is None else str(len(record.type_errors))
        yield f"| {record.name} | {' | '.join((*cells, _probes(record), types))} |"
    yield ""
    once = [r.name for r in records for outcome in r.outcomes if outcome.run == "stock" and outcome.again is None]
    if once:
        yield f"From before stock trees were tested twice: {', '.join(once)}.\n"
    yield from _lost(records)
    yield from _flaky(records)


def _probes(record: Record) -> str:
    probed = [outcome for outcome in record.outcomes if outcome.run.startswith("probes, ")]
    if not probed:
        return "–"
    failed = [o.run.removeprefix("probes, ") for o in probed if o.problem or o.regressed]
    return f"failed: {', '.join(failed)}" if failed else f"{min(outcome.passed for outcome in probed)} in {len(probed)} runs"


def _lost(records: Sequence[Record]) -> Iterator[str]:
    notes = []
    for record in records:
        known = sorted({test for outcome in record.outcomes for test in outcome.known})
        notes += [f"- {record.name}: `{test}` cannot pass, whatever is rewritten: it is not counted" for test in known]
        notes += [f"- {record.name}: {fault}" for fault in record.faults]
        notes += [f"- {record.name}, types: {message}" for message in record.type_errors or ()]
        for outcome in record.outcomes:
            if outcome.problem:
                notes.append(f"- {record.name}, {outcome.run}: {' '.join(outcome.problem.split())[-200:]}")
            elif outcome.regressed:
                named = ", ".join(f"`{test}`" for test in outcome.regressed[:5])
                notes.append(f"- {record.name}, {outcome.run}: {named}")
    if notes:
        yield from ("What went wrong:\n", *notes, "")


def _flaky(records: Sequence[Record]) -> Iterator[str]:
    """The tests that were not the same in two runs of one tree, each once with the runs it was seen in."""
    notes = []
    for record in records:
        seen: dict[str, list[str]] = defaultdict(list)
        for outcome in record.outcomes:
            for test in outcome.flaky:
                seen[test].append(outcome.run)
        notes += [f"- {record.name}: `{test}` ({', '.join(runs)})" for test, runs in sorted(seen.items())]
    if notes:
        yield "Flaky, which is no loss: passed in one of two runs of the same tree, or was repeated by the suite itself:\n"
        yield from (*notes, "")


def _probes_of_our_own(probes: Sequence[Scopes]) -> Iterator[str]:
    """What the probes that migrate writes found, where they state anything."""
    stated = sorted((each for each in probes if each.stated), key=lambda each: each.name.lower())
    if not stated:
        return
    yield "## Probes that `migrate --probe` writes\n"
    yield "Written on the stock tree, run there, in every mode and after removal: it must pass. The corpus makes copies whose"
    yield "state has a wrong scope (*shared*: a thread-local that all threads share; *per thread*: a table of which each thread"
    yield "has one), which it must notice, and one that is right (*context*: a context variable for a thread-local), which it must not.\n"
    yield "| project | tests | passes | shared | per thread | context |"
    yield "|---|---:|---|---|---|---|"
    for each in stated:
        failed = [way for way, said in each.ways.items() if said != "passed"]
        passes = f"not in {', '.join(failed)}" if failed else f"in all {len(each.ways)} runs"
        words = {"passed": "not noticed", None: "–"}
        noticed = [words.get(each.copies.get(kind), "noticed") for kind in ("shared", "per_thread", "context")]
        yield f"| {each.name} | {each.stated} | {passes} | {' | '.join(noticed)} |"
    yield ""
    yield from (f"- {each.name}, {fault}" for each in stated for fault in each.faults)
    yield ""


def _reasons(records: Sequence[Record]) -> Iterator[str]:
    yield "## Why findings are declined\n"
    found: Counter[tuple[str, str]] = Counter()
    for record in records:
        for plan in record.plans:
            if verdict(plan) == "declined":
                found[reason_and_lift(str(plan["reason"]))] += len(plan["codes"])
    yield "| findings | reason | what would lift it |"
    yield "|---:|---|---|"
    for (reason, lift), count in found.most_common():
        yield f"| {count} | {reason} | {lift} |"
    yield ""


def _seconds(records: Sequence[Record]) -> Iterator[str]:
    yield "## Seconds\n"
    yield "Wall clock of each command, the interpreter's start included, on a machine shared with other work.\n"
    yield "| project | check | migrate | remove-legacy |"
    yield "|---|---:|---:|---:|"
    for record in records:
        cells = [f"{record.seconds[step]:.1f}" if step in record.seconds else "–" for step in ("check", "migrate", "remove-legacy")]
        yield f"| {record.name} | {' | '.join(cells)} |"
    yield ""


def _revisions(records: Sequence[Record]) -> Iterator[str]:
    """Which revision of outfall each record was made by, where that is known."""
    made: dict[str, list[str]] = defaultdict(list)
    for record in records:
        if record.revision:
            made[record.revision].append(record.name)
    if made:
        yield "## Made by\n"
        yield "The revision of outfall that took each project through; a plus means that files differed from it.\n"
        yield from (f"- `{revision}`: {', '.join(names)}" for revision, names in sorted(made.items()))
