"""`python -m benchmarks.corpus [NAME …]`: run projects, then write the page from all records."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.corpus.page import counts, page
from benchmarks.corpus.scopes import Scopes, scopes
from benchmarks.corpus.whole_way import Record, whole_way
from benchmarks.corpus.workshop import ROOT, Workshop, runtime_wheel

RECORD, SCOPES = "outfall.json", "scopes.json"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 1 where a test was lost or a step went wrong."""
    parser = argparse.ArgumentParser("python -m benchmarks.corpus", description="Real projects through the whole way.")
    parser.add_argument("name", nargs="*", help="projects of the manifest (default: the quick ones)")
    parser.add_argument("--page-only", action="store_true", help="write the page from the records that are there")
    parser.add_argument("--scopes", action="store_true", help="try the probes that migrate writes, and leave the rest of the record")
    options = parser.parse_args(arguments)
    corpus, work = _folder(parser, "OUTFALL_CORPUS"), _folder(parser, "OUTFALL_CORPUS_WORK")
    if not (corpus / "manifest.json").is_file():
        parser.error(f"OUTFALL_CORPUS={corpus} holds no manifest.json")
    known = {project["name"]: project for project in json.loads((corpus / "manifest.json").read_text("utf-8"))["projects"]}
    unknown = [name for name in options.name if name not in known]
    if unknown:
        parser.error(f"no project {unknown[0]!r}; there are {', '.join(known)}")
    quick = sorted((n for n in known if known[n].get("quick")), key=lambda n: float(known[n].get("seconds", 0)))
    failed = False
    with TemporaryDirectory() as folder:
        for name in () if options.page_only else options.name or quick:
            wheel = next(Path(folder).glob("*.whl"), None) or runtime_wheel(Path(folder))
            shop = Workshop(corpus, work, known[name], wheel)
            if not options.scopes:
                record = whole_way(shop)
                _write(work / name / RECORD, record.to_json())
                failed |= _said(record)
            probed = scopes(shop)
            _write(work / name / SCOPES, asdict(probed))
            print(f"{name}: probe {probed.ways} {probed.copies}; {probed.faults or 'no faults'}", flush=True)
            failed |= bool(probed.faults)
    records = [Record.from_json(json.loads(path.read_bytes())) for path in sorted(work.glob(f"*/{RECORD}"))]
    probes = [Scopes(**json.loads(path.read_bytes())) for path in sorted(work.glob(f"*/{SCOPES}"))]
    (ROOT / "docs" / "corpus.md").write_text(page(records, probes), encoding="utf-8")
    return int(failed)


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _folder(parser: argparse.ArgumentParser, variable: str) -> Path:
    value = os.environ.get(variable)
    if not value or not Path(value).is_dir():
        parser.error(f"{variable} must name a folder")
    return Path(str(value)).resolve()


def _said(record: Record) -> bool:
    """Print one line for the project; whether something went wrong."""
    lost = {outcome.run: len(outcome.regressed) for outcome in record.outcomes if outcome.regressed}
    broken = [outcome.run for outcome in record.outcomes if outcome.problem]
    figures = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts([record]).items())) or "no findings"
    print(f"{record.name}: {figures}; lost {lost or 'none'}; broken {broken or 'none'}; {record.faults or 'no faults'}", flush=True)
    return bool(lost or broken or record.faults)


if __name__ == "__main__":
    raise SystemExit(main())
