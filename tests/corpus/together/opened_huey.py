"""Five calls on one worker thread, each in a context of its own: how many connections they opened."""

import contextvars
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from huey import SqliteHuey

with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as worker:
    with mock.patch("sqlite3.connect", wraps=sqlite3.connect) as connect:
        storage = SqliteHuey(filename=f"{folder}/queue.db").storage
        before = connect.call_count
        for _ in range(5):
            worker.submit(contextvars.copy_context().run, storage.queue_size).result()
        print(connect.call_count - before)
        worker.submit(storage.close).result()
    storage.close()
