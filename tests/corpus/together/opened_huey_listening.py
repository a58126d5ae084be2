"""Five calls on one worker thread, each in a context of its own, wait for tasks: how many connections listen."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from huey import storage as storages


def connection(listening):
    """A connection that notes each statement that listens."""
    made = mock.MagicMock(closed=False, broken=False)
    made.execute.side_effect = lambda statement: listening.append(statement) if statement.startswith("listen") else None
    made.cursor.return_value.fetchone.return_value = None
    return made


def listening_after_five_calls():
    listening = []
    with mock.patch.object(storages, "psycopg", mock.Mock()), ThreadPoolExecutor(1) as worker:
        storage = storages.PostgresStorage(connection=lambda: connection(listening), create_tables=False)
        for _ in range(5):
            worker.submit(contextvars.copy_context().run, storage.dequeue).result()
    return len(listening)


print(listening_after_five_calls())
