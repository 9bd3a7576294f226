"""`python -m verifier` and the console script `verify`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; returns its exit code."""
    import gc

    from verifier.cli import main as run

    # Nearly all that a run makes is kept to its end. Looking through it for cycles every 700 objects finds none.
    gc.set_threshold(100_000)
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
