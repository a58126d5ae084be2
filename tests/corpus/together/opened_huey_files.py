"""Five calls on one worker thread, each in a context of its own, take a lock on a file: how many files they opened."""

import contextvars
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from huey.utils import FileLock


def locked(lock):
    with lock:
        return len(os.listdir(os.path.dirname(lock.filename)))


with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as worker:
    lock = FileLock(f"{folder}/own/lock")
    with mock.patch("os.open", wraps=os.open) as opened, mock.patch("os.close", wraps=os.close) as closed:
        for _ in range(5):
            worker.submit(contextvars.copy_context().run, locked, lock).result()
        ours = [call for call in opened.call_args_list if call.args[0] == lock.filename]
        assert closed.call_count >= len(ours), "a lock was left open"
print(len(ours))
