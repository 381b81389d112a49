"""``python -m opsdash`` is the same program as ``opsdash``."""

from opsdash.cli.main import main

if __name__ == "__main__":
    main()
