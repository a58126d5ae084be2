"""Reading JSON with types: a `Field` is a value that knows where it came from.

Every accessor either returns a value of the promised type or raises `ReportError` naming the
file, the place inside it and the remedy. Fields that are not asked for are left alone, so that a
document may carry more than a report needs.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NoReturn

from outfall_reports.errors import ReportError

NEWEST = 1
"""The latest version of every document that this package reads."""
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a document, with its source (a file name), place (a path) and remedy."""

    value: object
    source: str
    place: str = ""
    remedy: str = "Write the document again with the outfall that wrote it"

    def fail(self, problem: str, remedy: str | None = None) -> NoReturn:
        """Raise `ReportError` for this very place."""
        raise ReportError(self.source, self.place, problem, remedy or self.remedy)

    def get(self, name: str) -> Field:
        """The member `name` of an object; an error if it is absent."""
        members = self._members()
        if name not in members:
            self.fail(f'"{name}" is missing')
        return self._child(name, members[name])

    def optional(self, name: str) -> Field | None:
        """The member `name` of an object; `None` where it is absent or null."""
        value = self._members().get(name)
        return None if value is None else self._child(name, value)

    def optional_text(self, name: str) -> str | None:
        """The string that is the member `name` of an object; `None` where it is absent or null."""
        field = self.optional(name)
        return None if field is None else field.text()

    def members(self) -> Iterator[tuple[str, Field]]:
        """The members of an object, in the order of the document."""
        for name, value in self._members().items():
            yield name, self._child(name, value)

    def items(self) -> Iterator[Field]:
        """The items of an array."""
        if not isinstance(self.value, list | tuple):
            self._expected("an array")
        for index, value in enumerate(self.value):
            yield Field(value, self.source, f"{self.place}[{index}]", self.remedy)

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            self._expected("a string")
        return self.value

    def choice(self, names: Collection[str]) -> str:
        """A string that is one of `names`."""
        text = self.text()
        if text not in names:
            self._expected("one of " + ", ".join(names))
        return text

    def count(self) -> int:
        """A whole number, zero or more."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            self._expected("a whole number of at least 0")
        return self.value

    def amount(self) -> float:
        """A finite number, zero or more."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._expected("a number of at least 0")
        if value < 0 or not math.isfinite(value):
            self._expected("a finite number of at least 0")
        return float(value)

    def moment(self) -> datetime:
        """A time in ISO 8601; UTC where it names no zone."""
        try:
            time = datetime.fromisoformat(self.text())
        except ValueError:
            self._expected("a time such as 2026-11-23T10:00:00Z")
        return time if time.tzinfo else time.replace(tzinfo=timezone.utc)

    def check_version(self) -> None:
        """Refuse a document of a version that this package does not know."""
        version = self.get("version")
        number = version.count()
        if number > NEWEST:
            version.fail(
                f"version {number} is newer than what this outfall reads ({NEWEST})",
                "Upgrade outfall, or write the document with the outfall in use here",
            )
        if number < 1:
            version._expected(f"a version from 1 to {NEWEST}")

    def _members(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            self._expected("an object")
        return self.value

    def _child(self, name: str, value: object) -> Field:
        step = name if _PLAIN_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
        place = f"{self.place}.{step}" if self.place else step
        return Field(value, self.source, place, self.remedy)

    def _expected(self, what: str) -> NoReturn:
        self.fail(f"expected {what}, found {_shown(self.value)}")


def _shown(value: object) -> str:
    """A value as an error shows it: JSON, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"
