"""`python -m verifier` and the console script `verify`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; returns its exit code."""
    from verifier.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
