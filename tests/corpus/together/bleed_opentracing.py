"""Fifty traced tasks of one thread: how many found another's span active."""

import asyncio

import opentracing
from opentracing.scope_managers import ThreadLocalScopeManager


async def handle(tracer, manager):
    scope = manager.activate(tracer.start_span(), True)
    await asyncio.sleep(0)
    return manager.active is not scope


async def main():
    tracer, manager = opentracing.Tracer(), ThreadLocalScopeManager()
    return sum(await asyncio.gather(*(handle(tracer, manager) for _ in range(50))))


print(asyncio.run(main()))
