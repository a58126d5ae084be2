"""One project through check, migrate, every mode and remove-legacy, its own tests run at each step."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.corpus import promises
from benchmarks.corpus.workshop import GROUPS, MODES, REASON, Workshop, base_of, revision

COUNTED = frozenset("OUT101 OUT102 OUT103 OUT104 OUT105 OUT106 OUT201 OUT202 OUT203".split())


@dataclass(frozen=True)
class Outcome:
    """One run of a project's tests.

    `regressed` passed on the stock tree and failed twice here; `flaky` were not the same in two runs.
    `again` is how many passed when the stock tree was tested once more.
    """

    run: str
    passed: int
    seconds: float
    regressed: list[str]
    problem: str = ""
    flaky: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)  # lost as foreseen: no rewrite of this kind can pass them
    again: int | None = None


@dataclass(frozen=True)
class Record:
    """What one project showed; `plans` are the documented plan objects of the counted findings."""

    name: str
    version: str
    files: int
    findings: int
    plans: list[dict[str, Any]]
    seconds: dict[str, float]
    outcomes: list[Outcome]
    faults: list[str] = field(default_factory=list)
    type_errors: list[str] | None = None  # new messages of the project's own mypy or pyright; None: it has none, or none that runs
    revision: str = ""  # of outfall, when the record was made

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        return cls(**{**data, "outcomes": [Outcome(**outcome) for outcome in data["outcomes"]]})


def whole_way(shop: Workshop) -> Record:
    """Take the project all the way; what goes wrong is a fault of the record, never an exception."""
    baseline = shop.stock_tests()
    if "problem" in baseline:
        return Record(shop.name, "", 0, 0, [], {}, [], [f"stock tree: {baseline['problem'][-300:]}"])
    shop.fresh_tree()
    seconds: dict[str, float] = {}
    faults: list[str] = []
    checked = _json(_timed(seconds, "check", shop, "check", "--format", "json"), faults)
    plans = _json(shop.outfall("migrate", "--plan=json"), faults).get("plans", [])
    migrated = _timed(seconds, "migrate", shop, "migrate")
    _expect(migrated, (0, 3), "migrate", faults)
    if promises.changed_files(shop.tree):
        _expect(shop.outfall("undo"), (0,), "undo", faults)
        faults += [f"undo left {path} changed" for path in promises.changed_files(shop.tree)]
        _expect(shop.outfall("migrate"), (0, 3), "migrate after undo", faults)
        shop.commit("migrated")
        names = [plan["state"].rpartition(".")[2] for plan in plans if plan["action"] == "rewrite"]
        faults += [f"migrate changed {place}, which names no rewritten state" for place in promises.strayed(shop.tree, "HEAD~1", names)]
    _expect(shop.outfall("migrate", "--check"), (0, 3), "a second migrate", faults)
    outcomes = [Outcome("stock", baseline["passed"], baseline["seconds"], [], flaky=baseline["flaky"], again=baseline["again"])]
    shop = shop.as_it_builds()
    for mode in MODES:
        outcomes += _tested(shop, baseline["flaky"], mode, "--env", "OUTFALL_FLAGS=" + ",".join(f"{group}={mode}" for group in GROUPS))
    types = _type_errors(shop)
    flags = [argument for group in shop.declared_groups() for argument in ("--flag", group)]
    if flags:
        shop.commit("tested")  # some suites write into their own tree
        removed = _timed(seconds, "remove-legacy", shop, "remove-legacy", *flags, "--force", REASON)
        _expect(removed, (0, 3), "remove-legacy", faults)
        removed_types = _type_errors(shop)
        types = None if types is None else [*types, *(f"after removal, {message}" for message in removed_types or ())]
    outcomes += _tested(shop, baseline["flaky"], "removed")
    summary = checked.get("summary", {})
    wanted = {(f["state"], f["code"]) for f in checked.get("findings", ()) if f["code"] in COUNTED}
    counted = [{**plan, "codes": [c for c in plan["codes"] if (plan["state"], c) in wanted]} for plan in plans]
    counted = [plan for plan in counted if plan["codes"]]
    findings = sum(len(plan["codes"]) for plan in counted)
    return Record(
        shop.name, baseline["version"], summary.get("files", 0), findings, counted, seconds, outcomes, faults, types, revision()
    )


def _type_errors(shop: Workshop) -> list[str] | None:
    return promises.new_type_errors(shop.stock, shop.tree, shop.sources, shop.python)


def _tested(shop: Workshop, flaky: Collection[str], run: str, *options: str) -> list[Outcome]:
    """The project's own tests, then the corpus's probes of scope where it has any for the project.

    Tests that are `flaky` on the stock tree tell nothing of the rewritten one.
    """
    rewritten = (*shop.rewritten(), *options)
    own = ("--tag", run, "--against", "baseline", *rewritten)
    result = _told(shop.tests(*own), flaky)
    if result.get("regressed"):
        result = _of_two(result, _told(shop.tests(*own), flaky))
    found = [_outcome(run, result)]
    if shop.has_probes():
        result = shop.tests("--tag", f"probes-{run}", "--probes", *rewritten)
        failed = [] if result.get("agrees_with_manifest") else result.get("not_passed", [])
        found.append(_outcome(f"probes, {run}", {**result, "regressed": failed}))
    return found


def _told(result: dict[str, Any], flaky: Collection[str]) -> dict[str, Any]:
    """`result` without what is lost of the tests that were `flaky` before."""
    return {**result, "regressed": [test for test in result.get("regressed", ()) if base_of(test) not in flaky]}


def _of_two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """The second run, with what failed in both as regressed, and what failed in one as flaky."""
    once, again = set(first["regressed"]), set(second.get("regressed", ()))
    return {**second, "regressed": sorted(once & again), "flaky": sorted(once ^ again)}


def _outcome(run: str, result: dict[str, Any]) -> Outcome:
    problem = str(result.get("problem", ""))[-400:]
    regressed, flaky = result.get("regressed", []), result.get("flaky", [])
    known = result.get("known_conflicts_hit", [])
    return Outcome(run, result.get("passed", 0), result.get("seconds", 0.0), regressed, problem, flaky, known)


def _timed(seconds: dict[str, float], step: str, shop: Workshop, *arguments: str) -> subprocess.CompletedProcess[str]:
    started = time.perf_counter()
    done = shop.outfall(*arguments)
    seconds[step] = round(time.perf_counter() - started, 2)
    return done


def _json(done: subprocess.CompletedProcess[str], faults: list[str]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        faults.append(f"`{' '.join(done.args[3:5])}` gave no JSON: {done.stderr[-300:]}")
        return {}
    return found


def _expect(done: subprocess.CompletedProcess[str], codes: tuple[int, ...], what: str, faults: list[str]) -> None:
    if done.returncode not in codes:
        faults.append(f"{what} ended with {done.returncode}: {(done.stdout + done.stderr)[-300:]}")
