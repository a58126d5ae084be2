"""The whole service, and the counting of its load test."""

import asyncio

from dispatch import agents
from dispatch.load import Line, Outcome, run, sum_up
from dispatch.model import Request
from dispatch.service import Service

QUESTION = Request("r-1", "ann", "returns", "How do I send this back?")


def test_the_staff_is_connected_while_the_service_runs():
    with Service(mail=lambda recipient, text: None):
        assert agents.connected() == ["Ada", "Bo", "Cleo"]
    assert agents.connected() == []


def test_a_request_is_answered_and_its_transcript_mailed():
    mails = []
    with Service(mail=lambda recipient, text: mails.append(recipient)) as service:
        handled = asyncio.run(service.handle(QUESTION))
    assert (handled.answer.agent, handled.answer.user) == ("Bo", "ann")
    assert mails == ["ann@customers.example"]


def test_a_single_request_never_bleeds():
    assert run(1).bled == 0


def test_the_load_test_counts_requests_not_symptoms():
    outcome = Outcome(QUESTION, answered_to="ben", mailed_to="ben", seconds=0.01)
    line = Line(QUESTION, "INFO    r-2 ben answered by Bo")
    result = sum_up([outcome], [line, line], seconds=0.01)
    assert (result.bled, result.wrong_answers, result.wrong_mails, result.wrong_lines) == (1, 1, 1, 2)


def test_a_line_with_the_right_name_is_not_counted():
    outcome = Outcome(QUESTION, answered_to="ann", mailed_to="ann", seconds=0.01)
    line = Line(QUESTION, "INFO    r-1 ann answered by Bo")
    assert sum_up([outcome], [line], seconds=0.01).bled == 0
