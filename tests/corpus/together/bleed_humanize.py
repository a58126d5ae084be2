"""Fifty tasks of one thread, each in a language of its own: how many wrote a number in another's."""

import asyncio

import humanize


def written(language):
    humanize.activate(language)
    return humanize.intcomma(1234)


async def write(language, expected):
    humanize.activate(language)
    await asyncio.sleep(0)
    return humanize.intcomma(1234) != expected


async def main():
    expected = {language: written(language) for language in ("de_DE", "fr_FR", None)}
    assert len(set(expected.values())) == 3, expected
    return sum(await asyncio.gather(*(write(*each) for each in [*expected.items()] * 17)))


print(asyncio.run(main()))
