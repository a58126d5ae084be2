"""The threads that mail transcripts, so that no customer waits for a mail server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue

from . import archive, context
from .model import Answer

logger = logging.getLogger(__name__)

Mail = Callable[[str, str], None]  # recipient, text


@dataclass(frozen=True)
class Job:
    """One transcript to be mailed."""

    answer: Answer
    done: Future[str] = field(default_factory=Future)


class WorkerPool:
    """A fixed number of threads that take transcripts from one queue."""

    def __init__(self, mail: Mail, size: int = 2) -> None:
        self._mail = mail
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"mail-{n}") for n in range(size)]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, answer: Answer) -> Future[str]:
        """Mail the transcript soon; the result is the recipient."""
        job = Job(answer)
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Finish what is queued, then stop the threads."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            context.begin(job.answer.user, job.answer.trace)
            try:
                job.done.set_result(self._send(job.answer))
            except Exception as error:
                logger.exception("mail failed")
                job.done.set_exception(error)
            finally:
                context.end()
        archive.close()

    def _send(self, answer: Answer) -> str:
        recipient = f"{answer.user}@customers.example"
        self._mail(recipient, f"[{answer.trace}] {answer.text}")
        archive.keep(answer.trace, answer.text)
        logger.info("transcript mailed")
        return recipient
