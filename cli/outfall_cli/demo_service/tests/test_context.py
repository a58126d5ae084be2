"""Whose request is being handled."""

import threading

from dispatch import context


def test_outside_of_requests_there_is_nobody():
    assert (context.user(), context.trace()) == ("-", "-")


def test_a_request_is_known_from_begin_to_end():
    context.begin("ann", "r-1")
    assert (context.user(), context.trace()) == ("ann", "r-1")
    context.end()
    assert (context.user(), context.trace()) == ("-", "-")


def test_the_next_request_replaces_the_last():
    context.begin("ann", "r-1")
    context.begin("ben", "r-2")
    assert (context.user(), context.trace()) == ("ben", "r-2")
    context.end()


def test_another_thread_does_not_see_it():
    seen = []
    context.begin("ann", "r-1")
    thread = threading.Thread(target=lambda: seen.append(context.user()))
    thread.start()
    thread.join()
    context.end()
    assert seen == ["-"]


def test_another_thread_does_not_change_it():
    context.begin("ann", "r-1")
    thread = threading.Thread(target=context.begin, args=("ben", "r-2"))
    thread.start()
    thread.join()
    assert context.user() == "ann"
    context.end()
