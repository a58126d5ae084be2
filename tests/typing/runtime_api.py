"""What a type checker makes of the runtime's public names. Never run; checked by `test_typing.py`.

Lines that must be errors carry `# type: ignore[code]`; strict mypy reports those that are not needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, assert_type

from outfall_runtime import (
    UNSET,
    ContextExecutor,
    ContextLocal,
    ContextValue,
    CounterRegistry,
    DefaultRegistry,
    DequeRegistry,
    Event,
    Lazy,
    LegacyStateError,
    ListRegistry,
    OrderedRegistry,
    Owner,
    Registry,
    SetRegistry,
    Slot,
    Span,
    SpanContext,
    StagedSpan,
    StagedContextLocal,
    StagedContextValue,
    StagedListRegistry,
    StagedRegistry,
    StagedWeakValueRegistry,
    ThreadResource,
    UnknownFlag,
    class_slot,
    context,
    emit,
    events,
    flags,
    install_logging,
    isolate,
    metrics,
    module_property,
    run_in_executor,
    slot_of,
    span,
    spans,
    staged_emit,
    staged_span,
)


class Agent:
    """What the tables below hold."""


# -- tables: as the plain types that they take the place of

agents: dict[str, Agent] = StagedRegistry("app.agents", {})
direct: Registry[str, Agent] = Registry("app.direct", limit=100, full="reject", ttl=2.5)
assert_type(direct["a"], Agent)
assert_type(direct.get("a"), Agent | None)
assert_type(direct.get_or_create("a", Agent), Agent)
assert_type(direct.unregister("a"), Agent)
assert_type(direct.list(), list[tuple[str, Agent]])
assert_type(direct.find(region="eu"), list[tuple[str, Agent]])
assert_type(direct.metadata("a"), Mapping[str, Any])
assert_type(direct.copy(), dict[str, Agent])
assert_type(direct.register("a", Agent(), owner=Owner(), metadata={"region": "eu"}, ttl=1), None)
assert_type(Registry("app.made", {"a": 1}), Registry[str, int])
direct[1] = Agent()  # type: ignore[index]
direct["a"] = "no agent"  # type: ignore[assignment]
direct.register("a", "no agent")  # type: ignore[arg-type]
direct.get_or_create("a", lambda: 1)  # type: ignore[arg-type,return-value]

queue: list[int] = StagedListRegistry("app.queue", [1])
assert_type(ListRegistry("app.list", [1]), ListRegistry[int])
assert_type(SetRegistry("app.seen", {"a"}), SetRegistry[str])
assert_type(DequeRegistry("app.recent", [1], 10), DequeRegistry[int])
by_day: DefaultRegistry[str, list[int]] = DefaultRegistry("app.by_day", list)
assert_type(by_day["monday"], list[int])
ordered: OrderedRegistry[str, int] = OrderedRegistry("app.ordered")
counted: CounterRegistry[str] = CounterRegistry("app.counted", "aab")
assert_type(counted.most_common(1), list[tuple[str, int]])
sessions: StagedWeakValueRegistry[str, Agent] = StagedWeakValueRegistry("app.sessions")
assert_type(sessions.get("a"), Agent | None)

# -- contexts

request = ContextLocal("app.request", "user")
staged = StagedContextLocal("app.staged", "user")
assert_type(request.user, Any)
request.anything = 1
ContextLocal(1)  # type: ignore[arg-type]

tenant: ContextValue[str] = ContextValue("app.tenant", default="none")
assert_type(tenant.get(), str)
assert_type(tenant.get(None), str | None)
tenant.set(1)  # type: ignore[arg-type]
staged_tenant: StagedContextValue[str] = StagedContextValue("app.staged_tenant")
assert_type(staged_tenant.get(), str)
assert_type(staged_tenant.get(None), str | None)
staged_tenant.set(1)  # type: ignore[arg-type]
with tenant.use("acme") as name:
    assert_type(name, str)

with context.use(user="ada"):
    assert_type(context.current(), Mapping[str, Any])


def work(number: int) -> str:
    return str(number)


assert_type(context.wrap(work)(1), str)
assert_type(ContextExecutor().submit(work, 1), Future[str])


async def awaited() -> None:
    assert_type(await run_in_executor(None, work, 1), str)


@isolate
def rows(count: int) -> Any:
    yield count


assert_type(rows(1), Any)
rows("one")  # type: ignore[arg-type]

# -- values

slot: Slot[int] = Slot("app.slot", 1)
assert_type(slot.get(), int)
assert_type(slot.value, int)
slot.value = "one"  # type: ignore[assignment]
optional: Slot[int | None] = Slot("app.optional", None)
assert_type(optional.value, int | None)
if optional.value is None:
    optional.value = 1
assert_type(optional.value, int)
assert_type(Slot("app.untold", None).value, Any)
assert_type(slot.swap(2), int)
assert_type(slot.update(lambda value: value + 1), int)
assert_type(slot.compare_and_set(1, UNSET), bool)
slot.set("one")  # type: ignore[arg-type]
module_property(__name__, "SLOT", slot)



class Client:
    """A class slot is its value to a type checker."""

    timeout = class_slot("app.Client.timeout", 10)
    agent: Agent | None = class_slot("app.Client.agent", None)
    name = class_slot("app.Client.name", None)


assert_type(Client.timeout, int)
assert_type(Client().agent, Agent | None)
assert_type(Client.name, Any)
Client().timeout = 5
Client.timeout = "long"  # type: ignore[assignment]
slot_of(Client, "timeout").value = 5
assert_type(slot_of(Client, "timeout").value, Any)

lazy: Lazy[Agent] = Lazy("app.lazy", Agent)
assert_type(lazy.get(), Agent)
assert_type(asyncio.run(lazy.aget()), Agent)

resource = ThreadResource("app.resource", Agent, close=lambda agent: None)
assert_type(resource.get(), Agent)

# -- flags, logging, evidence, errors

assert_type(flags.enabled("use_context", key="ada"), bool)
assert_type(flags.mode("use_context"), str)
assert_type(flags.all(), dict[str, str])
assert_type(flags.history()[0].time, float)
flags.set("use_context", 1.5)  # type: ignore[arg-type]
flags.FlagChange("a", "b")  # type: ignore[call-arg]


@flags.override("use_context", "new")
def overridden(number: int) -> str:
    return str(number)


assert_type(overridden(1), str)
assert_type(install_logging(), Callable[[], None])
assert_type(metrics.write_snapshot(), str | None)
assert_type(LegacyStateError("app.x", "app.py:1", "do this").remedy, str)
assert_type(UnknownFlag("x", []).name, str)

# -- spans

with span("load", region="eu") as loading:
    assert_type(loading, Span)
    assert_type(loading.set(rows=1, **{"http.method": "GET"}).event("read"), Span)
with staged_span("load") as staged_loading:
    assert_type(staged_loading, StagedSpan)
assert_type(span("load").begin(), Span)
assert_type(loading.context, SpanContext)
assert_type(loading.seconds, float)
assert_type(loading.attributes, Mapping[str, Any])
assert_type(spans.current(), Span | None)
assert_type(spans.extract({"traceparent": ""}), SpanContext | None)
assert_type(spans.on_end(lambda one: print(one.name)), Callable[[], None])
assert_type(spans.leaks()[0].where, str)
span("load", parent="00-1-2-01")  # type: ignore[arg-type]
spans.inject({1: 2})  # type: ignore[dict-item]


@span("spanned")
def spanned(number: int) -> str:
    return str(number)


assert_type(spanned(1), str)
spanned("one")  # type: ignore[arg-type]

# -- events


def one_by_one(event: Event) -> None:
    assert_type(event.fields, Mapping[str, Any])
    assert_type(event.time, float)
    assert_type(event.span, SpanContext | None)


def in_batches(batch: list[Event]) -> None:
    assert_type(batch[0].name, str)


assert_type(emit("agent.lost", agent="a-7", name="any field name is fine"), bool)
assert_type(staged_emit("agent.lost", agent="a-7"), bool)
assert_type(events.attach("agent.*", one_by_one, inline=True), Callable[[], None])
assert_type(events.attach("agent.*", in_batches, batch=100), Callable[[], None])
assert_type(events.configure("agent.*", key=("agent", "zone"), window=60, sample=0.5, per_second=10), Callable[[], None])
assert_type(events.flush(2), bool)
assert_type(events.stats(), dict[str, Any])
events.attach("agent.*", in_batches)  # type: ignore[arg-type]
events.attach("agent.*", one_by_one, batch=100)  # type: ignore[arg-type]
emit(1)  # type: ignore[arg-type]
