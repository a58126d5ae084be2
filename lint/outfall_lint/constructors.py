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
MODULE_PROPERTY = f"{RUNTIME}.module_property"

ADDS = frozenset(
    "append appendleft add insert extend extendleft update setdefault __setitem__ push "
    "intersection_update difference_update symmetric_difference_update subtract".split()
)
REMOVES = frozenset("pop popitem popleft remove discard clear __delitem__".split())
REORDERS = frozenset("sort reverse rotate move_to_end".split())
CHANGING_METHODS = ADDS | REMOVES | REORDERS
ITERATING_METHODS = frozenset("items keys values".split())

ITERATORS = frozenset(
    {"generator", "iter", "itertools.count", "itertools.cycle", "itertools.chain", "itertools.repeat", "itertools.islice"}
)
CONTEXT_VARS = frozenset({"contextvars.ContextVar", "outfall_runtime.ContextLocal", "outfall_runtime.StagedContextLocal"})
LOOP_BOUND = frozenset(
    {
        *(f"asyncio.{n}" for n in "Lock Event Condition Semaphore BoundedSemaphore Queue LifoQueue PriorityQueue".split()),
        *(f"asyncio.{n}" for n in "Barrier Future get_event_loop new_event_loop get_running_loop".split()),
        "aiohttp.ClientSession",
        "aiohttp.TCPConnector",
        "httpx.AsyncClient",
        "redis.asyncio.Redis",
        "redis.asyncio.from_url",
        "redis.asyncio.ConnectionPool",
        "aioredis.from_url",
        "motor.motor_asyncio.AsyncIOMotorClient",
        "grpc.aio.insecure_channel",
        "elasticsearch.AsyncElasticsearch",
    }
)
CONTEXT_PROXIES = frozenset(
    {
        *(("flask", name) for name in ("session", "request", "g")),
        *(("quart", name) for name in ("session", "request", "g")),
        *(("bottle", name) for name in ("request", "response")),
        *(("cherrypy", name) for name in ("session", "request", "response")),
    }
)
"""Names of frameworks behind which each request finds an object of its own."""
NAMESPACES = frozenset({"types.SimpleNamespace", "argparse.Namespace"})

PROCESS_CALLS = frozenset(
    {
        ("os", "chdir"),
        ("os", "umask"),
        ("os", "putenv"),
        ("os", "unsetenv"),
        ("random", "seed"),
        ("random", "setstate"),
        ("numpy", "random", "seed"),
        ("locale", "setlocale"),
        ("time", "tzset"),
        ("socket", "setdefaulttimeout"),
        ("sys", "setrecursionlimit"),
        ("sys", "setswitchinterval"),
        ("sys", "settrace"),
        ("sys", "setprofile"),
        ("logging", "disable"),
        ("asyncio", "set_event_loop_policy"),
        ("decimal", "setcontext"),
    }
)
"""Functions that change something of the whole process."""

MANAGERS = frozenset(("contextmanager", "asynccontextmanager"))
"""The decorators, by their last names, that make a context manager of a generator."""
