"""From `ReportData` to one HTML page that needs nothing but itself.

Hazard: names, reasons and call sites come from other people's code and machines. So everything
is escaped, and a content security policy forbids the page to load or run anything except its own
style and script, which it names by digest.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from outfall_reports import figures
from outfall_reports.gather import data_from_mapping
from outfall_reports.model import MODES, ReportData
from outfall_reports.rollout import StateRollout, rollouts
from outfall_reports.states import DeclinedState, MovedState, Standing, declined_states, moved_states
from outfall_reports.verdict import Verdict, verdict
from outfall_reports.words import plural

_STYLE = "style.css"
_SCRIPT = "filter.js"
_JOINT = re.compile(r"(?<=\w)[./:_](?=\w)")
_QUOTED = re.compile(r"`([^`]+)`")
FILTER_FROM = 25  # rows from which a page offers its filter


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template shows."""

    data: ReportData
    generated: str
    verdict: Verdict
    moved: tuple[MovedState, ...]
    declined: tuple[DeclinedState, ...]
    rollouts: tuple[StateRollout, ...]
    latencies: tuple[figures.LatencyRow, ...]

    @property
    def without_old_way(self) -> frozenset[str]:
        """States that have the new way only: nothing is left to remove."""
        return frozenset(state.name for state in self.moved if state.standing is Standing.MOVED)

    @property
    def filterable(self) -> bool:
        findings = self.data.check.findings if self.data.check else ()
        longest = max(map(len, (self.moved, self.declined, self.rollouts, findings)))
        return longest >= FILTER_FROM


def render_report(
    data: ReportData | Mapping[str, object], *, generated: datetime.datetime | None = None
) -> str:
    """Render one self-contained HTML page.

    `data` is what `load_documents` returns, or a mapping of parsed documents (see
    `data_from_mapping` for its keys). `generated` is the time shown, now by default. Raises
    `ReportError` for a mapping whose documents are wrong.
    """
    if not isinstance(data, ReportData):
        data = data_from_mapping(data)
    environment = _environment()
    style, script = (_source(environment, name) for name in (_STYLE, _SCRIPT))
    return environment.get_template("page.html").render(
        page=_page(data, _time(generated or datetime.datetime.now(datetime.timezone.utc))),
        modes=MODES,
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
    )


def _page(data: ReportData, generated: str) -> Page:
    moved, declined = moved_states(data), declined_states(data)
    staged = tuple(state.name for state in moved if state.standing is Standing.STAGED)
    rows = rollouts(data, staged)
    return Page(
        data=data,
        generated=generated,
        verdict=verdict(data, moved, declined, rows),
        moved=moved,
        declined=declined,
        rollouts=rows,
        latencies=figures.latency_rows(data.load),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("outfall_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(plural=plural, stacked=figures.stacked, breakable=_breakable, marked=_marked, time=_time, duration=figures.duration)
    environment.globals["share"] = figures.share
    return environment


def _breakable(text: str) -> Markup:
    """Let long names and paths break at their joints; `<wbr>` is not copied with the text."""
    escaped = str(escape(text))
    return Markup(_JOINT.sub(r"<wbr>\g<0>", escaped))


def _marked(text: str) -> Markup:
    """A sentence whose `names` show as code; the rest may break at joints as `_breakable` says."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(_breakable(text))))


def _time(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"


def _source(environment: Environment, name: str) -> str:
    """A template's own text, exactly as it stands in the file (its digest goes into the page)."""
    return environment.get_template(name).render()


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
