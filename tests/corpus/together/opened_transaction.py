"""Five calls on one worker thread, each in a context of its own: how many transaction managers they met."""

import contextvars
from concurrent.futures import ThreadPoolExecutor

import transaction


def manager():
    return transaction.manager.manager


with ThreadPoolExecutor(1) as worker:
    met = [worker.submit(contextvars.copy_context().run, manager).result() for _ in range(5)]
print(len(set(map(id, met))))
