"""What every scheme leaves to the workload: said once, where the workload names it, not at every use in the scheme."""

from __future__ import annotations

import re
from collections.abc import Sequence

from verifier.golang import syntax as ast
from verifier.model.document import Document
from verifier.source import Diagnostic, ModelError, Note

WANTED = {
    "Key": "type Key = string",
    "Value": "type Value = *User",
    "hash": "func hash(key Key) int",
}
"""By name, an example of what declares it."""


def demand(document: Document, declarations: Sequence[ast.Decl]) -> None:
    """Raise ModelError for what the scheme uses of `WANTED` and nobody declares."""
    known = {name for d in declarations for name in _names(d)}
    scheme = document.sources[len(document.sources) - document.scheme_files :]
    code = "\n".join(re.sub(r"//.*", "", s.text.value) for s in scheme)
    missing = [n for n in WANTED if n not in known and re.search(rf"(?<![\w.]){n}\b", code)]
    if not missing:
        return
    here = document.schemes[0].span
    raise ModelError(
        *(
            Diagnostic(f"the workload declares no {name}, which this scheme needs", here, (Note(f"such as {example}"),))
            for name, example in WANTED.items()
            if name in missing
        )
    )


def _names(d: ast.Decl) -> list[str]:
    match d:
        case ast.FuncDecl(recv=None) | ast.TypeSpec():
            return [d.name.name]
        case ast.VarSpec() | ast.ConstSpec():
            return [n.name for n in d.names]
    return []
