"""Five calls on one worker thread, each in a context of its own, wait for tasks: how many connections listen."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from huey import storage as storages

listening = []


def connect():
    connection = mock.MagicMock(closed=False, broken=False)
    connection.execute.side_effect = lambda statement: listening.append(statement) if statement.startswith("listen") else None
    connection.cursor.return_value.fetchone.return_value = None
    return connection


with mock.patch.object(storages, "psycopg", mock.Mock()), ThreadPoolExecutor(1) as worker:
    storage = storages.PostgresStorage(connection=connect, create_tables=False)
    for _ in range(5):
        worker.submit(contextvars.copy_context().run, storage.dequeue).result()
print(len(listening))
