"""The words that every part of outfall shares: places, states, accesses, findings.

Data flows one way: file -> facts -> states -> findings -> plans -> edits. Everything in this
module is frozen and picklable, so that it can be cached, sent between processes and compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Kind(str, Enum):
    """What a state is for, decided from how it is used (docs/glossary.md)."""

    REGISTRY = "registry"
    CACHE = "cache"
    COLLECTION = "collection"
    CONTEXT = "context"
    SPAN_STACK = "span-stack"
    DEDUP = "dedup"
    COUNTER = "counter"
    SLOT = "slot"
    LAZY = "lazy"
    THREAD_RESOURCE = "thread-resource"
    UNDECIDED = "undecided"


class Operation(str, Enum):
    """What one access does to its state."""

    READ = "read"
    TEST = "test"  # membership, `hasattr`, truth
    ITERATE = "iterate"
    MUTATE = "mutate"  # the object is changed in place: `d[k] = v`, `.append`, `local.x = v`
    REBIND = "rebind"  # the name is bound to another object
    DELETE = "delete"  # `del d[k]`, `del local.x`, `del NAME`
    ESCAPE = "escape"  # the object itself leaves our sight: passed on, returned, stored

    @property
    def changes(self) -> bool:
        return self in (Operation.MUTATE, Operation.REBIND, Operation.DELETE)


class Priority(IntEnum):
    """How urgent a finding is; LOW is reported in strict mode only."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of source text.

    `path` is relative to the project root, with `/`. Lines count from 1. Columns count
    characters (not UTF-8 bytes) from 0; the end is exclusive. Output shown to people adds 1
    to the column.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Access:
    """One place that reads, tests, changes or lets go of a state."""

    place: Place
    operation: Operation
    function: str | None  # qualified name of the enclosing function, e.g. "Pool.get"; None: module or class level
    at_import: bool  # runs only while a module is being imported
    attribute: str | None = None  # of a namespace: `_local.user` touches "user"
    method: str | None = None  # called on the state: "append", "setdefault"
    lock: str | None = None  # the lock held around it, as written
    detail: str = ""  # for escapes and evidence: "passed to json.dumps", "value from parameter `user`"


@dataclass(frozen=True, slots=True)
class State:
    """One declaration of ambient state with everything known about its use in the project."""

    name: str  # qualified: "app.agents._agents", "bottle._local_property.ls"
    module: str  # "app.agents"
    local_name: str  # "_agents"
    scope: str  # "module", "class", "function" (captured by an inner function) or "instance"
    kind: Kind
    evidence: tuple[str, ...]  # why this kind, one sentence each
    constructor: str  # canonical: "dict", "list", "set", "collections.defaultdict", "threading.local", ...
    place: Place  # the declared name
    statement: Place  # the whole declaring statement
    value: Place | None  # the declared value; None where there is none
    annotated: bool
    public: bool  # name without leading underscore, or listed in __all__
    accesses: tuple[Access, ...] = ()

    @property
    def changes(self) -> tuple[Access, ...]:
        """The accesses that change the state after import."""
        return tuple(a for a in self.accesses if a.operation.changes and not a.at_import)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's report at a location, always tied to a state."""

    code: str  # "OUT101"
    name: str  # "module-mapping"
    category: str
    priority: Priority
    place: Place
    state: State
    message: str


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A file that could not be read: never a traceback, always one line."""

    path: str
    line: int | None
    message: str  # what was found and what to do, without the path
