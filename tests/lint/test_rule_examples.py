"""Every rule's own examples: the good ones say nothing, the bad ones say exactly its code."""

from __future__ import annotations

import pytest

from outfall_lint.rule import Rule, all_rules

GOOD = [pytest.param(rule, text, id=f"{rule.code}-{n}") for rule in all_rules() for n, text in enumerate(rule.good)]
BAD = [pytest.param(rule, text, id=f"{rule.code}-{n}") for rule in all_rules() for n, text in enumerate(rule.bad)]


@pytest.mark.parametrize(("rule", "text"), GOOD)
def test_a_good_example_is_no_finding_of_its_rule(project, rule: Rule, text: str) -> None:
    analysis = project(text)
    assert analysis.problems == ()
    assert [f.message for f in analysis.findings if f.code == rule.code and f.priority >= min(rule.priority, 2)] == []


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_a_bad_example_is_one_finding_of_its_rule_and_of_no_other(project, rule: Rule, text: str) -> None:
    analysis = project(text)
    assert analysis.problems == ()
    assert [f.code for f in analysis.findings] == [rule.code]


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_a_rule_says_everything_a_reader_asks(rule: Rule) -> None:
    explanation = rule.explanation
    assert all((explanation.what, explanation.why, explanation.example, explanation.instead, explanation.fix_safety))
    assert rule.good and rule.bad
    assert bool(rule.transform) != bool(rule.advice)
