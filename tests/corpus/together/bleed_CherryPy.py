"""Fifty requests at once in the tasks of one thread: how many were served another's request."""

import asyncio

import cherrypy


async def handle(number):
    own = cherrypy.serving.request.__class__(cherrypy.lib.httputil.Host("127.0.0.1", number), cherrypy.lib.httputil.Host("127.0.0.1", 1))
    cherrypy.serving.load(own, cherrypy.serving.response)
    await asyncio.sleep(0)
    return cherrypy.request.local.port != number


async def main():
    return sum(await asyncio.gather(*map(handle, range(50))))


print(asyncio.run(main()))
