"""What the linter knows about types by their canonical names."""

from __future__ import annotations

MAPPINGS = frozenset(
    {
        "dict",
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.Counter",
        "collections.ChainMap",
        "collections.UserDict",
        "weakref.WeakKeyDictionary",
        "weakref.WeakValueDictionary",
    }
)
COLLECTIONS = frozenset(
    {
        "list",
        "set",
        "bytearray",
        "collections.deque",
        "collections.UserList",
        "array.array",
        "weakref.WeakSet",
    }
)
CONTAINERS = MAPPINGS | COLLECTIONS
THREAD_LOCALS = frozenset({"threading.local", "_thread._local", "_threading_local.local", "dummy_threading.local"})

RUNTIME = "outfall_runtime"
"""A state made by anything from here is already wrapped, and no finding."""

ADDS = frozenset(
    "append appendleft add insert extend extendleft update setdefault __setitem__ push "
    "intersection_update difference_update symmetric_difference_update subtract".split()
)
REMOVES = frozenset("pop popitem popleft remove discard clear __delitem__".split())
REORDERS = frozenset("sort reverse rotate move_to_end".split())
CHANGING_METHODS = ADDS | REMOVES | REORDERS
ITERATING_METHODS = frozenset("items keys values".split())
