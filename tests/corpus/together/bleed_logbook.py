"""Fifty tasks of one thread call what is deprecated, every other one with warnings off: how many spoke or kept silent for another."""

import asyncio

from logbook import TestHandler
from logbook.utils import deprecated, forget_deprecation_locations, suppressed_deprecations


@deprecated("old")
def old():
    return None


def spoken():
    """Whether the call is warned of."""
    forget_deprecation_locations()
    with TestHandler().contextbound() as handler:
        old()
    return bool(handler.records)


async def call(silent):
    if not silent:
        await asyncio.sleep(0)
        return not spoken()
    with suppressed_deprecations():
        await asyncio.sleep(0)
        heard = spoken()
        await asyncio.sleep(0)
    return heard


async def main():
    return sum(await asyncio.gather(*(call(number % 2 == 0) for number in range(100))))


print(asyncio.run(main()))
