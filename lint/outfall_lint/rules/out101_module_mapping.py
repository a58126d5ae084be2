"""OUT101: a module-level mapping that functions change."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.constructors import MAPPINGS
from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Parameter, Rule, View
from outfall_lint.rules._tables import table_findings


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    yield from table_findings(rule, view, "module", MAPPINGS | view.names(rule, "constructors"))


RULE = Rule(
    code="OUT101",
    name="module-mapping",
    category="tables",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports a dict, or anything used like one, that lives as long as its module and that functions change.",
        why=(
            "Every request, task and thread of the process shares it, and nothing owns its entries: they outlive\n"
            "whoever put them there, they are seen by whoever comes next, they race on free-threaded Python, and\n"
            "each test inherits what the test before it left behind."
        ),
        example="_agents = {}\n\ndef register(name, agent):\n    _agents[name] = agent\n",
        instead=(
            "from outfall_runtime import Registry\n\n"
            '_agents = Registry("app.agents._agents", {})\n\n'
            "def register(name, agent):\n    _agents[name] = agent\n"
        ),
        fix_safety=(
            "A Registry is a dict: reads, `json.dumps`, `isinstance` and copies work as before. Only code that asks\n"
            "for the exact type (`type(x) is dict`, `marshal`) sees a difference, and there the rewrite is declined."
        ),
        references=("https://docs.python.org/3/howto/free-threading-python.html",),
    ),
    bad=(
        "_agents = {}\n\ndef register(name, agent):\n    _agents[name] = agent\n",
        "import collections\n\n_hooks = collections.defaultdict(list)\n\ndef on(event, hook):\n    _hooks[event].append(hook)\n",
        "_cache: dict[str, int] = dict()\n\ndef forget():\n    cache = _cache\n    cache.clear()\n",
    ),
    good=(
        "_NAMES = {1: 'one'}\n\ndef name(n):\n    return _NAMES[n]\n",
        "_agents = {}\n\ndef fresh():\n    _agents = {}\n    _agents['a'] = 1\n    return _agents\n",
        "_agents = {}\n\ndef with_extra(more):\n    agents = dict(_agents)\n    agents.update(more)\n    return agents\n",
        "_agents = {}\n\ndef _register(name):\n    _agents[name] = 1\n\n_register('a')\n",
        "from outfall_runtime import Registry\n\n_agents = Registry('app._agents', {})\n\n"
        "def register(name, agent):\n    _agents[name] = agent\n",
    ),
    check=_check,
    parameters=(
        Parameter("constructors", (), "more types that are mappings, by their full names: `app.types.Table`"),
    ),
    transform="moves the mapping into an outfall_runtime.Registry; every access stays as it is",
)
