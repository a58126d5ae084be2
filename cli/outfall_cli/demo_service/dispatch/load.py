"""`python -m dispatch.load`: many requests at once; counts those that carry another's name.

Exit code 0: every answer, log line and mail bore the name of its own customer. 1: some did not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from . import archive
from .logs import logging_to
from .model import Request
from .service import TOPICS, Service


@dataclass(frozen=True)
class Outcome:
    """What became of one request."""

    request: Request
    answered_to: str
    mailed_to: str
    seconds: float


@dataclass(frozen=True)
class Line:
    """One log line: whose request it was written for, and what it says."""

    request: Request
    text: str

    @property
    def wrong(self) -> bool:
        return f" {self.request.trace} {self.request.user} " not in self.text


class LineCollector(logging.Handler):
    """Keeps the formatted lines beside the requests for which they were written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        request = getattr(record, "request", None)
        if request is not None:
            self.lines.append(Line(request, self.format(record)))


@dataclass(frozen=True)
class Result:
    """A whole run, summed up."""

    requests: int
    wrong_answers: int
    wrong_lines: int
    wrong_mails: int
    bled: int  # requests of which anything at all bore another's name
    seconds: float
    latencies_ms: tuple[float, ...]  # sorted
    example: str  # a wrong line and its rightful owner, or ""

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that this share of the requests did not exceed."""
        last = len(self.latencies_ms) - 1
        return self.latencies_ms[round(share * last)] if self.latencies_ms else 0.0


def requests(count: int) -> list[Request]:
    """Requests of as many different customers, over all topics."""
    return [
        Request(f"r-{n:04}", f"user{n:04}", TOPICS[n % len(TOPICS)], f"Question {n}?") for n in range(count)
    ]


async def fire(service: Service, wanted: Sequence[Request]) -> list[Outcome]:
    """All requests at once, each as a task of its own."""

    async def one(request: Request) -> Outcome:
        began = time.perf_counter()
        handled = await service.handle(request)
        seconds = time.perf_counter() - began
        mailed_to = await asyncio.wrap_future(handled.transcript)
        return Outcome(request, handled.answer.user, mailed_to.partition("@")[0], seconds)

    return await asyncio.gather(*(one(request) for request in wanted))


def sum_up(outcomes: Sequence[Outcome], lines: Sequence[Line], seconds: float) -> Result:
    """Count what bore the name of another customer."""
    wrong_answers = {o.request.trace for o in outcomes if o.answered_to != o.request.user}
    wrong_mails = {o.request.trace for o in outcomes if o.mailed_to != o.request.user}
    wrong_lines = [line for line in lines if line.wrong]
    bled = wrong_answers | wrong_mails | {line.request.trace for line in wrong_lines}
    return Result(
        requests=len(outcomes),
        wrong_answers=len(wrong_answers),
        wrong_lines=len(wrong_lines),
        wrong_mails=len(wrong_mails),
        bled=len(bled),
        seconds=seconds,
        latencies_ms=tuple(sorted(o.seconds * 1000 for o in outcomes)),
        example=f"for {wrong_lines[0].request.user}: {wrong_lines[0].text}" if wrong_lines else "",
    )


@contextmanager
def own_archive() -> Iterator[None]:
    """Within the block, transcripts are kept in a file that goes with it."""
    with TemporaryDirectory() as folder:
        archive.keep_at(f"{folder}/archive.db")
        try:
            yield
        finally:
            archive.keep_at(archive.MEMORY)


def run(count: int) -> Result:
    """One run of so many concurrent requests, with an archive of its own."""
    collector = LineCollector()
    with own_archive(), logging_to(collector), Service(mail=lambda recipient, text: None) as service:
        began = time.perf_counter()
        outcomes = asyncio.run(fire(service, requests(count)))
        seconds = time.perf_counter() - began
    return sum_up(outcomes, collector.lines, seconds)


def as_json(result: Result, label: str, mode: str) -> str:
    """The result as `outfall report` reads it."""
    latency = {f"p{round(share * 100)}": round(result.percentile(share), 3) for share in (0.5, 0.95, 0.99)}
    document = {
        "label": label,
        "mode": mode,
        "requests": result.requests,
        "bled": result.bled,
        "seconds": round(result.seconds, 4),
        "latency_ms": latency,
    }
    return json.dumps(document, indent=2) + "\n"


def describe(result: Result) -> str:
    """The result for people."""
    lines = [
        f"{result.requests} concurrent requests in {result.seconds:.2f} s, p95 {result.percentile(0.95):.1f} ms",
        f"  answers to the wrong customer    {result.wrong_answers:5}",
        f"  mails to the wrong customer      {result.wrong_mails:5}",
        f"  log lines with the wrong name    {result.wrong_lines:5}",
    ]
    if result.example:
        lines.append(f"  for example, written {result.example}")
    verdict = f"{result.bled} of {result.requests} requests bled" if result.bled else "no request bled"
    return "\n".join([*lines, verdict])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dispatch.load", description="Fire concurrent requests.")
    parser.add_argument("--requests", type=int, default=200, metavar="N", help="how many at once (200)")
    parser.add_argument("--label", default="load", help="what to call this run in the report")
    parser.add_argument("--mode", default="legacy", help="the mode to note beside it")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the result there as JSON")
    options = parser.parse_args(arguments)

    result = run(options.requests)
    print(describe(result))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(as_json(result, options.label, options.mode), encoding="utf-8")
    return 1 if result.bled else 0


if __name__ == "__main__":
    sys.exit(main())
