"""The corpus page counts what was done, and hides nothing that went wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.corpus.page import counts, page
from benchmarks.corpus.reasons import reason_and_lift
from benchmarks.corpus.whole_way import Outcome, Record


def plan(action: str, reason: str | None = None, codes: tuple[str, ...] = ("OUT101",)) -> dict[str, Any]:
    return {"state": "app.X", "codes": list(codes), "action": action, "reason": reason}


def record(*outcomes: Outcome, faults: tuple[str, ...] = ()) -> Record:
    plans = [
        plan("rewrite", codes=("OUT101", "OUT104")),
        plan("decline", "stays per thread: `conn` keeps what `connect` makes at app/db.py:3"),
        plan("decline", "its name is deleted at app/x.py:9; clear it instead"),
    ]
    return Record("shop", "1.0", 7, 4, plans, {"check": 0.5}, list(outcomes), list(faults))


def test_findings_are_counted_by_what_became_of_them() -> None:
    assert counts([record()]) == {"rewritten": 2, "kept": 1, "declined": 1}


def test_a_lost_test_is_named() -> None:
    text = page([record(Outcome("stock", 5, 0.1, []), Outcome("new", 4, 0.1, ["tests.test_a::test_b"]))])
    assert "| shop | 5 | – | – | 4 −1 | – | – | – | – |" in text
    assert "- shop, new: `tests.test_a::test_b`" in text


def test_a_run_that_broke_and_a_step_that_failed_are_told() -> None:
    text = page([record(Outcome("legacy", 0, 0.0, [], "no module named shop"), faults=("migrate ended with 4",))])
    assert "- shop, legacy: no module named shop" in text
    assert "- shop: migrate ended with 4" in text


def test_reasons_are_joined_whatever_their_place() -> None:
    assert "| 2 | its name is deleted at …; clear it instead | – |" in page([record(), record()])


def test_probes_count_only_where_every_run_passes() -> None:
    passed = [Outcome(f"probes, {mode}", 4, 0.1, []) for mode in ("legacy", "new")]
    assert "| 4 in 2 runs | – |" in page([record(*passed)])
    assert "| failed: new | – |" in page([record(passed[0], Outcome("probes, new", 3, 0.1, ["probe_shop::test_scope"]))])


def test_new_messages_of_the_type_checker_are_told() -> None:
    text = page([replace(record(), type_errors=["app/x.py: error: no"])])
    assert "| – | 1 |" in text
    assert "- shop, types: app/x.py: error: no" in text


def test_a_test_that_fails_by_turns_is_named_and_not_lost() -> None:
    text = page([record(Outcome("new", 4, 0.1, [], flaky=["tests.test_a::test_b"]))])
    assert "- shop: `tests.test_a::test_b` (new)" in text
    assert "Tests lost in all runs together: 0." in text


def test_what_two_runs_of_the_stock_tree_do_not_agree_on_is_flaky() -> None:
    text = page([record(Outcome("stock", 5, 0.1, [], flaky=["tests.test_a::test_b"], again=4), Outcome("new", 5, 0.1, [], flaky=["tests.test_a::test_b"]))])
    assert "| shop | 5 / 4 | – | – | 5 |" in text
    assert "- shop: `tests.test_a::test_b` (stock, new)" in text
    assert "What went wrong" not in text


def test_the_page_says_which_outfall_made_it() -> None:
    assert "- `1a2b3c`: shop, shop" in page([replace(record(), revision="1a2b3c")] * 2)
    assert "Made by" not in page([record()])


def test_a_test_that_no_rewrite_can_pass_is_named() -> None:
    text = page([record(Outcome("new", 4, 0.1, [], known=["tests.test_imports::test_few"]))])
    assert "- shop: `tests.test_imports::test_few` cannot pass" in text


def test_questions_are_joined_and_say_what_would_answer_them() -> None:
    asked = 'do its instances carry context, or keep …? Answer in pyproject.toml: [tool.outfall.states] "{}" = "context"'
    assert reason_and_lift(asked.format("a.B")) == reason_and_lift(asked.format("c.D"))
    assert "tool.outfall.states" in reason_and_lift(asked.format("a.B"))[1]
