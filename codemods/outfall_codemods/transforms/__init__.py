"""One file per transform; each declares `TRANSFORM`. Found by `outfall_codemods.transform`."""
