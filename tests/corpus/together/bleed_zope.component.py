"""Fifty tasks of one thread, each with a site of its own: how many found another's as the current site."""

import asyncio

from zope.component.hooks import getSite, setSite
from zope.interface.registry import Components


class Site:
    def __init__(self):
        self.components = Components()

    def getSiteManager(self):
        return self.components


async def handle():
    own = Site()
    setSite(own)
    await asyncio.sleep(0)
    return getSite() is not own


async def main():
    return sum(await asyncio.gather(*(handle() for _ in range(50))))


print(asyncio.run(main()))
