"""The whole service, started and stopped together."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from . import agents, router
from .model import Agent, Answer, Request
from .workers import Mail, WorkerPool

STAFF = (
    Agent("Ada", frozenset({"billing"}), pace=0.002),
    Agent("Bo", frozenset({"delivery", "returns"}), pace=0.004),
    Agent("Cleo", frozenset({"accounts", "billing"}), pace=0.003),
)
TOPICS = ("billing", "delivery", "returns", "accounts")


@dataclass(frozen=True)
class Handled:
    """An answer, and the transcript that is on its way."""

    answer: Answer
    transcript: Future[str]


class Service:
    """Connects the staff and runs the mail threads for as long as the `with` block lasts."""

    def __init__(self, mail: Mail, staff: tuple[Agent, ...] = STAFF) -> None:
        self._staff = staff
        self._pool = WorkerPool(mail)

    def __enter__(self) -> Service:
        for agent in self._staff:
            agents.connect(agent)
        self._pool.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()
        for agent in self._staff:
            agents.disconnect(agent.name)

    async def handle(self, request: Request) -> Handled:
        """Answer the request and mail its transcript."""
        answer = await router.handle(request)
        return Handled(answer, self._pool.submit(answer))
