"""`python -m outfall_cli`, the same as `outfall`."""

from outfall_cli.main import main

if __name__ == "__main__":
    main()
