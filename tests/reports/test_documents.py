"""Wrong, foreign and future documents are refused with file, place and remedy; right ones are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from outfall_reports import ReportError, data_from_mapping, load_documents


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "line 1 column 1: not JSON"),
        (b'{"format": "outfall-evi', "not JSON"),
        (b'{"format": "\xff"}', "not UTF-8 text"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"requests": ' + b"9" * 5_000 + b"}", "cannot be read"),
        (b"7", "not a document of outfall"),
        (b'{"hello": 1}', "not a document of outfall"),
        (b'{"format": "sarif", "version": 1}', 'format "sarif" is not known here'),
    ],
)
def test_a_foreign_file_is_one_clear_error(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(content)
    with pytest.raises(ReportError) as caught:
        load_documents([path])
    assert str(caught.value).startswith(str(path))
    assert complaint in str(caught.value)


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_an_unreadable_path_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReportError, match="cannot be read") as caught:
        load_documents([tmp_path / name])
    assert caught.value.source == str(tmp_path / name)


@pytest.mark.parametrize(
    ("changes", "place", "problem"),
    [
        ({"version": 2}, "version", "version 2 is newer than what this outfall reads (1)"),
        ({"version": 0}, "version", "expected a version from 1 to 1, found 0"),
        ({"version": "1"}, "version", 'expected a whole number of at least 0, found "1"'),
        ({"processes": {}}, "processes", "expected an array, found {}"),
        ({"processes": [7]}, "processes[0]", "expected an object, found 7"),
        ({"processes": [{}]}, "processes[0]", '"host" is missing'),
        (
            {"processes": [{"host": "a", "pid": 1, "started": "noon"}]},
            "processes[0].started",
            'expected a time such as 2026-11-23T10:00:00Z, found "noon"',
        ),
    ],
)
def test_evidence_of_the_wrong_shape_names_the_place(make, changes, place, problem) -> None:
    with pytest.raises(ReportError) as caught:
        data_from_mapping({"evidence": make.evidence(**changes)})
    assert (caught.value.source, caught.value.place, caught.value.problem) == ("evidence", place, problem)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"lost": -1}, "lost"),
        ({"lost": True}, "lost"),
        ({"lost": 0.5}, "lost"),
        ({"mode": "newer"}, "mode"),
        ({"hours": {"legacy": 0}}, "hours"),
        ({"hours": {"legacy": float("nan"), "shadow": 0, "new": 0, "enforced": 0}}, "hours.legacy"),
        ({"lost_sites": [{"site": 3}]}, "lost_sites[0].site"),
    ],
)
def test_a_record_of_the_wrong_shape_names_the_place(make, changes, place) -> None:
    process = make.process(states={"app.x": make.record(**changes)})
    with pytest.raises(ReportError) as caught:
        data_from_mapping({"evidence": make.evidence(process)})
    assert caught.value.place == f'processes[0].states."app.x".{place}'
    assert "metrics export" in caught.value.remedy


@pytest.mark.parametrize(
    ("key", "document", "place"),
    [
        ("plans", {"version": 1, "plans": [{"state": "a", "kind": "b", "codes": [], "action": "maybe"}]}, "plans[0].action"),
        ("check", {"version": 1, "findings": [], "errors": [], "summary": {"files": 1}}, "summary"),
        ("inventory", {"version": 1, "states": [{}]}, "states[0]"),
        ("flags", {"version": 1, "flags": {"use_context": "new"}}, "flags.use_context"),
        ("load", {"requests": 3, "bled": 4}, "bled"),
        ("journal", [{"format": "outfall-journal", "version": 1}], ""),
        ("diagnostics", {"format": "outfall-diagnostics", "version": 2}, "version"),
        ("diagnostics", [{"format": "outfall-diagnostics", "version": 1}], ""),
        ("rollout", {"dwell_hours": -1}, "dwell_hours"),
    ],
)
def test_every_document_is_checked(key: str, document: object, place: str) -> None:
    with pytest.raises(ReportError) as caught:
        data_from_mapping({key: document})
    assert caught.value.place == place


def test_a_flag_file_is_told_from_the_ledger() -> None:
    with pytest.raises(ReportError, match="not the deployed flag file"):
        data_from_mapping({"flags": {"version": 1, "flags": {"use_context": "new"}}})


def test_an_unknown_key_names_the_known_ones() -> None:
    with pytest.raises(ReportError, match="Known are: evidence, journal, check"):
        data_from_mapping({"evidense": {}})


def test_a_single_document_given_twice_is_refused(make, tmp_path: Path) -> None:
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in paths:
        path.write_text(json.dumps(make.plans()))
    with pytest.raises(ReportError, match=r"two\.json: the same document as .*one\.json"):
        load_documents(paths)


def test_documents_are_recognised_by_what_they_hold(make, tmp_path: Path) -> None:
    documents = [
        make.evidence(make.process()),
        make.entry(make.plan()),
        make.check(make.finding()),
        make.plans(make.decline()),
        make.inventory({"state": "a.b", "constructor": "dict"}),
        [make.load(), make.load(label="after", mode="new", bled=0)],
    ]
    paths = [tmp_path / f"{number}.json" for number in range(len(documents))]
    for path, document in zip(paths, documents):
        path.write_text(json.dumps(document), encoding="utf-8-sig")
    ledger = tmp_path / "outfall-flags.toml"
    ledger.write_text(
        'version = 1\n[flags.use_x]\ncreated = 2026-11-23\ncompleted = { date = 2026-11-25, evidence = "sha256:00" }\n'
    )
    data = load_documents([*paths, ledger], project="shop")
    assert data.project == "shop"
    assert [process.host for process in data.processes] == ["web-1"]
    assert [entry.command for entry in data.journal] == ["migrate"]
    assert data.check is not None and data.check.findings[0].accesses == 2
    assert data.plans is not None and data.plans[0].declined
    assert data.inventory is not None and data.inventory[0].state == "a.b"
    assert [result.label for result in data.load] == ["before", "after"]
    assert data.flags is not None
    assert (data.flags[0].created, data.flags[0].completed) == ("2026-11-23", "2026-11-25")


def test_overlapping_exports_count_a_process_once(make) -> None:
    older = make.process(updated="2026-11-22T10:00:00Z", states={})
    data = data_from_mapping({"evidence": [make.evidence(make.process()), make.evidence(older)]})
    assert [process.updated.day for process in data.processes] == [23]


def test_journal_entries_are_put_in_order(make) -> None:
    late = make.entry(id="b", created="2026-11-22T00:00:00Z")
    data = data_from_mapping({"journal": [late, make.entry(id="a")]})
    assert [entry.id for entry in data.journal] == ["a", "b"]


def test_a_ledger_without_flags_is_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "outfall-flags.toml"
    path.write_text("version = 1\n")
    assert load_documents([path]).flags == ()
