"""The same job done by other libraries, in the same unit; what is not installed is shown as such.

None of them is a dependency. To compare: `pip install structlog asgiref werkzeug openfeature-sdk
opentelemetry-sdk sentry-sdk`. The jobs are not equal in all they do: this says what a caller pays, not who
is better.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.table import Row
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, ratio
from outfall_runtime import ContextLocal, context, flags, span, spans

TITLE = "beside other libraries"
UNIT = "dict.get"
BASELINE = "plain.get('k')"
Names = dict[str, Any]


def ours() -> Names:
    local = ContextLocal("benchmarks.rival", "user")
    local.user = "ada"
    return {"use": context.use, "enabled": flags.enabled, "local": local}


def structlog() -> Names:
    return {"bound": import_module("structlog.contextvars").bound_contextvars}


def asgiref() -> Names:
    local = import_module("asgiref.local").Local()
    local.user = "ada"
    return {"local": local}


def werkzeug() -> Names:
    local = import_module("werkzeug.local").Local()
    local.user = "ada"
    return {"local": local}


def openfeature() -> Names:
    return {"client": import_module("openfeature.api").get_client()}


def opentelemetry() -> Names:
    module = import_module("opentelemetry.context")
    return {"attach": module.attach, "detach": module.detach, "set_value": module.set_value}


def our_spans() -> Names:
    return {"span": span, "stop": spans.on_end(lambda one: None)}


def opentelemetry_spans() -> Names:
    sdk = import_module("opentelemetry.sdk.trace")
    provider = sdk.TracerProvider()
    provider.add_span_processor(sdk.SpanProcessor())  # one that does nothing, as the listener of ours
    return {"span": provider.get_tracer("benchmarks").start_as_current_span}


def sentry_spans() -> Names:
    sentry = import_module("sentry_sdk")
    sentry.init(traces_sample_rate=1.0, default_integrations=False, transport=lambda envelope: None)
    transaction = sentry.start_transaction(name="benchmarks")
    transaction.__enter__()
    return {"span": sentry.start_span, "transaction": transaction}


LIMITS = {"context enter and exit: outfall": 70, "span start and end: outfall": 90}  # the most that ours may cost
OPERATIONS: list[tuple[str, Callable[[], Names], str]] = [
    ("context enter and exit: outfall", ours, "with use(user='ada'): pass"),
    ("context enter and exit: structlog", structlog, "with bound(user='ada'): pass"),
    ("context enter and exit: opentelemetry", opentelemetry, "detach(attach(set_value('user', 'ada')))"),
    ("context attribute read: outfall", ours, "local.user"),
    ("context attribute read: asgiref", asgiref, "local.user"),
    ("context attribute read: werkzeug", werkzeug, "local.user"),
    ("span start and end: outfall", our_spans, "with span('work'): pass"),
    ("span start and end: opentelemetry", opentelemetry_spans, "with span('work'): pass"),
    ("span start and end: sentry", sentry_spans, "with span(op='work'): pass"),
    ("flag check: outfall", ours, "enabled('use_context')"),
    ("flag check: openfeature", openfeature, "client.get_boolean_value('use_context', False)"),
]


def rows(quick: bool) -> list[Row]:
    """Each job beside a plain dict read."""
    return [measured(*operation, QUICK_ROUNDS if quick else ROUNDS) for operation in OPERATIONS]


def measured(name: str, prepare: Callable[[], Names], code: str, rounds: int) -> Row:
    """One job; without its library, a row that says so."""
    try:
        names = prepare()
    except ModuleNotFoundError:
        return Row(name, None, UNIT)
    return Row(name, ratio(code, BASELINE, {"plain": {"k": 1}, **names}, rounds), UNIT, LIMITS.get(name))
