"""Five calls on one worker thread, each in a context of its own: how many sessions they opened."""

import contextvars
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import requests
from rollbar.lib import transport

with mock.patch("requests.Session", wraps=requests.Session) as session, ThreadPoolExecutor(1) as worker:
    for _ in range(5):
        worker.submit(contextvars.copy_context().run, transport.configure_pool, max_retries=1).result()
    print(session.call_count)
