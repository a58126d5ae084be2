"""Fifty requests at once in the tasks of one thread: how many saw another's path."""

import asyncio
import io

import bottle

ENVIRON = {"REQUEST_METHOD": "GET", "SERVER_NAME": "x", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}


async def handle(path):
    bottle.request.bind({**ENVIRON, "PATH_INFO": path, "wsgi.input": io.BytesIO()})
    await asyncio.sleep(0)
    return bottle.request.path != path


async def main():
    return sum(await asyncio.gather(*(handle(f"/{number}") for number in range(50))))


print(asyncio.run(main()))
