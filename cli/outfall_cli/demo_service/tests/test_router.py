"""One request from question to answer."""

import asyncio

import pytest

from dispatch import agents, context, router
from dispatch.model import Agent, Answer, NoAgent, Request

ADA = Agent("Ada", frozenset({"billing"}))
QUESTION = Request("r-1", "ann", "billing", "Why was I charged twice?")


def test_without_an_agent_the_request_fails_and_ends():
    with pytest.raises(NoAgent):
        asyncio.run(router.handle(QUESTION))
    assert context.user() == "-"


def test_the_answer_is_addressed_to_the_customer():
    agents.connect(ADA)
    answer = asyncio.run(router.handle(QUESTION))
    assert answer == Answer("r-1", "ann", "Ada", "Ada on billing: Why was I charged twice. Done, see help/bills.")


def test_requests_one_after_the_other_do_not_mix():
    agents.connect(ADA)

    async def both():
        first = await router.handle(QUESTION)
        second = await router.handle(Request("r-2", "ben", "billing", "And I?"))
        return first.user, second.user

    assert asyncio.run(both()) == ("ann", "ben")


def test_an_agent_who_connects_while_others_answer_is_asked_next():
    agents.connect(Agent("Ada", ADA.skills, pace=0.01))

    async def replaced():
        first = asyncio.create_task(router.handle(QUESTION))
        await asyncio.sleep(0)
        agents.connect(Agent("Bo", ADA.skills))
        second = await router.handle(Request("r-2", "ben", "billing", "And I?"))
        return (await first).agent, second.agent

    assert asyncio.run(replaced()) == ("Ada", "Bo")
