"""Model in, `Result` out: chooses lowerings, spends budgets, has every finding audited before anybody sees it.

Engines are imported by the first call that needs one: who only lowers a model (`verify audit`) runs without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier.pipeline.load import Front, read_front
from verifier.pipeline.options import Options

if TYPE_CHECKING:
    from verifier.evidence.result import Result
    from verifier.model.document import Document
    from verifier.program.program import Program

__all__ = ["Front", "Options", "load", "read_front", "verify"]


def load(document: Document, options: Options, lowering: str = "abstract") -> Program:
    """The program of a lowering, see `verifier.pipeline.explore.load`."""
    from verifier.pipeline.explore import load as made

    return made(document, options, lowering)


def verify(document: Document, options: Options | None = None) -> Result:
    """Judge a model, see `verifier.pipeline.verification.verify`."""
    from verifier.pipeline.verification import verify as judged

    return judged(document, options)
