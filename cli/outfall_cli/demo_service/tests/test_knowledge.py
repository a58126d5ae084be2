"""The help pages that answers point to."""

from dispatch import knowledge


def test_an_unknown_topic_has_the_first_page():
    assert knowledge.client().page("weather") == "help"


def test_a_topic_has_its_page():
    assert knowledge.client().page("billing") == "help/bills"


def test_all_ask_the_same_client():
    assert knowledge.client() is knowledge.client()
