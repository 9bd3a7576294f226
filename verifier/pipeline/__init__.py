"""Model in, `Result` out: chooses lowerings, spends budgets, has every finding audited before anybody sees it.

Engines are imported by the first call that needs one: who only lowers a model (`verify audit`) runs without them.
"""

from typing import TYPE_CHECKING

from verifier.pipeline.load import Front, read_front
from verifier.pipeline.options import Options

if TYPE_CHECKING:
    from verifier.pipeline.explore import load
    from verifier.pipeline.verify import verify
else:

    def load(*given, **named):
        """As `verifier.pipeline.explore.load`."""
        from verifier.pipeline.explore import load as run

        return run(*given, **named)

    def verify(*given, **named):
        """As `verifier.pipeline.verify.verify`."""
        from verifier.pipeline.verify import verify as run

        # Importing the submodule has put it where this function was.
        globals()["verify"] = run
        return run(*given, **named)


__all__ = ["Front", "Options", "load", "read_front", "verify"]
