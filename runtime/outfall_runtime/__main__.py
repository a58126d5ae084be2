"""`python -m outfall_runtime`: the console that works where production runs."""

from __future__ import annotations

import sys

from ._console.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
