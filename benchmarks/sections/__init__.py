"""One file per section; each has a `TITLE` and `rows(quick) -> list[Row]`."""
