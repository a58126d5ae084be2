"""One evidence file as records; whatever is not as documented is named by its place in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeVar

T = TypeVar("T")
SERVING = ("new", "enforced")


class NotEvidence(Exception):
    """What was found in the place of what; the text is for people."""


@dataclass(frozen=True, slots=True)
class StateRecord:
    """What one process recorded about one state."""

    host: str
    machine: str
    pid: int
    started: datetime
    updated: datetime
    mode: str
    hours: float  # with the new way serving
    accesses: int
    lost: int
    lost_sites: tuple[tuple[str, int], ...]
    would_evict: int
    would_reject: int
    rollbacks: int


@dataclass(frozen=True, slots=True)
class _At:
    """A value of the document and its place there: `processes[0].states`."""

    value: Any
    place: str = ""

    def get(self, key: str, absent: object = None) -> _At:
        """The entry of a table; `absent` where there is none and it may be left out."""
        place = f"{self.place}.{key}" if self.place else key
        entries = self.entries()
        if key not in entries and absent is None:
            raise NotEvidence(f"`{place}` is missing")
        return _At(entries.get(key, absent), place)

    def entries(self) -> dict[str, Any]:
        return self.of(dict, "an object")

    def items(self) -> Iterator[_At]:
        """The members of a list."""
        for number, value in enumerate(self.of(list, "a list")):
            yield _At(value, f"{self.place}[{number}]")

    def text(self) -> str:
        return self.of(str, "a text")

    def count(self) -> int:
        return self.of(int, "a whole number")

    def number(self) -> float:
        return float(self.value) if isinstance(self.value, int) else self.of(float, "a number")

    def time(self) -> datetime:
        """A moment; one without a zone is in UTC."""
        try:
            found = datetime.fromisoformat(self.text())
        except ValueError:
            raise NotEvidence(f"`{self.place}` is {_shown(self.value)}, not a time such as 2026-11-23T10:15:00Z") from None
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)

    def of(self, kind: type[T], wanted: str) -> T:
        if not isinstance(self.value, kind) or isinstance(self.value, bool):
            raise NotEvidence(f"`{self.place or 'the document'}` is {_shown(self.value)}, not {wanted}")
        return self.value


@dataclass(frozen=True, slots=True)
class Recorded:
    """One evidence file: each state's name with what one process recorded, and what was accepted with a reason."""

    records: tuple[tuple[str, StateRecord], ...]
    accepted: dict[str, str]


def recorded(data: bytes) -> Recorded:
    """What the file holds; raises `NotEvidence`."""
    document = _At(_parsed(data))
    found = document.get("format").value, document.get("version").value
    if found != ("outfall-evidence", 1):
        raise NotEvidence(f"its format is {_shown(found[0])}, version {_shown(found[1])}; outfall-evidence 1 is read here")
    accepted = document.get("accepted", {})
    return Recorded(tuple(_records(document)), {name: accepted.get(name).text() for name in accepted.entries()})


def _records(document: _At) -> Iterator[tuple[str, StateRecord]]:
    for process in document.get("processes").items():
        for name in process.get("states").entries():
            yield name, _record(process, process.get("states").get(name))


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except UnicodeDecodeError:
        raise NotEvidence("it is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise NotEvidence(f"it is not JSON ({error.msg}, line {error.lineno})") from None
    except RecursionError:
        raise NotEvidence("it is nested too deeply") from None


def _record(process: _At, state: _At) -> StateRecord:
    return StateRecord(
        host=process.get("host").text(),
        machine=process.get("machine", "").text(),
        pid=process.get("pid").count(),
        started=process.get("started").time(),
        updated=process.get("updated").time(),
        mode=state.get("mode").text(),
        hours=sum(state.get("hours").get(mode).number() for mode in SERVING),
        accesses=_sum(state.get("reads")) + _sum(state.get("writes")),
        lost=state.get("lost").count(),
        lost_sites=tuple((site.get("site").text(), site.get("count").count()) for site in state.get("lost_sites", []).items()),
        would_evict=state.get("would_evict").count(),
        would_reject=state.get("would_reject", 0).count(),
        rollbacks=state.get("rollbacks").count(),
    )


def _sum(counts: _At) -> int:
    return sum(counts.get(mode).count() for mode in counts.entries())


def _shown(value: object) -> str:
    """A value as JSON writes it, cut short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."
