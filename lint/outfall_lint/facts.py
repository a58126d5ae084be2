"""What one file says by itself: the facts that rules and the project layer work from.

Facts are plain tuples, picklable and comparable; they know one file only. A *target* is an
absolute dotted path as a tuple, `("app", "agents", "_agents", "[]")` for `_agents[k]` in module
`app.agents`: imports are already resolved to the names they stand for, `[]` is a subscript.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Target = tuple[str, ...]
Span = tuple[int, int, int, int]
"""line, column, end line, end column; columns in characters from 0."""

SUBSCRIPT = "[]"
SLICE = "[:]"
"""A slice: what is stored there changes the object, what is read there is a copy."""
GOT = "get()"
"""What `x.get(…)` gave, in `x.get(…).append(v)`."""
IMPORTED = "import_module()"
"""The module that `importlib.import_module(…)` gave."""
ANY = "*"
"""An attribute whose name is computed, as in `setattr(x, name, v)`."""
GLOBALS = "globals()"
"""The module's own dictionary, in `globals()[k] = v`."""

BINDS = frozenset(("store", "augment", "delete"))
"""The verbs of uses that bind what their path ends in, or unbind it."""

made = tuple.__new__
"""Makes a named tuple of all its fields at half the price of calling its class: a tenth of the walk."""


class Use(NamedTuple):
    """One use of a name that outlives a function.

    `verb` is what the code does with the end of the target's path: "load" (the value leaves:
    passed on, returned, stored), "read", "test", "iterate", "store", "augment", "delete", "call",
    or "change" (it is handed to what changes its argument in place: `next(X)`, `heappush(X, v)`).
    `value` describes what a store puts there (see `values.describe`); `detail` says where a
    load goes ("passed to json.dumps"), or how a test tests ("is None").
    """

    target: Target
    verb: str
    span: Span
    function: str | None
    at_import: bool
    lock: str | None = None
    detail: str = ""
    value: str = ""
    via: str = ""  # how the path was reached: see `names.Resolved`
    key: str = ""  # the call that the entry's key comes from: "threading.get_ident"
    callee: str = ""  # the function that a load hands the object to, as an absolute dotted name
    argument: str = ""  # and as which argument: its position or keyword


class Declaration(NamedTuple):
    """A name bound at module or class level, or where an inner scope keeps it alive.

    `scope` is "module", "class", "instance" or "function". `constructor` is the canonical name of
    what the value is made by: "dict" for `{}` and `dict()`, "threading.local", "app.models.Pool",
    "constant" for None, numbers and text, "" for anything else.
    """

    name: str  # within the module: "_agents", "Pool.registry", "factory.local"
    scope: str
    constructor: str
    span: Span
    statement: Span
    value: Span | None
    annotated: bool
    also: tuple[str, ...] = ()  # other names bound to the same object by the same statement
    note: str = ""  # "empty", "filled", "None" …: what the value looks like


class Function(NamedTuple):
    """A function or method, by its name within the module."""

    name: str
    kind: str  # "function", "method", "classmethod", "staticmethod", "property", "nested"
    parameters: tuple[str, ...]
    registers: bool  # stores a parameter and returns the same parameter: a decorator registry
    decorators: tuple[str, ...]
    is_generator: bool = False
    waits: bool = False  # a context manager that does nothing before its block, so it enters nothing
    deleted: bool = False  # by a `del` of its module: nobody calls it after import
    changes: tuple[str, ...] = ()  # the parameters whose object it changes in place, as those of a container are
    alters: tuple[str, ...] = ()  # the attributes of its own object that a method changes


class Class(NamedTuple):
    """A class, by its name within the module, with its bases as absolute dotted names."""

    name: str
    bases: tuple[str, ...]
    span: Span
    keywords: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


class Suppression(NamedTuple):
    """A comment that silences findings on its line."""

    line: int
    codes: tuple[str, ...]  # empty: all
    reason: str
    style: str  # "outfall" or "noqa"


class Sighting(NamedTuple):
    """Something a rule cares about that no declared name shows.

    `what` is "default" (a mutable default argument; `subject` the parameter), "yield" (inside a
    context; `subject` as written), "handed" (work for another thread; `subject` its target), "made"
    (of a thread or an event loop, at import, without a name of its own; `subject` its constructor) or
    "property" (a name of the module that stands before a slot; `subject` the name).
    """

    what: str
    span: Span
    function: str | None
    subject: str
    detail: str = ""


class Aside(NamedTuple):
    """The lines of a branch that ordinary production never takes, and why, in words."""

    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """Everything the linter keeps of one file."""

    path: str
    module: str
    is_package: bool
    aliases: tuple[str, ...]
    declarations: tuple[Declaration, ...]
    uses: tuple[Use, ...]
    imports: tuple[tuple[str, str], ...]  # local name at module level -> absolute dotted target
    stars: tuple[str, ...]  # modules star-imported at module level
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    exports: tuple[str, ...] | None  # __all__, when it is a plain list
    suppressions: tuple[Suppression, ...]
    sightings: tuple[Sighting, ...] = ()
    modules: tuple[str, ...] = ()  # every module imported by name, `import a.b` as "a.b", `from . import b` likewise
    roots: tuple[str, ...] = ()  # the top-level modules that its imports and bases lead to: which are the project's decides what is kept
    asides: tuple[Aside, ...] = ()
    is_test: bool = False  # or an example, or a script of the repository: it lives for one run
