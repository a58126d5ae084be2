"""What moved, what was declined, what removal waits for, and the verdict on all of it."""

from __future__ import annotations

import json
from itertools import product

import pytest
from outfall_reports import data_from_mapping
from outfall_reports.figures import duration, latency_rows, stacked
from outfall_reports.rollout import rollouts
from outfall_reports.states import declined_states, moved_states
from outfall_reports.verdict import verdict

AGENTS = "app.agents._agents"


def moved(documents):
    return [(s.name, s.standing.value, s.origin, s.target) for s in moved_states(data_from_mapping(documents))]


def missing(documents, staged=(AGENTS,)):
    return [row.missing for row in rollouts(data_from_mapping(documents), staged)]


@pytest.mark.parametrize("status", ["undone", "prepared"])
def test_a_run_that_does_not_stand_moved_nothing(make, status) -> None:
    assert moved({"journal": [make.entry(make.plan(), status=status)]}) == []


def test_work_that_takes_a_context_along_moves_no_state(make) -> None:
    carried = make.plan(target="context.wrap", codes=["OUT207"])
    assert moved({"journal": [make.entry(carried)], "plans": make.plans(carried)}) == []
    assert moved({"journal": [make.entry(make.plan(), carried)]}) == [(AGENTS, "staged", "dict", "StagedRegistry")]


def test_a_state_that_becomes_several_moves_as_these(make) -> None:
    names = ["app.ctx._request_user", "app.ctx._request_trace"]
    first = make.entry(make.plan("app.ctx._request", names=names, target="StagedContextValue", flag="use_context"))
    assert moved({"journal": [first]}) == [(name, "staged", "threading.local", "StagedContextValue") for name in sorted(names)]
    removal = make.plan(names[0], names=[names[0]], target="ContextValue", codes=[])
    later = make.entry(removal, command="remove-legacy", id="b", created="2026-11-25T00:00:00Z")
    assert moved({"journal": [first, later]})[1] == (names[0], "moved", "threading.local", "ContextValue")


def test_a_planned_state_is_not_yet_moved(make) -> None:
    assert moved({"plans": make.plans(make.plan())}) == [(AGENTS, "planned", "dict", "StagedRegistry")]


def test_the_journal_outranks_the_plan(make) -> None:
    documents = {"journal": [make.entry(make.plan())], "plans": make.plans(make.plan())}
    assert moved(documents) == [(AGENTS, "staged", "dict", "StagedRegistry")]


def test_a_removal_ends_the_staging(make) -> None:
    later = make.entry(make.plan(target="Registry"), command="remove-legacy", created="2026-11-25T00:00:00Z")
    assert moved({"journal": [later, make.entry(make.plan())]}) == [(AGENTS, "moved", "dict", "Registry")]


def test_a_removal_says_nothing_of_what_was_there(make) -> None:
    first = make.entry(make.plan(kind="dedup", target="StagedSetRegistry", accesses=7))
    removal = make.plan(kind="registry", target="SetRegistry", accesses=0, codes=[])
    later = make.entry(removal, command="remove-legacy", id="b", created="2026-11-25T00:00:00Z")
    [state] = moved_states(data_from_mapping({"journal": [first, later]}))
    assert (state.kind, state.origin, state.target, state.accesses) == ("dedup", "set", "SetRegistry", 7)


@pytest.mark.parametrize(
    ("target", "origin"),
    [("Slot", "global"), ("Lazy", "global"), ("class_slot", "class attribute"), ("ThreadResource", "threading.local"), ("StagedContextValue", "threading.local")],
)
def test_each_target_replaces_what_it_is_for(target, origin, make) -> None:
    assert moved({"plans": make.plans(make.plan(target=target, flag=None))})[0][2] == origin


def test_the_inventory_knows_what_a_state_was(make) -> None:
    row = {"state": AGENTS}
    before = make.inventory(row | {"constructor": "collections.defaultdict"})
    after = make.inventory(row | {"constructor": "outfall_runtime.StagedRegistry"})
    plans = make.plans(make.plan())
    assert moved({"plans": plans, "inventory": before})[0][2] == "collections.defaultdict"
    assert moved({"plans": plans, "inventory": after})[0][2] == "dict"


def test_what_the_code_declares_now_outranks_the_journal(make) -> None:
    row = {"state": AGENTS}
    now = make.inventory(row | {"constructor": "outfall_runtime.Registry"})
    documents = {"journal": [make.entry(make.plan()), make.entry(command="remove-legacy")], "inventory": now}
    assert moved(documents) == [(AGENTS, "moved", "dict", "Registry")]


def test_what_is_plain_in_the_code_has_not_moved_whatever_the_journal_says(make) -> None:
    row = {"state": AGENTS}
    documents = {"journal": [make.entry(make.plan())], "inventory": make.inventory(row | {"constructor": "dict"})}
    assert moved(documents) == []
    assert moved({**documents, "plans": make.plans(make.plan())}) == [(AGENTS, "planned", "dict", "StagedRegistry")]
    behind_a_property = make.inventory(row | {"constructor": ""})
    assert moved({**documents, "inventory": behind_a_property}) == [(AGENTS, "staged", "dict", "StagedRegistry")]


def test_the_mode_is_that_of_the_latest_process_of_a_name(make) -> None:
    old = make.process(pid=3, updated="2026-11-22T10:00:00Z", states={AGENTS: make.record("shadow")})
    data = data_from_mapping({"journal": make.entry(make.plan()), "evidence": make.evidence(old, make.process())})
    assert [state.modes for state in moved_states(data)] == [(("new", 1),)]


def test_load_tests_are_compared_with_the_oldest_mode(make) -> None:
    data = data_from_mapping({"load": [make.load(label="after", mode="new"), make.load(label="before")]})
    assert [result.label for result in data.load] == ["before", "after"]


@pytest.mark.parametrize(
    ("hours", "text"), [(0.00001, "under 0.1 s"), (0.001, "3.6 s"), (0.5, "30 min"), (1.0, "1.0 h"), (1234.5, "1,234.5 h")]
)
def test_a_duration_is_said_in_the_unit_that_fits(hours, text) -> None:
    assert duration(hours) == text


def test_a_declined_state_that_was_rewritten_later_is_not_declined(make) -> None:
    first = make.entry(make.decline(AGENTS), id="a")
    second = make.entry(make.plan(AGENTS), id="b")
    assert declined_states(data_from_mapping({"journal": [first, second]})) == ()


def test_a_declined_state_keeps_its_reason_once(make) -> None:
    documents = {"journal": [make.entry(make.decline())], "plans": make.plans(make.decline(reason="newer reason"))}
    assert [state.reason for state in declined_states(data_from_mapping(documents))] == ["newer reason"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mode": "shadow"}, "the new way does not serve on web-1 (shadow)"),
        ({"spent": 47.5}, "47.5 of 48 hours in the new way"),
        ({"writes": dict.fromkeys(("legacy", "shadow", "new", "enforced"), 0)}, "no access was recorded"),
        ({"lost": 3}, "3 values were lost by the new way at places that are not known"),
        ({"lost": 3, "lost_sites": [{"site": "a.py:1", "count": 3}]}, "3 values were lost by the new way at a.py:1"),
        ({"would_reject": 2}, "2 registrations would have been refused"),
        ({"would_evict": 2}, "2 entries would have been evicted"),
        ({"rollbacks": 1}, "1 rollback was recorded; begin the next attempt"),
    ],
)
def test_removal_waits_for(make, changes, sentence) -> None:
    process = make.process(states={AGENTS: make.record(**changes)})
    [sentences] = missing({"evidence": make.evidence(process)})
    assert any(each.startswith(sentence) for each in sentences)


def test_what_was_accepted_with_a_reason_does_not_block_and_is_shown(make) -> None:
    record = make.record(lost=2, lost_sites=[{"site": "a.py:1", "count": 2}], would_evict=1)
    evidence = {**make.evidence(make.process(states={AGENTS: record})), "accepted": {"a.py:1": "nightly only"}}
    documents = {"evidence": evidence, "rollout": {"accepted": {AGENTS: "an old cache"}}}
    [row] = rollouts(data_from_mapping(documents), (AGENTS,))
    assert (row.missing, row.losing, row.accepted) == ((), False, "an old cache")
    assert row.lost_sites == (("a.py:1", 2, "nightly only"),)


def test_removal_waits_for_every_process_named(make) -> None:
    documents = {"evidence": make.evidence(make.process()), "rollout": {"processes": ["web-1", "worker"]}}
    assert missing(documents) == [("worker does not report it",)]


def test_a_staged_state_without_evidence_says_so() -> None:
    assert missing({}) == [("no process reports it",)]


def test_each_named_process_waits_for_itself(make) -> None:
    short = make.process("web-2", states={AGENTS: make.record(spent=1.0)})
    documents = {"evidence": make.evidence(make.process(), short), "rollout": {"processes": ["web-1", "web-2"]}}
    assert missing(documents) == [("1.0 of 48 hours in the new way on web-2",)]


def test_workers_side_by_side_count_their_hours_once(make) -> None:
    hour = {"started": "2026-11-20T10:00:00Z", "updated": "2026-11-20T11:00:00Z"}
    workers = [make.process(pid=pid, **hour, states={AGENTS: make.record(spent=1.0)}) for pid in range(60)]
    assert missing({"evidence": make.evidence(*workers)}) == [("1.0 of 48 hours in the new way",)]


def test_a_restart_does_not_reset_the_hours(make) -> None:
    first = make.process(updated="2026-11-21T10:00:00Z", states={AGENTS: make.record("shadow", spent=24.0)})
    second = make.process(pid=18, started="2026-11-21T10:00:00Z", states={AGENTS: make.record(spent=24.0)})
    third = make.process(pid=19, started="2026-11-21T10:00:00Z", states={AGENTS: make.record(spent=24.0)})
    assert missing({"evidence": make.evidence(first, second, third)}) == [()]


def test_bleeds_never_block(make) -> None:
    process = make.process(states={AGENTS: make.record(bleed=99, inherited=4)})
    assert missing({"evidence": make.evidence(process)}) == [()]


def judged(documents):
    data = data_from_mapping(documents)
    states = moved_states(data)
    staged = tuple(state.name for state in states if state.standing.value == "staged")
    judgement = verdict(data, states, declined_states(data), rollouts(data, staged))
    return judgement.tone, judgement.sentence


def test_the_verdict_puts_the_worst_news_first(make) -> None:
    staged = {"journal": [make.entry(make.plan())]}
    ready = make.evidence(make.process())
    losing = make.evidence(make.process(states={AGENTS: make.record(lost=1)}))
    gone = [make.entry(make.plan(target="Registry"))]
    unread = make.check(errors=({"path": "a.py", "line": None, "message": "null bytes"},))
    cases = [
        ({}, ("unknown", "Nothing is known yet.")),
        ({"check": make.check()}, ("good", "No ambient state found in 12 files.")),
        ({"check": make.check(make.finding())}, ("waiting", "1 finding still open.")),
        ({"check": unread}, ("bad", "1 file could not be read, so the picture is incomplete.")),
        ({"plans": make.plans(make.decline())}, ("waiting", "Nothing moved: 1 state declined.")),
        ({"plans": make.plans(make.plan())}, ("waiting", "1 state can be moved; nothing has been changed yet.")),
        (staged, ("waiting", "1 staged state waits for evidence.")),
        (staged | {"evidence": ready}, ("good", "The staged state is ready: nothing uses the old way any more.")),
        (staged | {"evidence": losing}, ("bad", f"1 state lost values on the new way: {AGENTS}.")),
        ({"journal": gone}, ("good", "1 state moved, and the old way is gone.")),
        (
            {"journal": [make.entry(status="prepared")], "check": unread},
            ("bad", "A run was interrupted while it changed files."),
        ),
    ]
    assert [judged(documents) for documents, _ in cases] == [expected for _, expected in cases]


def test_a_stacked_bar_fills_its_length() -> None:
    assert stacked([("legacy", 0.0), ("new", 0.0)]) == ()
    bar = stacked([("legacy", 1.0), ("shadow", 0.0), ("new", 3.0)])
    assert [(s.name, s.start, s.length) for s in bar] == [("legacy", 0.0, 25.0), ("new", 25.0, 75.0)]


def test_latencies_share_one_scale_and_compare_with_the_first_run(make) -> None:
    after = make.load(label="after", mode="new", latency_ms={"p50": 11.0, "p95": 20.0, "p99": 30.0})
    rows = latency_rows(data_from_mapping({"load": [make.load(), after]}).load)
    assert [(r.percentile, r.label, r.length) for r in rows][:2] == [("p50", "before", 25.0), ("p50", "after", 27.5)]
    assert [None if r.change is None else round(r.change, 2) for r in rows] == [None, 0.1, None, 0.0, None, -0.25]


def test_the_page_waits_for_what_remove_legacy_waits_for(make, tmp_path) -> None:
    evidence = pytest.importorskip("outfall_codemods.remove.evidence")
    config = pytest.importorskip("outfall_lint.config")
    none = dict.fromkeys(("legacy", "shadow", "new", "enforced"), 0)
    changes = [{}, {"mode": "shadow"}, {"spent": 47.9}, {"lost": 1}, {"would_evict": 1}, {"rollbacks": 1}]
    site = {"lost": 3, "lost_sites": [{"site": "a.py:1", "count": 2}]}
    changes += [{"would_reject": 1}, site, {**site, "lost": 2}, {**site, "would_evict": 1, "would_reject": 2}]
    changes += [{"bleed": 9}, {"inherited": 9}, {"writes": none}, {"mode": "legacy", "lost": 2}]
    for number, change in enumerate(changes):
        for processes, accepted in product(([], ["web-1"], ["web-1", "web-2"], ["worker"]), ({}, {"a.py:1": "x"}, {AGENTS: "y"})):
            record = make.record(**change)
            reporting = [make.process(states={AGENTS: record}), make.process("web-2", pid=18)]
            document = make.evidence(*reporting)
            path = tmp_path / f"{number}.json"
            path.write_text(json.dumps(document))
            rollout = config.Rollout(dwell_hours=48.0, processes=tuple(processes), accepted=accepted)
            decided = evidence.missing(evidence.read_evidence([path]), [AGENTS], rollout)
            [shown] = missing({"evidence": document, "rollout": {"processes": processes, "accepted": accepted}})
            assert len(shown) == len(decided), (change, processes, accepted, shown, decided)
