"""Flags: what is refused, what each source may do, and that a percentage is fair."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any, List

import pytest

from outfall_runtime import InvalidSetting, StagedRegistry, UnknownFlag, flags
from outfall_runtime._common.modes import BUCKETS, Setting, bucket, parse_setting
from outfall_runtime._flags.board import Board
from outfall_runtime._flags.sources import Reading, read_environment
from outfall_runtime.flags import FlagChange


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("shadw", "did you mean 'shadow'?"),
        ("NEW", "expected one of legacy, shadow, new, enforced"),
        ("", "expected one of"),
        ("101%", "expected 0% to 100%"),
        ("-1%", "expected 0% to 100%"),
        ("nan%", "expected 0% to 100%"),
        ("x%", "expected 0% to 100%"),
        (3, "is no mode"),
        (None, "is no mode"),
    ],
)
def test_what_is_no_setting_is_refused(value: object, hint: str) -> None:
    with pytest.raises(InvalidSetting, match=hint.replace("?", r"\?")):
        parse_setting(value)


@pytest.mark.parametrize("use", [flags.enabled, flags.mode, flags.enable, flags.disable])
def test_an_unknown_name_in_code_is_an_error_with_the_nearest_name(use: object) -> None:
    flags.declare("use_search")
    with pytest.raises(UnknownFlag, match=r"unknown flag 'use_serach' \(did you mean 'use_search'\?\)"):
        use("use_serach")  # type: ignore[operator]


def test_a_percentage_of_a_table_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="steers tables"):
        flags.set("use_registry", "50%")


@pytest.mark.parametrize(
    ("mode", "enabled"), [("legacy", False), ("shadow", False), ("new", True), ("enforced", True)]
)
def test_a_flag_is_enabled_from_new_on(mode: str, enabled: bool) -> None:
    flags.declare("use_search")
    flags.set("use_search", mode)
    assert (flags.mode("use_search"), flags.enabled("use_search")) == (mode, enabled)


def test_a_state_follows_its_group_until_it_has_a_setting_of_its_own() -> None:
    StagedRegistry("test_flags.follows")
    name = "use_registry:test_flags.follows"
    flags.set("use_registry", "shadow")
    assert flags.mode(name) == "shadow"
    flags.set(name, "new")
    assert (flags.mode(name), flags.mode("use_registry")) == ("new", "shadow")
    flags.reset(name)
    assert flags.mode(name) == "shadow"


def test_a_declared_group_steers_a_hand_written_flag() -> None:
    flags.declare("use_search", group="use_events")
    flags.enable("use_events")
    assert flags.enabled("use_search")


def test_nobody_is_in_0_percent_and_everybody_in_100() -> None:
    flags.declare("use_search")
    flags.set("use_search", "0%")
    assert not any(flags.enabled("use_search", key) for key in range(2000))
    flags.set("use_search", "100%")
    assert all(flags.enabled("use_search", key) for key in range(2000))


def test_the_first_and_the_last_of_all_keys_are_no_exceptions() -> None:
    flags.declare("use_search")
    first, last = (next(key for key in itertools.count() if bucket("use_search", key) == one) for one in (0, BUCKETS - 1))
    answers = []
    for percent in ("0%", "0.01%", "99.99%", "100%"):
        flags.set("use_search", percent)
        answers.append((flags.enabled("use_search", first), flags.enabled("use_search", last)))
    assert answers == [(False, False), (True, False), (True, False), (True, True)]


def test_without_a_key_a_percentage_is_shadow() -> None:
    flags.declare("use_search")
    flags.set("use_search", "100%")
    assert flags.mode("use_search") == "shadow"


def test_a_percentage_is_monotonic_and_sticky_per_key() -> None:
    flags.declare("use_search")
    chosen: List[set[int]] = []
    for percent in (1, 5, 25, 50, 99):
        flags.set("use_search", f"{percent}%")
        chosen.append({key for key in range(3000) if flags.enabled("use_search", key)})
    assert all(few <= more for few, more in zip(chosen, chosen[1:]))


def test_buckets_are_uniform_and_differ_between_flags() -> None:
    keys, cells = 40_000, 20
    counts = [0] * cells
    for key in range(keys):
        counts[bucket("use_search", f"user-{key}") * cells // BUCKETS] += 1
    expected = keys / cells
    chi_squared = sum((count - expected) ** 2 / expected for count in counts)
    assert chi_squared < 43.8  # 19 degrees of freedom, p = 0.001
    assert [bucket("a", key) for key in range(9)] != [bucket("b", key) for key in range(9)]


def test_the_environment_is_read_entry_by_entry() -> None:
    reading = read_environment({"OUTFALL_FLAGS": "use_context=shadow, use_registry:app.x = new,broken,y=shadwo,=new"})
    assert reading.settings == {"use_context": Setting("shadow"), "use_registry:app.x": Setting("new")}
    assert len(reading.problems) == 3
    assert "did you mean 'shadow'?" in reading.problems[1]


def test_pinned_flags_do_not_change_inside_the_block() -> None:
    flags.declare("use_search")
    with flags.pinned():
        flags.enable("use_search")
        inside = flags.enabled("use_search")
    assert (inside, flags.enabled("use_search")) == (False, True)


def test_changes_tell_who_what_and_when() -> None:
    flags.declare("use_search")
    seen: List[FlagChange] = []
    stop = flags.on_change(seen.append)
    earliest = time.time()
    flags.set("use_search", "shadow", actor="ada")
    latest = time.time()
    flags.set("use_search", "shadow", actor="bob")  # no change
    stop()
    flags.disable("use_search")
    (change,) = seen
    assert change[:5] == ("use_search", "legacy", "shadow", "ada", "code")
    assert earliest <= change.time <= latest
    assert [one.actor for one in flags.history()[-2:]] == ["ada", "code"]


def test_a_failing_listener_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    flags.declare("use_search")
    seen: List[str] = []

    def fail(change: FlagChange) -> None:
        raise ZeroDivisionError

    stops = [flags.on_change(fail), flags.on_change(lambda change: seen.append(change.after))]
    flags.enable("use_search")
    for stop in stops:
        stop()
    assert seen == ["new"]
    assert "a listener failed on the change of flag 'use_search'" in caplog.text


def test_a_listener_may_change_flags() -> None:
    flags.declare("use_search")
    flags.declare("use_index")
    stop = flags.on_change(lambda change: flags.enable("use_index") if change.name == "use_search" else None)
    flags.enable("use_search")
    stop()
    assert flags.enabled("use_index")


def test_what_a_signal_handler_sets_in_the_middle_of_a_change_stays(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from outfall_runtime._flags import board as _board

    class Interrupted(_board.Snapshot):
        """Between what a snapshot is made of and its publication, a handler runs."""

        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            monkeypatch.undo()
            flags.set("use_events", "enforced")
            flags.set("use_spans", "new")

    monkeypatch.setattr(_board, "Snapshot", Interrupted)
    flags.set("use_events", "shadow")
    assert (flags.mode("use_events"), flags.mode("use_spans"), caplog.text) == ("enforced", "new", "")


def test_sources_outrank_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTFALL_FLAGS", "use_events=shadow")
    board = Board()
    ranks = [(board.mode("use_events"), board.source("use_events"))]
    board.set("use_events", "new", "test")
    ranks.append((board.mode("use_events"), board.source("use_events")))
    board.load("flag file", read_environment({"OUTFALL_FLAGS": "use_events=legacy"}))
    ranks.append((board.mode("use_events"), board.source("use_events")))
    board.push("use_events", "enforced")
    ranks.append((board.mode("use_events"), board.source("use_events")))
    assert ranks == [
        ("shadow", "environment"),
        ("new", "code"),
        ("legacy", "flag file"),
        ("enforced", "override"),
    ]


def test_a_change_by_the_flag_file_names_who_wrote_it() -> None:
    board, seen = Board(), []
    board.listen(seen.append)
    board.load("flag file", Reading({"use_events": Setting("new")}, actor="ada"))
    board.load("flag file", Reading({}))
    assert [change[1:5] for change in seen] == [
        ("legacy", "new", "ada", "flag file"),
        ("new", "legacy", "flag file", "flag file"),
    ]


def test_code_that_is_outranked_is_told(caplog: pytest.LogCaptureFixture) -> None:
    board = Board()
    board.load("flag file", read_environment({"OUTFALL_FLAGS": "use_events=legacy"}))
    board.set("use_events", "new", "ada")
    assert "the flag file or an override outranks it" in caplog.text


def test_an_unknown_name_in_a_source_takes_effect_once_it_is_declared(caplog: pytest.LogCaptureFixture) -> None:
    board = Board()
    board.load("flag file", read_environment({"OUTFALL_FLAGS": "use_serach=new"}))
    board.warn_of_unknown_names()
    board.warn_of_unknown_names()
    assert caplog.text.count("nothing declares it") == 1
    from outfall_runtime._flags.snapshot import Declaration

    board.declare([Declaration("use_serach")])
    assert board.enabled("use_serach")


@pytest.mark.skipif("sys.version_info < (3, 11)", reason="reads TOML")
def test_a_ledger_declares_its_flags_and_states(tmp_path: Path) -> None:
    ledger = tmp_path / "outfall-flags.toml"
    ledger.write_text(
        'version = 1\n[flags.use_registry]\ngroup = "use_registry"\nstates = ["ledger.a"]\ncreated = 2026-11-23\n'
        '[flags.use_ledger_search]\nowner = "search team"\n'
    )
    names = flags.load_ledger(ledger)
    assert names == ["use_registry", "use_registry:ledger.a", "use_ledger_search"]
    owners = {declaration.name: declaration.owner for declaration in flags.declared()}
    assert owners["use_ledger_search"] == "search team"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("version = 1\n[flags.use_x]\nstates = 3\n", "states is 3; expected a list"),
        ("version = 2\n", "version is 2; this runtime reads version 1"),
        ("version = \n", "not valid TOML"),
        ("version = 1\nflags = 3\n", "expected one table"),
    ],
)
@pytest.mark.skipif("sys.version_info < (3, 11)", reason="reads TOML")
def test_a_broken_ledger_is_named(tmp_path: Path, text: str, reason: str) -> None:
    from outfall_runtime import BrokenSource

    ledger = tmp_path / "outfall-flags.toml"
    ledger.write_text(text)
    with pytest.raises(BrokenSource, match=rf"outfall-flags\.toml: .*{reason}"):
        flags.load_ledger(ledger)
