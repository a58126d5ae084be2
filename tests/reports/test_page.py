"""The page: self-contained, escaped, accessible, and helpful when there is nothing to show."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser

import pytest
from outfall_reports import ReportData, render_report

VOID = {"meta", "link", "br", "wbr", "input", "img", "hr"}
EVIL = "<script>alert('x')</script>\"&"


class Outline(HTMLParser):
    """Collects what the tests ask about, and checks that elements close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def everything(make):
    """One of each document, with text from outside that tries to break out."""
    process = make.process(EVIL, states={EVIL: make.record(lost=1, lost_sites=[{"site": EVIL, "count": 1}])})
    return {
        "project": EVIL,
        "check": make.check(
            make.finding(EVIL, message=EVIL, path=EVIL, kind=EVIL, priority=EVIL),
            errors=({"path": EVIL, "line": 1, "message": EVIL},),
        ),
        "journal": [
            make.entry(make.plan(EVIL, flag=EVIL, target="Staged" + EVIL), command=EVIL, id=EVIL, forced=EVIL)
        ],
        "plans": make.plans(make.decline(EVIL + "2", reason=EVIL, evidence=[EVIL], codes=[EVIL], path=EVIL)),
        "evidence": {**make.evidence(process), "accepted": {EVIL: EVIL}},
        "flags": make.ledger(**{EVIL: {"owner": EVIL, "created": EVIL, "completed": {"date": EVIL, "evidence": EVIL}}}),
        "load": [make.load(label=EVIL), make.load(label="after", mode="new", bled=0)],
        "diagnostics": [
            make.diagnosis(
                {"component": EVIL, "status": "failure", "detail": EVIL, "remedy": EVIL}, host=EVIL, python=EVIL
            )
        ],
    }


def test_without_diagnostics_the_page_has_no_word_of_them(make, text_of) -> None:
    page = render_report({"load": [make.load()]})
    assert ('id="diagnostics"' in page, "Processes" in text_of(page)) == (False, False)


def test_diagnostics_are_shown_by_process_with_what_to_do(make, text_of) -> None:
    over = {"component": "tables", "status": "warning", "detail": "app.x: 3 entries are over", "remedy": "clean up"}
    older = make.diagnosis({**over, "detail": "an old thing"}, created="2026-11-23T09:00:00Z")
    page = render_report({"diagnostics": [make.diagnosis(over, status="warning"), older]})
    text = text_of(page)
    assert "What 1 running process found out by looking at itself" in text
    assert "web-1 17" in text and "warning app.x: 3 entries are over clean up" in text
    assert "an old thing" not in text


def test_what_was_accepted_is_shown_with_its_reason(make, text_of) -> None:
    state = "app.agents._agents"
    record = make.record(lost=2, lost_sites=[{"site": "a.py:1", "count": 2}], would_evict=1)
    reasons = {"a.py:1": "read by the nightly report", state: "an old cache"}
    evidence = {**make.evidence(make.process(states={state: record})), "accepted": reasons}
    text = text_of(render_report({"journal": [make.entry(make.plan())], "evidence": evidence}))
    assert "a.py:1 × 2 (accepted: read by the nightly report)" in text
    assert "accepted: an old cache" in text
    assert "The staged state is ready" in text


def test_names_in_sentences_show_as_code(make) -> None:
    page = render_report({"check": make.check(make.finding(message="`_a<b` is read by `f`, an odd ` too"))})
    assert "<td><code>_a&lt;b</code> is read by <code>f</code>, an odd ` too</td>" in page


def test_nothing_from_outside_becomes_markup(everything) -> None:
    page = render_report(everything)
    assert "<script" not in page
    assert "alert(" in page


def test_the_page_loads_nothing(everything) -> None:
    page = render_report(everything)
    addresses = [
        value
        for _, attributes in Outline(page).elements
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data", "srcset")
    ]
    assert [address for address in addresses if not (address or "").startswith("#")] == []
    assert re.findall(r"@import|url\(|https?:", page) == []


@pytest.mark.parametrize("states", [0, 1, 200])
def test_elements_close_in_order_and_every_target_exists(make, states: int) -> None:
    plans = [make.plan(f"app.module_{number}._state") for number in range(states)]
    outline = Outline(render_report({"journal": [make.entry(*plans)]}))
    assert outline.open == []
    names = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(names) == len(set(names))
    wanted = {a["href"] for _, a in outline.elements if "href" in a} | {
        f"#{a['aria-labelledby']}" for _, a in outline.elements if "aria-labelledby" in a
    }
    assert wanted <= {f"#{name}" for name in names}


def test_every_table_has_a_caption_and_headed_columns(everything) -> None:
    page = render_report(everything)
    tables = re.findall(r"<table>.*?</table>", page, flags=re.DOTALL)
    assert len(tables) == 11
    for table in tables:
        assert "<caption" in table
        assert table.count("<th scope=\"col\"") == len(re.findall(r"<th |<td", table.split("<tr")[2]))


def test_an_empty_report_says_what_to_run(text_of) -> None:
    page = render_report(ReportData())
    for command in ("outfall migrate --diff", "metrics export", "outfall check --format json", "outfall-flags.toml"):
        assert command in text_of(page)
    assert "<table" not in page


@pytest.mark.parametrize(("states", "offered"), [(24, False), (25, True)])
def test_only_a_long_page_offers_the_filter(make, states: int, offered: bool) -> None:
    page = render_report({"plans": make.plans(*[make.plan(f"app.s{number}") for number in range(states)])})
    assert ('id="filter"' in page, "<script>" in page) == (offered, offered)


def test_the_policy_names_the_style_and_script_that_the_page_holds(make) -> None:
    import base64
    import hashlib

    page = render_report({"plans": make.plans(*[make.plan(f"app.s{number}") for number in range(30)])})
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    for element in ("style", "script"):
        body = page.split(f"<{element}>")[1].split(f"</{element}>")[0]
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy[1].replace("&#43;", "+")


def test_the_page_is_the_same_for_the_same_time(everything) -> None:
    when = datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.timezone.utc)
    assert render_report(everything, generated=when) == render_report(everything, generated=when)
    assert "2026-11-23 10:00 UTC" in render_report(everything, generated=when)


def test_what_matters_is_on_the_page(make, text_of) -> None:
    page = text_of(
        render_report(
            {
                "journal": [make.entry(make.plan(), make.decline(), forced="release tonight")],
                "evidence": make.evidence(make.process(), make.process("web-2")),
                "load": [make.load(), make.load(label="after", mode="new", bled=0)],
            }
        )
    )
    for text in (
        "app.agents._agents app/agents.py:12",
        "dict → StagedRegistry",
        "new 100.0 h",
        "stays per thread",
        "Forced , without the evidence it asks for: release tonight",
        "25.0 %",
        "a1a1a1a1",
    ):
        assert text in page


def test_a_state_without_an_old_way_waits_for_nothing(make, text_of) -> None:
    removal = make.entry(make.plan(target="Registry"), command="remove-legacy")
    page = text_of(render_report({"journal": removal, "evidence": make.evidence(), "rollout": {"processes": ["web-9"]}}))
    assert "web-9 does not report it" not in page
    process = make.process(states={"app.agents._agents": make.record("shadow")})
    page = text_of(render_report({"journal": removal, "evidence": make.evidence(process)}))
    assert "old way gone" in page
    assert "does not serve" not in page
