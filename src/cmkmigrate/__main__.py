"""`python -m cmkmigrate`: the same as the command `cmkmigrate`."""

from __future__ import annotations

import sys

from cmkmigrate.cli import main

if __name__ == "__main__":
    sys.exit(main())
