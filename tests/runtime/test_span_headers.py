"""W3C trace context: what is read, what is refused, what is written."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from hypothesis import given, strategies as st

from outfall_runtime import SpanContext, span, spans
from outfall_runtime.spans import parse_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{SPAN}-01"

MALFORMED = [
    "",
    "garbage",
    GOOD.upper(),
    GOOD + "-more",
    GOOD.replace("00-", "ff-", 1),
    GOOD.replace("00-", "0-", 1),
    f"00-{'0' * 32}-{SPAN}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE[:-1]}-{SPAN}-01",
    f"00-{TRACE}-{SPAN}-1",
    f"00-{TRACE}-{SPAN}",
    f"00-{TRACE[:-1]}x-{SPAN}-01",
    f"00-{TRACE[:-1]}_-{SPAN}-01",
    f"00-+{TRACE[1:]}-{SPAN}-01",
    GOOD.replace("-", "_"),
    f"01-{TRACE}-{SPAN}-01more",
]


@pytest.mark.parametrize("header", MALFORMED)
def test_a_malformed_header_is_no_parent(header: str) -> None:
    assert spans.extract({"traceparent": header}) is None


@pytest.mark.parametrize(
    "header, sampled", [(GOOD, True), (GOOD[:-2] + "00", False), (GOOD[:-2] + "03", True), (f"cc-{GOOD[3:]}-what", True)]
)
def test_a_header_is_read(header: str, sampled: bool) -> None:
    assert spans.extract({"Traceparent": header, "TraceState": " a=1 "}) == SpanContext(TRACE, SPAN, sampled, "a=1")


def test_a_tracestate_that_is_too_long_is_left_out() -> None:
    assert parse_traceparent(GOOD, "a=" + "1" * 600) == SpanContext(TRACE, SPAN)


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_what_is_written_is_read_again(trace: int, number: int, sampled: bool) -> None:
    context = SpanContext(f"{trace:032x}", f"{number:016x}", sampled)
    assert parse_traceparent(context.traceparent) == context


@given(st.text(alphabet="0123456789abcdef-xF ", max_size=70))
def test_whatever_comes_is_a_place_or_nothing(header: str) -> None:
    found = parse_traceparent(header)
    assert found is None or (len(found.trace_id), len(found.span_id)) == (32, 16)


def test_a_trace_goes_on_from_process_to_process() -> None:
    headers: Dict[str, str] = {}
    with span("server", parent=spans.extract({"traceparent": GOOD[:-2] + "00", "tracestate": "a=1"})) as server:
        with span("client") as client:
            spans.inject(headers)
    assert (server.parent_id, server.context.trace_id, server.context.sampled) == (SPAN, TRACE, False)
    assert headers == {"traceparent": f"00-{TRACE}-{client.context.span_id}-00", "tracestate": "a=1"}


def test_without_a_span_nothing_is_written() -> None:
    headers: Dict[str, str] = {}
    spans.inject(headers)
    assert headers == {}


def test_an_explicit_parent_outranks_the_span_around() -> None:
    with span("first") as first:
        pass
    with span("around"), span("child", parent=first) as child:
        assert (child.parent_id, spans.current()) == (first.context.span_id, child)


def test_without_a_header_a_request_begins_a_trace() -> None:
    with span("server", parent=spans.extract({})) as server:
        context: Any = server.context
    assert server.parent_id == ""
    assert int(context.trace_id, 16) > 0
