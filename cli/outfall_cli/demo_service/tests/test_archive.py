"""Mailed transcripts are kept, through one connection for each thread."""

import sqlite3
import threading
from pathlib import Path

import pytest

from dispatch import archive


@pytest.fixture(autouse=True)
def place(tmp_path: Path):
    archive.keep_at(str(tmp_path / "archive.db"))
    yield
    archive.close()
    archive.keep_at(archive.MEMORY)


def in_thread(work) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_new_archive_is_empty():
    assert archive.count() == 0


def test_closing_without_a_connection_does_nothing():
    archive.close()
    archive.close()
    assert archive.count() == 0


def test_what_one_thread_keeps_all_find():
    in_thread(lambda: archive.keep("r-1", "Done."))
    archive.keep("r-2", "Done.")
    assert archive.count() == 2


def test_a_thread_opens_one_connection_however_often_it_keeps_something(monkeypatch: pytest.MonkeyPatch):
    opened = []
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda place: opened.append(place) or connect(place))

    def work():
        for number in range(5):
            archive.keep(f"r-{number}", "Done.")
        archive.close()

    in_thread(work)
    in_thread(work)
    assert len(opened) == 2
    assert archive.count() == 10
