"""What goes through the service: requests, answers, and the agents who give them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Agent:
    """Somebody who answers questions about some topics."""

    name: str
    skills: frozenset[str]
    pace: float = 0.0  # seconds until the answer


@dataclass(frozen=True)
class Request:
    """A customer's question."""

    trace: str
    user: str
    topic: str
    text: str


@dataclass(frozen=True)
class Answer:
    """An agent's answer, addressed to the customer."""

    trace: str
    user: str
    agent: str
    text: str


class NoAgent(LookupError):
    """Nobody who is connected can answer this."""
