"""Who is connected, and who can answer what."""

from __future__ import annotations

from .model import Agent, NoAgent

_agents: dict[str, Agent] = {}


def connect(agent: Agent) -> None:
    """Make the agent known; one who connects again replaces the earlier connection."""
    _agents[agent.name] = agent


def disconnect(name: str) -> bool:
    """Forget the agent. Says whether there was one of that name."""
    return _agents.pop(name, None) is not None


def disconnect_all() -> None:
    """Forget everybody, as at closing time."""
    _agents.clear()


def connected() -> list[str]:
    """The names of the connected agents, sorted."""
    return sorted(_agents)


def find(name: str) -> Agent | None:
    """The connected agent of that name."""
    return _agents.get(name)


def skilled(topic: str) -> Agent:
    """The quickest connected agent who knows the topic; raises NoAgent."""
    able = [agent for agent in list(_agents.values()) if topic in agent.skills]
    if not able:
        raise NoAgent(topic)
    return min(able, key=lambda agent: (agent.pace, agent.name))
