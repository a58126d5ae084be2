"""Who is connected, and who can answer what."""

import pytest

from dispatch import agents
from dispatch.model import Agent, NoAgent

ADA = Agent("Ada", frozenset({"billing"}), pace=0.2)
BO = Agent("Bo", frozenset({"billing", "delivery"}), pace=0.1)


def test_nobody_knows_anything_at_first():
    assert agents.connected() == []
    assert agents.find("Ada") is None
    with pytest.raises(NoAgent, match="billing"):
        agents.skilled("billing")


def test_nobody_knows_a_foreign_topic():
    agents.connect(ADA)
    with pytest.raises(NoAgent, match="delivery"):
        agents.skilled("delivery")


def test_a_stranger_cannot_disconnect():
    assert agents.disconnect("Zoe") is False


def test_connected_agents_are_found_by_name():
    agents.connect(BO)
    agents.connect(ADA)
    assert agents.connected() == ["Ada", "Bo"]
    assert agents.find("Bo") is BO


def test_the_quickest_who_knows_the_topic_is_asked():
    agents.connect(ADA)
    agents.connect(BO)
    assert agents.skilled("billing") is BO


def test_a_second_connection_replaces_the_first():
    agents.connect(ADA)
    quick = Agent("Ada", ADA.skills, pace=0.01)
    agents.connect(quick)
    assert agents.connected() == ["Ada"]
    assert agents.skilled("billing") is quick


def test_a_disconnected_agent_is_asked_no_more():
    agents.connect(ADA)
    agents.connect(BO)
    assert agents.disconnect("Bo") is True
    assert agents.skilled("billing") is ADA


def test_closing_time():
    agents.connect(ADA)
    agents.connect(BO)
    agents.disconnect_all()
    assert agents.connected() == []
