"""The threads that mail transcripts."""

import io
import logging

import pytest

from dispatch.logs import logging_to
from dispatch.model import Answer
from dispatch.workers import WorkerPool


def refuse(recipient: str, text: str) -> None:
    raise OSError("mail server is down")


def test_a_failing_mail_server_is_told_to_the_sender_and_harms_no_other_mail():
    pool = WorkerPool(refuse, size=1)
    pool.start()
    failed = [pool.submit(Answer("r-1", "ann", "Ada", "Done.")) for _ in range(2)]
    pool.close()
    for job in failed:
        with pytest.raises(OSError, match="mail server is down"):
            job.result()


def test_each_transcript_goes_to_its_own_customer():
    mailed = []
    pool = WorkerPool(lambda recipient, text: mailed.append((recipient, text)), size=3)
    pool.start()
    jobs = [pool.submit(Answer(f"r-{n}", f"user{n}", "Ada", "Done.")) for n in range(20)]
    pool.close()
    assert [job.result() for job in jobs] == [f"user{n}@customers.example" for n in range(20)]
    assert sorted(mailed) == sorted((f"user{n}@customers.example", f"[r-{n}] Done.") for n in range(20))


def test_a_transcripts_log_line_names_its_customer():
    stream = io.StringIO()
    with logging_to(logging.StreamHandler(stream)):
        pool = WorkerPool(lambda recipient, text: None, size=1)
        pool.start()
        pool.submit(Answer("r-1", "ann", "Ada", "Done."))
        pool.submit(Answer("r-2", "ben", "Ada", "Done."))
        pool.close()
    assert stream.getvalue() == "INFO    r-1 ann transcript mailed\nINFO    r-2 ben transcript mailed\n"
