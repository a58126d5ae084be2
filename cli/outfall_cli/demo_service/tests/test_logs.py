"""Log lines that say whose request they belong to."""

import io
import logging

from dispatch import context
from dispatch.logs import logging_to

logger = logging.getLogger("dispatch.test")


def test_a_line_outside_of_requests_belongs_to_nobody():
    stream = io.StringIO()
    with logging_to(logging.StreamHandler(stream)):
        logger.info("starting")
    assert stream.getvalue() == "INFO    - - starting\n"


def test_a_line_names_the_customer():
    stream = io.StringIO()
    with logging_to(logging.StreamHandler(stream)):
        context.begin("ann", "r-1")
        logger.warning("slow")
        context.end()
    assert stream.getvalue() == "WARNING r-1 ann slow\n"


def test_nothing_is_logged_after_the_block():
    stream = io.StringIO()
    with logging_to(logging.StreamHandler(stream)):
        pass
    logger.info("too late")
    assert stream.getvalue() == ""
