"""OUT110: state of the whole process changed from a function."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Parameter, Rule, View
from outfall_lint.rules._foreign import changed_name, process_state
from outfall_lint.rules._outside import state_at


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    names = frozenset(tuple(name.split(".")) for name in view.names(rule, "names"))
    for whole, site in view.project.changes:
        if site.use.function is None or view.project.at_import(site):
            continue
        name = process_state(view.project, site, whole) or changed_name(site, whole, names)
        if name is not None:
            state = state_at(site, name, False)
            yield rule.finding(state, f"`{name}` belongs to the whole process and is changed here")


RULE = Rule(
    code="OUT110",
    name="process-state",
    category="process",
    priority=Priority.LOW,
    explanation=Explanation(
        what=(
            "Reports functions that change `os.environ`, `sys.path`, `sys.modules`, `sys.stdout`, the working folder,\n"
            "the global random generator, the locale and their like."
        ),
        why="Every thread, library and child process sees the change, at once and until somebody undoes it.",
        example="import os\n\ndef use_proxy(url):\n    os.environ['HTTP_PROXY'] = url\n",
        instead="import subprocess\n\ndef run(command, url):\n    subprocess.run(command, env={'HTTP_PROXY': url})\n",
        fix_safety="No rewrite: what the change is meant to reach cannot be told.",
        references=("https://docs.python.org/3/library/os.html#os.environ",),
    ),
    bad=(
        "import os\n\ndef use_proxy(url):\n    os.environ['HTTP_PROXY'] = url\n",
        "import sys\n\ndef add(path):\n    sys.path.insert(0, path)\n",
        "import random\n\ndef repeatable():\n    random.seed(0)\n",
    ),
    good=(
        "import os\n\ndef proxy():\n    return os.environ.get('HTTP_PROXY')\n",
        "import os\n\ndef child_env():\n    env = dict(os.environ)\n    env['A'] = '1'\n    return env\n",
        "import random\n\ndef repeatable():\n    return random.Random(0)\n",
    ),
    check=_check,
    over=("OUT106",),
    parameters=(
        Parameter("names", (), "more names that belong to the whole process: `matplotlib.rcParams`"),
    ),
    advice="pass the value to what needs it: an environment to the child process, a Random to the function",
)
