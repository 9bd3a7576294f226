"""What every scheme leaves to the workload: said once, where the workload names it, not at every use in the scheme."""

from __future__ import annotations

from verifier.model.document import Document
from verifier.source import Diagnostic, ModelError, Note

WANTED = {
    "Key": "type Key = string",
    "Value": "type Value = *User",
    "hash": "func hash(key Key) int",
}
"""By name, an example of what declares it."""


def told(error: ModelError, document: Document) -> ModelError:
    """The error, with one diagnostic for each of `WANTED` that the scheme's files do not find, in place of many."""
    files = {s.text.file for s in document.sources[len(document.sources) - document.scheme_files :]}
    missing: dict[str, None] = {}
    rest: list[Diagnostic] = []
    for d in error.diagnostics:
        name = d.message.removeprefix("undefined: ")
        if name in WANTED and name != d.message and d.span.file in files:
            missing[name] = None
        else:
            rest.append(d)
    return ModelError(*(_lacks(name, document) for name in WANTED if name in missing), *rest)


def _lacks(name: str, document: Document) -> Diagnostic:
    message = f"the workload declares no {name}, which this scheme needs"
    return Diagnostic(message, document.schemes[0].span, (Note(f"such as `{WANTED[name]}`"),))
