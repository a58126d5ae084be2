"""The page of all transforms: `python -m outfall_codemods.docs docs/transforms.md`."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from .transform import Transform, all_transforms

_HEAD = """\
# Transforms

What `outfall migrate` does with a state, and when that could change behaviour. Written by `python -m outfall_codemods.docs`.
"""


def page() -> str:
    """Every transform with what it does and its fix safety, the one that declines the rest at the end."""
    return "\n".join([_HEAD, *map(_section, all_transforms())])


def _section(transform: Transform) -> str:
    said = inspect.getdoc(inspect.getmodule(transform.plan)) or ""
    return f"## {transform.name}\n\n{said}\n\n**Fix safety.** {transform.fix_safety}\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
