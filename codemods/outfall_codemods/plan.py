"""What `migrate` will do with a state: one plan for every finding, none skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from outfall_lint.model import Access, Operation, Place, State

from .edits import Edit

Json = dict[str, object]


class Described(Protocol):
    """Whatever the journal can record as a plan object."""

    def to_json(self) -> Json:
        """The documented plan object."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """`rewrite`, with what the declaration becomes, or `decline`, with the reason and the place."""

    state: State
    codes: tuple[str, ...]
    action: Literal["rewrite", "decline"]
    place: Place
    target: str | None = None  # the runtime's name: "StagedRegistry"
    flag: str | None = None  # the flag's group: "use_registry"; None: there is no old way beside the new one
    reason: str | None = None
    evidence: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()  # in whatever files the state is used
    unbound: str | None = None  # a name that no function binds any more
    fix_safety: str = ""  # when it could change behaviour
    names: tuple[str, ...] = ()  # of the states that it becomes, where those are others
    unsafe: str | None = None  # of a declined one: the name in `unsafe.UNSAFE` that overrules the reason

    @property
    def rewrites(self) -> bool:
        return self.action == "rewrite"

    @property
    def paths(self) -> frozenset[str]:
        """The files that it edits."""
        return frozenset(edit.place.path for edit in self.edits)

    @property
    def touched(self) -> tuple[tuple[str, int], ...]:
        """Path and line of everything that it edits beside the declaration: the accesses that cannot stay as they are."""
        declared = self.state.statement
        places = {(edit.place.path, edit.place.line) for edit in self.edits}
        return tuple(sorted(p for p in places if p[0] != declared.path or not declared.line <= p[1] <= declared.end_line))

    def to_json(self) -> Json:
        """The documented plan object; lines from 1."""
        return {
            "state": self.state.name,
            "names": list(self.names or (self.state.name,)),
            "kind": self.state.kind.value,
            "codes": list(self.codes),
            "action": self.action,
            "target": self.target,
            "flag": self.flag,
            "path": self.place.path,
            "line": self.place.line,
            "accesses": len(self.state.accesses),
            "touched": [{"path": path, "line": line} for path, line in self.touched],
            "reason": self.reason,
            "unsafe": self.unsafe,
            "evidence": list(self.evidence),
        }


def rebinds(access: Access) -> bool:
    """Whether the name means another object from there on; `X += …` is not meant, it changes containers in place."""
    return access.operation is Operation.REBIND and access.method != "__iadd__"


def decline(state: State, codes: tuple[str, ...], reason: str, place: Place | None = None, unsafe: str | None = None) -> Plan:
    """A plan that leaves the state as it is, because of `reason`, seen at `place`; `unsafe` names what overrules it."""
    said = f"{reason}; `--unsafe {unsafe}` rewrites it all the same" if unsafe else reason
    return Plan(state, codes, "decline", place or state.place, reason=said, evidence=state.evidence, unsafe=unsafe)


def rewrite(
    state: State,
    codes: tuple[str, ...],
    target: str,
    edits: tuple[Edit, ...],
    flag: str | None = None,
    evidence: tuple[str, ...] = (),
    unbound: str | None = None,
    place: Place | None = None,
) -> Plan:
    """A plan that puts the state under the runtime's `target`, staged behind `flag` where one is named."""
    return Plan(
        state, codes, "rewrite", place or state.place, target, flag,
        evidence=(*state.evidence, *evidence), edits=edits, unbound=unbound,
    )  # fmt: skip
