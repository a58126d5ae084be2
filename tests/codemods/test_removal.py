"""Removal asks for evidence, says what is missing, and then leaves nothing of the old way."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from outfall_codemods import engine
from outfall_codemods.errors import Refused, UsageError

if TYPE_CHECKING:
    from .conftest import Project

STAGED = 'from outfall_runtime import StagedRegistry\n\nX = StagedRegistry("app.X", {})\n'
PLAIN = 'from outfall_runtime import Registry\n\nX = Registry("app.X", {})\n'
LEDGER = 'version = 1\n\n[flags.use_registry]\ngroup = "use_registry"\nstates = ["app.X"]\nowner = ""\ncreated = 2026-11-01\n'
COMPLETED = LEDGER + 'completed = { date = 2026-11-20, evidence = "sha256:0" }\n'


def process(host: str = "web-1", hours: float = 50.0, started: str = "2026-11-20T00:00:00Z", pid: int = 1, **changed: Any) -> dict[str, Any]:
    state = {
        "type": "table", "mode": "new", "hours": {"legacy": 0.0, "shadow": 0.0, "new": hours, "enforced": 0.0},
        "reads": {"legacy": 0, "shadow": 0, "new": 0, "enforced": 0}, "writes": {"legacy": 0, "shadow": 0, "new": 7, "enforced": 0},
        "bleed": 3, "inherited": 0, "lost": 0, "would_evict": 0, "rollbacks": 0, "lost_sites": [], **changed,
    }  # fmt: skip
    return {"host": host, "pid": pid, "started": started, "updated": "2026-11-23T00:00:00Z", "states": {"app.X": state}}


def evidence(project: Project, *processes: dict[str, Any]) -> dict[str, Any]:
    document = {"format": "outfall-evidence", "version": 1, "created": "2026-11-23T00:00:00Z", "processes": processes}
    return {"evidence": [project.write("evidence.json", json.dumps(document))]}


@pytest.fixture
def staged(project: Project) -> Project:
    project.write("app.py", STAGED)
    project.write("outfall-flags.toml", LEDGER)
    return project


NO_WRITES = {"writes": {"legacy": 0, "shadow": 0, "new": 0, "enforced": 0}}
MISSING = {
    "one process in two snapshots counts once": ([process(hours=20.0), process(hours=25.0)], "25.0 of 48 hours"),
    "too short": ([process(hours=3.0)], "3.0 of 48 hours"),
    "hours of workers side by side count once": (
        [process(hours=30.0, started="2026-11-21T18:00:00Z", pid=pid) for pid in (1, 2)],
        "30.0 of 48 hours",
    ),
    "lost": ([process(lost=2, lost_sites=[{"site": "app.py:3", "count": 2}])], r"2 values were lost.*app\.py:3"),
    "lost in unknown places": ([process(lost=2)], "2 values were lost by the new way at places that are not known"),
    "would evict": ([process(would_evict=4)], "4 entries would have been evicted"),
    "would reject": ([process(would_reject=4)], "4 registrations would have been refused"),
    "rolled back": ([process(rollbacks=1)], "1 rollback was recorded; begin the next attempt with an empty metrics folder"),
    "back in legacy": ([process(mode="legacy")], r"does not serve on web-1 \(legacy\)"),
    "never used": ([process(**NO_WRITES)], "no access was recorded"),
    "no process": ([], "no process reports it"),
}


def test_without_evidence_it_refuses(staged: Project) -> None:
    with pytest.raises(Refused, match="there is no evidence"):
        staged.removal(flags=["use_registry"])


@pytest.mark.parametrize("name", MISSING)
def test_it_says_what_is_missing(name: str, staged: Project) -> None:
    processes, complaint = MISSING[name]
    with pytest.raises(Refused, match=complaint):
        staged.removal(flags=["use_registry"], **evidence(staged, *processes))


LOSING = {"lost": 2, "lost_sites": [{"site": "app.py:3", "count": 2}], "would_evict": 1}
ACCEPTED = '[tool.outfall.rollout.accepted]\n"app.py:3" = "read by the nightly report"\n"app.X" = "its limit is meant"\n'


def test_a_refusal_says_how_to_accept(staged: Project) -> None:
    with pytest.raises(Refused) as caught:
        staged.removal(flags=["use_registry"], **evidence(staged, process(**LOSING)))
    assert '[tool.outfall.rollout.accepted] "app.py:3" = "the reason"' in str(caught.value)
    assert '[tool.outfall.rollout.accepted] "app.X" = "the reason"' in str(caught.value)


@pytest.mark.parametrize("where", ["configuration", "evidence"])
def test_what_was_accepted_with_a_reason_speaks_against_nothing(where: str, staged: Project) -> None:
    options = evidence(staged, process(**LOSING))
    if where == "configuration":
        staged.write("pyproject.toml", ACCEPTED)
    else:
        [path] = options["evidence"]
        document = json.loads(path.read_text()) | {"accepted": tomllib.loads(ACCEPTED)["tool"]["outfall"]["rollout"]["accepted"]}
        path.write_text(json.dumps(document))
    assert staged.removal(flags=["use_registry"], **options).changes


def test_another_place_or_state_is_not_accepted_with_it(staged: Project) -> None:
    staged.write("pyproject.toml", ACCEPTED.replace("app.py:3", "app.py:4").replace("app.X", "app.Y"))
    with pytest.raises(Refused, match=r"lost by the new way at app\.py:3(.|\n)*1 entry would have been evicted"):
        staged.removal(flags=["use_registry"], **evidence(staged, process(**LOSING)))


def test_processes_of_two_machines_with_one_name_count_both(staged: Project) -> None:
    twins = [{**process(lost=lost), "machine": machine} for machine, lost in (("a", 1), ("b", 0))]
    with pytest.raises(Refused, match="1 value was lost"):
        staged.removal(flags=["use_registry"], **evidence(staged, *twins))


def test_a_configured_process_must_report(staged: Project) -> None:
    staged.write("pyproject.toml", '[tool.outfall.rollout]\nprocesses = ["web-1", "web-2"]\n')
    with pytest.raises(Refused, match="web-2 does not report it"):
        staged.removal(flags=["use_registry"], **evidence(staged, process()))


def shaped(**changed: object) -> bytes:
    """Evidence of one process, with these of its fields changed; None takes one away."""
    document = {"format": "outfall-evidence", "version": 1, "processes": [process() | changed]}
    document["processes"] = [{k: v for k, v in one.items() if v is not None} for one in document["processes"]]  # type: ignore[attr-defined]
    return json.dumps(document).encode()


STATE = process()["states"]["app.X"]
BROKEN = {
    b"": "it is not JSON (Expecting value, line 1)",
    b'{"\xff": 1}': "it is not UTF-8 text",
    b"[" * 100_000: "it is nested too deeply",
    b"[]": "`the document` is [], not an object",
    b"{}": "`format` is missing",
    b'{"format": "outfall-journal", "version": 1}': 'its format is "outfall-journal", version 1; outfall-evidence 1 is read here',
    b'{"format": "outfall-evidence", "version": 1, "processes": {}}': "`processes` is {}, not a list",
    shaped(pid="one"): '`processes[0].pid` is "one", not a whole number',
    shaped(host=None): "`processes[0].host` is missing",
    shaped(started="yesterday"): '`processes[0].started` is "yesterday", not a time such as 2026-11-23T10:15:00Z',
    shaped(states={"app.X": STATE | {"lost": True}}): "`processes[0].states.app.X.lost` is true, not a whole number",
    shaped(states={"app.X": STATE | {"hours": {"new": 1.0}}}): "`processes[0].states.app.X.hours.enforced` is missing",
    shaped(states={"app.X": STATE | {"hours": {"new": "1", "enforced": 0}}}): '`processes[0].states.app.X.hours.new` is "1", not a number',
}


@pytest.mark.parametrize("said", BROKEN.values())
def test_a_file_that_is_no_evidence_is_named_with_what_is_wrong(said: str, staged: Project) -> None:
    data = next(data for data, complaint in BROKEN.items() if complaint == said)
    broken = staged.write("evidence.json", data)
    with pytest.raises(UsageError) as caught:
        staged.removal(flags=["use_registry"], evidence=[broken])
    assert str(caught.value) == f"{broken} is not an evidence file: {said}; write one with `outfall metrics export`"


def test_times_without_a_zone_compare_with_those_that_have_one(staged: Project) -> None:
    plain = process(host="web-2") | {"started": "2026-11-20T00:00:00", "updated": "2026-11-23T00:00:00"}
    assert staged.removal(flags=["use_registry"], **evidence(staged, process(), plain)).changes


def test_what_is_missing_is_a_list_with_the_remedy_below(staged: Project) -> None:
    with pytest.raises(Refused) as caught:
        staged.removal(flags=["use_registry"], **evidence(staged, process(hours=3.0)))
    assert str(caught.value).splitlines() == [
        "the evidence does not suffice:",
        "  app.X: 3.0 of 48 hours in the new way",
        "Let the rollout go on until it does, or pass --force REASON.",
    ]


def test_an_unknown_flag_names_the_nearest(staged: Project) -> None:
    with pytest.raises(UsageError, match=r"did you mean use_registry\?"):
        staged.removal(flags=["use_registri"])


def test_an_open_flag_is_left_alone_unless_named(staged: Project) -> None:
    assert staged.removal().changes == ()


@pytest.mark.parametrize("how", ["evidence", "force", "completed"])
def test_the_old_way_goes_from_code_and_ledger(how: str, staged: Project) -> None:
    options: dict[str, Any] = {"flags": ["use_registry"]}
    if how == "evidence":
        options |= evidence(staged, process())
    elif how == "force":
        options |= {"force": "no production"}
    else:
        staged.write("outfall-flags.toml", COMPLETED)
        options = {}
    entry = engine.apply(staged.removal(**options), staged.root, "remove-legacy", forced=options.get("force"))
    assert entry.forced == options.get("force")
    assert staged.bytes()["app.py"].decode() == PLAIN
    assert staged.bytes()["outfall-flags.toml"].decode().strip() == "version = 1"
    assert staged.removal().changes == ()


def test_a_flag_that_other_files_still_need_stays_in_the_ledger(staged: Project) -> None:
    staged.write("web.py", 'from outfall_runtime import StagedRegistry\n\nY = StagedRegistry("app.X", {})\n')
    plan = staged.removal(flags=["use_registry"], force="test", files=["app.py"])
    assert [change.path for change in plan.changes] == ["app.py"]
    assert plan.notes == ("app.X stays in the ledger: web.py still declares it staged",)


HAND_WRITTEN = 'version = 1\n\n[flags.new_billing]\nstates = []\nowner = ""\n'
ASKS = "from outfall_runtime import flags\n\n\ndef on(name):\n    return flags.enabled(name)\n"
NAMING = {
    "nobody": ("", "", ()),
    "a word elsewhere, while nobody asks by name": ("", "TABLE = 'new_billing'\n", ()),
    "a word elsewhere, while somebody asks by name": (
        ASKS, "import asks\nif asks.on('new_billing'):\n    pass\n", ("new_billing stays in the ledger: web.py:2 names it",)
    ),
    "another function of the flags": (
        "", "from outfall_runtime import flags\n\nflags.set('new_billing', 'new')\n",
        ("new_billing stays in the ledger: web.py:3 names it",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMING)
def test_a_flag_that_may_be_asked_by_name_stays_in_the_ledger(name: str, staged: Project) -> None:
    asks, web, notes = NAMING[name]
    staged.write("outfall-flags.toml", HAND_WRITTEN)
    staged.write("app.py", "from outfall_runtime import flags\n\nif flags.enabled('new_billing'):\n    X = 1\n")
    staged.write("asks.py", asks)
    staged.write("web.py", web)
    plan = staged.removal(flags=["new_billing"], force="test")
    assert plan.notes == notes
    assert ("outfall-flags.toml" in [change.path for change in plan.changes]) == (not notes)


def test_a_guard_that_has_to_be_removed_by_hand_says_why(staged: Project) -> None:
    staged.write("outfall-flags.toml", HAND_WRITTEN)
    guard = "def f():\n    if flags.enabled('new_billing'):\n        return\n    yield 1\n"
    staged.write("app.py", f"from outfall_runtime import flags\n\n\n{guard}")
    [note] = staged.removal(flags=["new_billing"], force="test").notes
    assert note.startswith("new_billing stays in the ledger: app.py: the legacy side makes `f` what it is")
    assert note.endswith("; remove this guard by hand")


def test_an_unparsable_file_is_a_problem_and_the_others_are_done(staged: Project) -> None:
    staged.write("broken.py", "import outfall_runtime\ndef (:\n")
    plan = staged.removal(flags=["use_registry"], force="test")
    assert [problem.path for problem in plan.problems] == ["broken.py"]
    assert [change.path for change in plan.changes] == ["app.py", "outfall-flags.toml"]


def test_a_declaration_that_is_spelled_otherwise_keeps_its_state_in_the_ledger(staged: Project) -> None:
    staged.write("app.py", 'import outfall_runtime as run\n\nX = run.StagedRegistry("app.X", {})\n')
    plan = staged.removal(flags=["use_registry"], force="test")
    assert (plan.changes, plan.notes) == ((), ("app.X stays in the ledger: app.py still declares it staged",))


def test_comments_of_the_import_stay(staged: Project) -> None:
    head = "from outfall_runtime import (\n    Slot,  # one\n    StagedRegistry,\n    flags,  # two\n)\n"
    staged.write("app.py", f'{head}\nX = StagedRegistry("app.X", {{}})\nY = Slot("y", flags)\n')
    [change, _] = staged.removal(flags=["use_registry"], force="test").changes
    assert change.after.decode().startswith(
        "from outfall_runtime import (\n    Slot,  # one\n    flags, Registry,  # two\n)\n\nX = Registry("
    )


def test_what_a_star_import_takes_along_hides_nothing(staged: Project) -> None:
    staged.write("app.py", 'from outfall_runtime import StagedRegistry\n\nX = StagedRegistry("app.X", {})\n')
    staged.write("web.py", "from models import Registry\nfrom app import *\n")
    changes = {change.path: change.after.decode() for change in staged.removal(flags=["use_registry"], force="test").changes}
    assert changes["app.py"] == 'from outfall_runtime import Registry as OutfallRegistry\n\nX = OutfallRegistry("app.X", {})\n'


def test_an_import_that_others_take_from_there_stays(staged: Project) -> None:
    guarded = "import old, older\n\ny = 2 if flags.enabled('use_registry') else old.f(older)\n"
    staged.write("app.py", "from outfall_runtime import flags\n" + guarded)
    staged.write("test_app.py", "def test(monkeypatch):\n    monkeypatch.setattr('app.old.f', 1)\n")
    changes = {change.path: change.after.decode() for change in staged.removal(flags=["use_registry"], force="test").changes}
    assert changes["app.py"] == "import old\n\ny = 2\n"


def test_every_type_of_table_collapses(staged: Project) -> None:
    names = ("List", "Set", "Deque", "Default", "Ordered", "Counter")
    staged.write("app.py", _declared("Staged", names))
    states = ", ".join(f'"app.{name}"' for name in names)
    staged.write("outfall-flags.toml", LEDGER.replace('"app.X"', states))
    changes = {change.path: change.after.decode() for change in staged.removal(flags=["use_registry"], force="test").changes}
    assert changes["app.py"] == _declared("", names)


def _declared(prefix: str, names: tuple[str, ...]) -> str:
    imports = ", ".join(sorted(f"{prefix}{name}Registry" for name in names))
    return f"from outfall_runtime import {imports}\n\n" + "".join(f'{n} = {prefix}{n}Registry("app.{n}")\n' for n in names)


def test_a_subclass_collapses_to_the_plain_base(staged: Project) -> None:
    text = 'from outfall_runtime import {0}\n\nclass L({0}, name="app.L", attributes=("user",)):\n    user = None\n'
    staged.write("app.py", text.format("StagedContextLocal"))
    staged.write("outfall-flags.toml", LEDGER.replace("use_registry", "use_context").replace("app.X", "app.L"))
    changes = {change.path: change.after.decode() for change in staged.removal(flags=["use_context"], force="test").changes}
    assert changes["app.py"] == text.format("ContextLocal")


def test_the_journal_names_the_states_that_collapsed(staged: Project) -> None:
    entry = engine.apply(staged.removal(flags=["use_registry"], force="test"), staged.root, "remove-legacy", forced="test")
    assert [(plan["state"], plan["action"], plan["target"], plan["line"]) for plan in entry.plans] == [
        ("app.X", "rewrite", "Registry", 3)
    ]
