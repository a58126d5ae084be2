"""OUT106: another module's attribute assigned, or its container changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from outfall_lint.constructors import CONTAINERS
from outfall_lint.facts import Target
from outfall_lint.model import Access, Finding, Operation, Priority, State
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._foreign import foreign_name, is_class_name, module_namespace, process_state
from outfall_lint.rules._outside import state_at
from outfall_lint.rules._tables import told, untested
from outfall_lint.rules._words import changed_in
from outfall_lint.sites import Site
from outfall_lint.states import is_runtime


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    yield from _declared(rule, view)
    yield from _undeclared(rule, view)


def _declared(rule: Rule, view: View) -> Iterator[Finding]:
    """Writes to states that the project declares, reported where they happen, once for each module that does it,
    and where no other rule reports the state itself, at its declaration too."""
    for state in view.states:
        if state.scope not in ("module", "class") or is_runtime(state.constructor):
            continue
        yield from _at_declaration(rule, view, state)
        writers: dict[str, list[Access]] = {}
        for access in state.accesses:
            if _from_outside(state, access) and not (state.scope == "class" and _inherits(view, state, access)):
                writers.setdefault(access.place.path, []).append(access)
        for path, accesses in writers.items():
            taken = [access for access in accesses if not access.at_import and not view.aside(access.place)]
            message = _message(state)
            if len({access.function for access in taken} - {None}) > 1:
                message = f"{message}, in {changed_in(taken)}"
            low = not taken or view.is_test(path)
            yield rule.finding_at((taken or accesses)[0].place, state, message, Priority.LOW if low else None)


def _at_declaration(rule: Rule, view: View, state: State) -> Iterator[Finding]:
    """A global that its own module never binds anew, and others do."""
    after_import = [a for a in state.changes if _binds(a) and a.function is not None]
    own = any(a.place.path == state.place.path for a in after_import)
    if state.scope == "module" and after_import and not own and state.constructor not in CONTAINERS:
        message = f"global `{state.local_name}` is bound anew by other modules, in {changed_in(untested(view, after_import))}"
        yield told(rule, view, state, message, after_import)


def _binds(access: Access) -> bool:
    """Whether the name itself is bound anew or deleted."""
    return access.operation is Operation.REBIND or (access.operation is Operation.DELETE and access.method is access.attribute is None)


def _from_outside(state: State, access: Access) -> bool:
    if access.place.path == state.place.path or not access.operation.changes:
        return False
    if access.attribute is not None:
        return False  # an object used as it is meant to be
    return access.operation is Operation.REBIND or state.constructor in CONTAINERS or access.method is None


def _inherits(view: View, state: State, access: Access) -> bool:
    """Whether a method of a subclass changes what it inherits."""
    owner = tuple(state.name.split(".")[:-1])
    module = tuple(view.module_of(access.place.path).split("."))
    project = view.project
    around = (access.function or "").split(".")
    return any(owner in project.ancestors((*module, *around[:n])) for n in range(1, len(around)))


def _undeclared(rule: Rule, view: View) -> Iterator[Finding]:
    """Writes to names of modules outside the project, or that a module does not declare itself.

    What one function assigns of one module is one finding: a patch goes on together and comes off together.
    """
    known = {state.name for state in view.states} | view.project.before_slots
    patches: dict[tuple[str, str | None, str], list[State]] = {}
    for whole, site in view.project.changes:
        if site.use.function is None or view.project.knows(whole[: len(whole) - len(site.rest)]):
            continue
        name = foreign_name(view.project, site, whole)
        if name is None or _elsewhere(view, site, whole) or ".".join(name) in known:
            continue
        if ".".join(name).rpartition(".")[0] == site.module.module:
            continue
        state = state_at(site, ".".join(name), view.project.at_import(site))
        patch = site.use.verb in ("store", "delete") and len(name) == len(whole)
        key = (site.module.path, site.use.function, _whose(state.module) if patch else state.name)
        patches.setdefault(key, []).append(state)
    for every in patches.values():
        taken = [state for state in every if not view.aside(state.place)]
        changed = taken or every
        first = min(changed, key=lambda state: state.place)
        low = not taken or view.is_test(first.place.path) or all(access.at_import for state in changed for access in state.accesses)
        yield rule.finding(first, _message(first, {state.name for state in changed}), Priority.LOW if low else None)


def _whose(owner: str) -> str:
    """Whom a patch is a patch of: a module, or for classes the package that they are of."""
    return f"classes of `{owner.partition('.')[0]}`" if is_class_name(owner.rpartition(".")[2]) else owner


def _elsewhere(view: View, site: Site, whole: Target) -> bool:
    """Whether a more specific rule reports the write."""
    return process_state(view.project, site, whole) is not None or module_namespace(view.project, site, whole) is not None


def _message(state: State, names: Collection[str] = ()) -> str:
    owner, _, last = state.name.rpartition(".")
    called_as_one = is_class_name(owner.rpartition(".")[2]) and not any(is_class_name(name.rpartition(".")[2]) for name in (state.name, *names))
    of = f"of {'class ' if state.scope == 'class' or called_as_one else ''}`{owner}`"
    if len(names) < 2:
        return f"`{last}` {of} is changed from outside"
    if len({name.rpartition(".")[0] for name in names}) == 1:
        return f"`{last}` and {len(names) - 1} more {of} are changed from outside"
    return f"`{last}` {of} and {len(names) - 1} more of {_whose(owner)} are changed from outside"


RULE = Rule(
    code="OUT106",
    name="foreign-write",
    category="globals",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports code that assigns another module's attribute, or changes its container in place.",
        why=(
            "The module that declares a name no longer knows who changes it, or when. Its own functions, everybody\n"
            "who imports it and every test see a value that nobody told them about."
        ),
        example="import settings\n\ndef verbose():\n    settings.DEBUG = True\n",
        instead="def run(settings):\n    settings = settings.replace(debug=True)\n",
        fix_safety="The write moves with the state it changes, together with every other access, or not at all.",
        references=("https://docs.python.org/3/faq/programming.html#how-do-i-share-global-variables-across-modules",),
    ),
    bad=(
        "import settings\n\ndef verbose():\n    settings.DEBUG = True\n",
        "from app.state import CACHE\n\ndef put(k, v):\n    CACHE[k] = v\n",
        "import app.state as state\n\ndef put(v):\n    state.ITEMS.append(v)\n",
    ),
    good=(
        "import settings\n\ndef verbose():\n    return settings.DEBUG\n",
        "from app.state import CACHE\n\ndef merged(more):\n    cache = dict(CACHE)\n    cache.update(more)\n    return cache\n",
        "import hashlib\n\ndef digest(x):\n    h = hashlib.sha256()\n    h.update(x)\n    return h\n",
    ),
    check=_check,
    transform="moves together with the state that it changes, where the project declares it",
)
