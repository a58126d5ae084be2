"""`python -m outfall_lint.docs DIR`: write each rule's page, from its own declaration."""

from __future__ import annotations

import sys
from pathlib import Path

from outfall_lint.rule import Rule, all_rules


def page(rule: Rule) -> str:
    """The Markdown page of a rule."""
    explanation = rule.explanation
    sections = [
        ("What it does", _flowing(explanation.what)),
        ("Why it is dangerous", _flowing(explanation.why)),
        ("Example", _code(explanation.example)),
        ("Use instead", _code(explanation.instead)),
        ("Fix safety", _flowing(explanation.fix_safety)),
        ("What `outfall migrate` does", _sentence(rule.transform or f"nothing by itself: {rule.advice}")),
        ("Settings", "\n".join(f"- `{p.name}` (default `{p.default!r}`): {p.meaning}" for p in rule.parameters)),
        ("References", "\n".join(f"- <{link}>" for link in explanation.references)),
    ]
    head = f"# {rule.code} {rule.name}\n\n{rule.category.capitalize()} · {rule.priority.name.lower()} priority"
    return "\n\n".join([head, *(f"## {title}\n\n{text}" for title, text in sections if text)]) + "\n"


def write_pages(folder: Path) -> list[Path]:
    """Write every page into `folder`; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for rule in all_rules():
        path = folder / f"{rule.code}.md"
        path.write_text(page(rule), encoding="utf-8")
        written.append(path)
    return written


def _flowing(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    return f"```python\n{text.rstrip()}\n```"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m outfall_lint.docs DIR")
    for written in write_pages(Path(sys.argv[1])):
        print(written)
