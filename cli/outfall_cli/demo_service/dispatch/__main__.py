"""`python -m dispatch`: a few requests, one after the other, with the log."""

from __future__ import annotations

import asyncio
import logging

from .logs import logging_to
from .model import Request
from .service import Service

REQUESTS = (
    Request("r-1", "ann", "billing", "Why was I charged twice?"),
    Request("r-2", "ben", "delivery", "Where is my parcel?"),
    Request("r-3", "cid", "returns", "How do I send this back?"),
)


def main() -> None:
    with logging_to(logging.StreamHandler()), Service(mail=lambda recipient, text: None) as service:
        for request in REQUESTS:
            handled = asyncio.run(service.handle(request))
            print(f"{handled.answer.user}: {handled.answer.text}")


if __name__ == "__main__":
    main()
