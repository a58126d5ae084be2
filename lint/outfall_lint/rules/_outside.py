"""States for findings about something that the project does not declare: a process's, a library's, a function's own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from outfall_lint.access import access
from outfall_lint.facts import ModuleFacts, Sighting, Span
from outfall_lint.model import Access, Kind, Operation, Place, State
from outfall_lint.rule import View
from outfall_lint.sites import Site


def state_of(
    name: str, module: str, place: Place, scope: str, accesses: tuple[Access, ...] = (), *, kind: Kind = Kind.UNDECIDED
) -> State:
    """A state that stands where it was met."""
    local_name = name.rpartition(".")[2]
    return State(
        name=name,
        module=module,
        local_name=local_name,
        scope=scope,
        kind=kind,
        evidence=(),
        constructor="",
        place=place,
        statement=place,
        value=None,
        annotated=False,
        public=not local_name.startswith("_"),
        accesses=accesses,
    )


def state_at(site: Site, name: str, at_import: bool) -> State:
    """The state that a single use reaches, as far as the use shows it."""
    found = access(site.use, site.module.path, site.rest, "", at_import)
    return state_of(name, name.rpartition(".")[0], place_of(site.module, site.use.span), "module", (found,))


def state_sighted(facts: ModuleFacts, sighting: Sighting) -> State:
    """A function's own state that a sighting is about: a default argument."""
    name = ".".join(part for part in (facts.module, sighting.function, sighting.subject) if part)
    return state_of(name, facts.module, place_of(facts, sighting.span), "function")


def made(view: View, constructors: Collection[str]) -> Iterator[tuple[ModuleFacts, Sighting]]:
    """What of `constructors` modules make, without a name of its own, while they are imported."""
    for facts in view.project.modules:
        for sighting in facts.sightings:
            if sighting.what == "made" and sighting.subject in constructors:
                yield facts, sighting


def state_made(facts: ModuleFacts, sighting: Sighting) -> State:
    """The state that such an object is, called by its class."""
    name = f"{facts.module}.{sighting.subject.rpartition('.')[2]}"
    return state_of(name, facts.module, place_of(facts, sighting.span), "module")


def context_sighted(facts: ModuleFacts, yields: Sequence[Sighting]) -> State:
    """The context that yields are inside, by its own name: "app.context.use", "tracer.span"."""
    place = place_of(facts, yields[0].span)
    here = tuple(
        Access(place_of(facts, one.span), Operation.READ, one.function, at_import=False, detail=one.what) for one in yields
    )
    return state_of(yields[0].subject, facts.module, place, "function", here, kind=Kind.CONTEXT)


def place_of(facts: ModuleFacts, span: Span) -> Place:
    """A span as a place in its file."""
    return Place(facts.path, *span)
