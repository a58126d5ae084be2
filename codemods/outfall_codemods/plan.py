"""What `migrate` will do with a state: one plan for every finding, none skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outfall_lint.model import Place, State

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Plan:
    """`rewrite`, with what the declaration becomes, or `decline`, with the reason and the place."""

    state: State
    codes: tuple[str, ...]
    action: Literal["rewrite", "decline"]
    place: Place
    target: str | None = None  # the runtime's name: "StagedRegistry"
    flag: str | None = None  # the flag's group: "use_registry"
    reason: str | None = None
    evidence: tuple[str, ...] = ()
    attributes: tuple[str, ...] | None = None  # a namespace's declared attributes; None: keep the value

    @property
    def rewrites(self) -> bool:
        return self.action == "rewrite"

    def to_json(self) -> Json:
        """The documented plan object; lines from 1."""
        return {
            "state": self.state.name,
            "kind": self.state.kind.value,
            "codes": list(self.codes),
            "action": self.action,
            "target": self.target,
            "flag": self.flag,
            "path": self.place.path,
            "line": self.place.line,
            "accesses": len(self.state.accesses),
            "reason": self.reason,
            "evidence": list(self.evidence),
        }


def decline(state: State, codes: tuple[str, ...], reason: str, place: Place | None = None) -> Plan:
    """A plan that leaves the state as it is, because of `reason`, seen at `place`."""
    return Plan(state, codes, "decline", place or state.place, reason=reason, evidence=state.evidence)
