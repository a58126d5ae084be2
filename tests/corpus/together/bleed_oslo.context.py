"""Fifty requests at once in the tasks of one thread: how many found another's context as the current one."""

import asyncio

from oslo_context import context


async def handle(number):
    own = context.RequestContext(user_id=str(number), overwrite=True)
    await asyncio.sleep(0)
    return context.get_current() is not own


async def main():
    return sum(await asyncio.gather(*map(handle, range(50))))


print(asyncio.run(main()))
