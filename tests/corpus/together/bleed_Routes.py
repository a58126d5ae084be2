"""Fifty requests at once in the tasks of one thread: how many found another's environ in the mapper."""

import asyncio

from routes import Mapper


async def handle(mapper, number):
    mapper.environ = {"SCRIPT_NAME": str(number)}
    await asyncio.sleep(0)
    return mapper.environ["SCRIPT_NAME"] != str(number)


async def main():
    mapper = Mapper()
    return sum(await asyncio.gather(*(handle(mapper, number) for number in range(50))))


print(asyncio.run(main()))
