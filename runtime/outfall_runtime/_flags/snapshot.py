"""What all flags are set to at one instant.

A snapshot never changes after it was published, so a reader needs no lock: it takes the current
snapshot once and sees flags that belong together.
"""

from __future__ import annotations

from .._common.modes import DEFAULT, ENABLED, Setting
from .._common.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Mapping, Optional, Tuple


class Declaration(NamedTuple):
    """What the ledger, or code, says about a flag."""

    name: str
    group: Optional[str] = None
    states: Tuple[str, ...] = ()
    owner: str = ""
    created: str = ""


class Snapshot:
    """Settings by flag name, the declared flags, and the answers computed from both."""

    __slots__ = ("answers", "declared", "settings")

    def __init__(self, settings: Mapping[str, Setting], declared: Mapping[str, Declaration]) -> None:
        self.settings = settings
        self.declared = declared
        # Precomputed for `enabled`; a percentage depends on the key and is never in here.
        self.answers: Dict[str, bool] = {
            name: setting.mode in ENABLED
            for name, setting in ((name, self.setting(name)) for name in declared)
            if setting.percent is None
        }

    def setting(self, name: str) -> Setting:
        """The flag's own setting, else its group's, else `legacy`."""
        own = self.settings.get(name)
        if own is not None:
            return own
        group = self.group(name)
        return DEFAULT if group is None else self.settings.get(group, DEFAULT)

    def group(self, name: str) -> Optional[str]:
        group, colon, _ = name.partition(":")
        if colon:
            return group
        declaration = self.declared.get(name)
        return None if declaration is None or declaration.group == name else declaration.group
