"""Model in, `Result` out: chooses lowerings, spends budgets, has every finding audited before anybody sees it."""

from verifier.pipeline.explore import load
from verifier.pipeline.load import Front, read_front
from verifier.pipeline.options import Options
from verifier.pipeline.verify import verify

__all__ = ["Front", "Options", "load", "read_front", "verify"]
