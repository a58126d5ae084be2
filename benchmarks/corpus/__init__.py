"""Real projects taken through the whole way, with their own tests at each step; see `whole_way`.

    OUTFALL_CORPUS=… OUTFALL_CORPUS_WORK=… python -m benchmarks.corpus [NAME …]

OUTFALL_CORPUS names a folder with `run.py` (fetches a pinned project, builds its environment, runs
its tests, compares two runs test by test) and `manifest.json`; OUTFALL_CORPUS_WORK one to work in.
Each project leaves a record there; `docs/corpus.md` is written from all records.
"""
