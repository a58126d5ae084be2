"""Fifty tasks of one thread, each with an app of its own: how many found another's as the current app."""

import asyncio

from celery import Celery, current_app


async def handle(app):
    app.set_current()
    await asyncio.sleep(0)
    return current_app.main != app.main


async def main():
    apps = [Celery(f"app{number}", set_as_current=False) for number in range(50)]
    return sum(await asyncio.gather(*map(handle, apps)))


print(asyncio.run(main()))
