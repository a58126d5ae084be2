"""`[tool.outfall]` of pyproject.toml, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from outfall_lint.closest import choice
from outfall_lint.model import Kind, Priority
from outfall_lint.rule import all_rules


class ConfigError(Exception):
    """A configuration that cannot be used; the text names the file, the key and the remedy."""


@dataclass(frozen=True, slots=True)
class PerPath:
    """What applies to files that match `pattern` only."""

    pattern: str
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rollout:
    """What evidence a removal asks for: hours in the new way, who must report, and what was accepted.

    `accepted` gives a reason for each call site (of a loss) and state (of would-be evictions).
    """

    dwell_hours: float = 48.0
    processes: tuple[str, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one project. Paths are relative to its root."""

    paths: tuple[str, ...] = (".",)
    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_priority: Priority = Priority.NORMAL
    baseline: str = ".outfall-baseline.json"
    ledger: str = "outfall-flags.toml"
    states: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    per_path: tuple[PerPath, ...] = ()
    rollout: Rollout = Rollout()


def load_config(root: Path) -> Config:
    """The configuration of the project at `root`; the defaults where pyproject.toml has none.

    Raises `ConfigError` for a file that is not TOML, an unknown key or a value of the wrong type.
    """
    path = root / "pyproject.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    table: object = document
    for above, key in (("", "tool"), ("tool.", "outfall")):
        table = table.get(key, {}) if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: `{above}{key}` is {_kind_of(table)}, expected a table")
    assert isinstance(table, dict)
    return _Reader(str(path)).config(table)


_TOP = "tool.outfall"


class _Reader:
    """Turns the parsed table into a `Config`; every error names the file and the key."""

    def __init__(self, path: str) -> None:
        self._path = path

    def config(self, table: dict[str, Any]) -> Config:
        self._only(table, [key_of(each.name) for each in fields(Config)], _TOP)
        default = Config()
        return Config(
            paths=self._paths(table, default.paths),
            exclude=self._strings(table, "exclude", _TOP),
            select=self._codes(table, "select", _TOP),
            ignore=self._codes(table, "ignore", _TOP),
            min_priority=self._priority(table),
            baseline=self._string(table, "baseline", default.baseline),
            ledger=self._string(table, "ledger", default.ledger),
            states=self._states(self._table(table, "states")),
            rules=self._rules(self._table(table, "rules")),
            per_path=tuple(self._per_path(p, t) for p, t in self._table(table, "per-path").items()),
            rollout=self._rollout(self._table(table, "rollout")),
        )

    def _paths(self, table: Mapping[str, Any], default: tuple[str, ...]) -> tuple[str, ...]:
        paths = self._strings(table, "paths", _TOP, default)
        if not paths:
            raise self._error(f'`{_TOP}.paths` names nothing, so nothing would be checked; leave it out, or say ["."]')
        return paths

    def _error(self, message: str) -> ConfigError:
        return ConfigError(f"{self._path}: {message}")

    def _only(self, table: Mapping[str, object], known: Iterable[str], where: str) -> None:
        known = tuple(known)
        for key in table:
            if key not in known:
                raise self._error(f"unknown key `{where}.{key}`{choice(key, known)}")

    def _table(self, table: Mapping[str, Any], key: str, where: str = _TOP) -> dict[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            raise self._error(f"`{where}.{key}` is {_kind_of(value)}, expected a table")
        return value

    def _string(self, table: Mapping[str, Any], key: str, default: str) -> str:
        value = table.get(key, default)
        if not isinstance(value, str):
            raise self._error(f"`{_TOP}.{key}` is {_kind_of(value)}, expected a text")
        return value

    def _strings(self, table: Mapping[str, Any], key: str, where: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = table.get(key, list(default))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(f"`{where}.{key}` is {_kind_of(value)}, expected a list of texts")
        return tuple(value)

    def _codes(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        """Codes of rules or of their families, `OUT1`."""
        codes = self._strings(table, key, where)
        known = [rule.code for rule in all_rules()]
        for code in codes:
            if not code or not any(rule.startswith(code.upper()) for rule in known):
                raise self._error(f"`{where}.{key}`: unknown rule {code!r}{choice(code, known)}")
        return tuple(code.upper() for code in codes)

    def _priority(self, table: Mapping[str, Any]) -> Priority:
        name = str(table.get("min-priority", "normal"))
        names = [priority.name.lower() for priority in Priority]
        if name.lower() not in names:
            raise self._error(f"`{_TOP}.min-priority`: unknown priority {name!r}{choice(name, names)}")
        return Priority[name.upper()]

    def _states(self, table: Mapping[str, Any]) -> Mapping[str, str]:
        kinds = [kind.value for kind in Kind]
        for name, kind in table.items():
            if kind not in kinds:
                raise self._error(f"`{_TOP}.states.\"{name}\"`: unknown kind {kind!r}{choice(str(kind), kinds)}")
        return dict(table)

    def _rules(self, table: Mapping[str, Any]) -> Mapping[str, Mapping[str, object]]:
        rules = {rule.code: rule for rule in all_rules()}
        self._only(table, rules, f"{_TOP}.rules")
        for code in table:
            settings, where = self._table(table, code, f"{_TOP}.rules"), f"{_TOP}.rules.{code}"
            self._only(settings, [p.name for p in rules[code].parameters], where)
            for parameter in rules[code].parameters:
                self._typed(settings, parameter.name, parameter.default, where)
        return {code: {k: _frozen(v) for k, v in settings.items()} for code, settings in table.items()}

    def _typed(self, settings: Mapping[str, Any], key: str, default: object, where: str) -> None:
        value = settings.get(key, default)
        texts = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        if not (texts if isinstance(default, tuple) else type(value) is type(default)):
            expected = "a list of texts" if isinstance(default, tuple) else _kind_of(default)
            raise self._error(f"`{where}.{key}` is {_kind_of(value)}, expected {expected}")

    def _per_path(self, pattern: str, table: object) -> PerPath:
        where = f'{_TOP}.per-path."{pattern}"'
        if not isinstance(table, dict):
            raise self._error(f"`{where}` is {_kind_of(table)}, expected a table")
        self._only(table, ("select", "ignore"), where)
        return PerPath(pattern, self._codes(table, "select", where), self._codes(table, "ignore", where))

    def _rollout(self, table: Mapping[str, Any]) -> Rollout:
        where = f"{_TOP}.rollout"
        self._only(table, ("dwell-hours", "processes", "accepted"), where)
        hours = table.get("dwell-hours", Rollout().dwell_hours)
        if isinstance(hours, bool) or not isinstance(hours, (int, float)) or not hours >= 0:
            raise self._error(f"`{where}.dwell-hours` must be a number of hours, 0 or more")
        return Rollout(float(hours), self._strings(table, "processes", where), self._accepted(table, where))

    def _accepted(self, rollout: Mapping[str, Any], where: str) -> Mapping[str, str]:
        found = self._table(rollout, "accepted", where)
        for name, reason in found.items():
            if not isinstance(reason, str) or not reason.strip():
                raise self._error(f'`{where}.accepted."{name}"` must be the reason, such as "read by the nightly report only"')
        return found


def key_of(field_name: str) -> str:
    """How a field of `Config` is spelled in the table: `min-priority`."""
    return field_name.replace("_", "-")


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _kind_of(value: object) -> str:
    words = {"bool": "a truth value", "int": "a number", "float": "a number", "str": "a text", "list": "a list"}
    return words.get(type(value).__name__, "a table" if isinstance(value, dict) else f"a {type(value).__name__}")
