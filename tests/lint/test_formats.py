"""What people and machines read."""

from __future__ import annotations

import json
from pathlib import Path

from outfall_lint.explain import explain_place, explain_rule
from outfall_lint.formats import json as json_format
from outfall_lint.formats import oneline, text
from outfall_lint.model import Priority
from outfall_lint.rule import all_rules
from outfall_lint.source import SourceLines

CODE = "S = {}\ndef f(k):\n    S[k] = 1\n" + "".join(f"L{n} = []\ndef g{n}():\n    L{n}.append(1)\n" for n in range(6))


def test_text_groups_points_and_counts(project, tmp_path: Path) -> None:
    report = text.render(project(CODE), SourceLines(tmp_path))
    assert "Tables (7)" in report and "… 2 more" in report
    assert "      S = {}\n│       ^\n" in report
    assert "app.S · registry · 1 access, 1 change" in report
    assert "7 findings (7 high)." in report and "\x1b" not in report


def test_text_shows_all_when_asked_and_nothing_below_the_least(project, tmp_path: Path) -> None:
    lines = SourceLines(tmp_path)
    assert "more" not in text.render(project(CODE), lines, text.Shown(everything=True))
    assert "No findings" in text.render(project(CODE), lines, text.Shown(least=Priority.CRITICAL))


def test_oneline_is_a_line_per_finding(project) -> None:
    lines = oneline.render(project(CODE)).splitlines()
    assert lines[0] == "app.py:1:1: OUT101 dict `S` lives as long as its module and is changed in `f`"
    assert len(lines) == 7


def test_json_has_the_documented_keys(project) -> None:
    document = json.loads(json_format.render(project({"app.py": CODE, "bad.py": "("})))
    assert document["version"] == 1
    first = document["findings"][0]
    assert (first["path"], first["line"], first["column"], first["code"]) == ("app.py", 1, 1, "OUT101")
    assert first["accesses"][0] == {
        "path": "app.py", "line": 3, "column": 5, "operation": "mutate", "function": "f", "detail": "constant 1",
    }  # fmt: skip
    assert document["errors"][0]["path"] == "bad.py"
    assert document["summary"]["by_code"] == {"OUT101": 1, "OUT102": 6}


def test_a_place_is_explained_by_its_state(project, tmp_path: Path) -> None:
    lines = SourceLines(tmp_path)
    analysis = project(CODE)
    declared = explain_place(analysis, "app.py", 1, lines, "would move it")
    assert declared is not None and "app.S" in declared and "would move it" in declared
    assert declared == explain_place(analysis, "app.py", 3, lines, "would move it")
    assert explain_place(analysis, "app.py", 2, lines) is None


def test_a_rule_is_explained_in_all_its_sections() -> None:
    for rule in all_rules():
        page = explain_rule(rule)
        assert all(s in page for s in ("What it does", "Why it is dangerous", "Use instead", "Fix safety"))
