"""One request from question to answer."""

from __future__ import annotations

import asyncio
import logging

from . import agents, context, knowledge
from .model import Agent, Answer, NoAgent, Request

logger = logging.getLogger(__name__)


async def handle(request: Request) -> Answer:
    """Find an agent, wait for the answer, address it to the customer. Raises NoAgent."""
    context.begin(request.user, request.trace)
    try:
        logger.info("asks about %s", request.topic, extra={"request": request})
        agent = agents.skilled(request.topic)
        text = await ask(agent, request)
        logger.info("answered by %s", agent.name, extra={"request": request})
        return Answer(context.trace(), context.user(), agent.name, text)
    except NoAgent:
        logger.warning("nobody knows about %s", request.topic, extra={"request": request})
        raise
    finally:
        context.end()


async def ask(agent: Agent, request: Request) -> str:
    """The agent's answer, after the time that this agent takes, with the help page that goes with it."""
    await asyncio.sleep(agent.pace)
    page = knowledge.client().page(request.topic)
    return f"{agent.name} on {request.topic}: {request.text.strip().rstrip('?')}. Done, see {page}."
