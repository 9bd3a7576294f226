"""A scheme with a goroutine of its own: a role that runs `Own`, and `Stop` once all of the workload have returned.

Workloads do not know under which scheme they run, so they cannot do either.
"""

from __future__ import annotations

from collections.abc import Sequence

from verifier.golang import syntax as ast
from verifier.golang.parse import parse_body, parse_declarations
from verifier.model.document import Document, Role, SourceFile, Text
from verifier.records import replace

FILE = "<added by verify>/owner.go"
"""Where the added lines stand in reports."""

FIXED = "the scheme's own goroutine is stopped after the last one of the workload, so their number has to be known"
"""Why nothing is proved for any number of goroutines."""

_LINES = """\
// The goroutine that {scheme} needs: it is stopped when all {number} of the workload have returned.
var ownerLeft atomic.Int32
func ownerLeave() {{
  if ownerLeft.Add(1) == {number} {{
    {variable}.Stop()
  }}
}}
// it runs:               {variable}.Own()
// the others begin with: defer ownerLeave()"""

BODIES = "// it runs: "
"""Where the declarations that are added end, and what goroutines run begins."""

LEAVES = "defer ownerLeave()\n"
"""What the goroutines of a workload begin with."""

_COLUMN = 27


def owned(declarations: Sequence[ast.Decl]) -> str:
    """The variable whose Map wants an owner: the package has one, and `*Map` has the methods Own and Stop; else ""."""
    methods = {d.name.name for d in declarations if isinstance(d, ast.FuncDecl) and d.recv is not None and _of_map(d)}
    if not {"Own", "Stop"} <= methods:
        return ""
    made = [name for d in declarations if isinstance(d, ast.VarSpec) for name in _maps(d)]
    return made[0] if len(made) == 1 else ""


def _of_map(method: ast.FuncDecl) -> bool:
    assert method.recv is not None
    of = method.recv.type
    return isinstance(of, ast.Star) and isinstance(of.x, ast.Ident) and of.x.name == "Map"


def _maps(spec: ast.VarSpec) -> list[str]:
    """The variables of a declaration that begin with a call of NewMap."""
    pairs = zip(spec.names, spec.values, strict=False)
    return [n.name for n, x in pairs if isinstance(x, ast.Call) and getattr(x.fun, "name", "") == "NewMap"]


def staffed(document: Document, variable: str, counts: Sequence[tuple[str, int]]) -> Document:
    """The document with the owner as one more role. `counts`: the goroutines of each role of the workload."""
    text = _LINES.format(scheme=document.scheme, variable=variable, number=sum(n for _, n in counts))
    rows = text.count("\n") + 1
    here = document.roles[0].span
    added = SourceFile("owner.go", Text(text, FILE, 1, (1,) * rows), here)
    name = next(n for n in ("owner", "schemeOwner", *(f"owner{k}" for k in range(99))) if n not in dict(counts))
    owner = Role(name, 1, Text(f"{variable}.Own()", FILE, rows - 1, (_COLUMN,)), here)
    return replace(
        document,
        roles=(*document.roles, owner),
        sources=(*document.sources, added),
        scheme_files=document.scheme_files + 1,
    )


def serving(document: Document, variable: str) -> Document:
    """The document with the owner as a role beside the clients of `linearizable:`. It never stops: nor do they."""
    assert document.linearizable is not None
    here = document.linearizable.span
    owner = Role("owner", 1, Text(f"{variable}.Own()", here.file, here.line, (here.column,)), here)
    return replace(document, roles=(*document.roles, owner))


def declarations(document: Document) -> tuple[ast.Decl, ...]:
    """The declarations that `staffed` added."""
    return parse_declarations(document.sources[-1].text)


def body(role: Role, document: Document) -> ast.Block:
    """What a role of a staffed document runs: all but the owner leave in the end."""
    found = parse_body(role.body)
    if role is document.roles[-1]:
        return found
    last = document.sources[-1].text
    leave = parse_body(Text("defer ownerLeave()", FILE, last.value.count("\n") + 1, (_COLUMN,)))
    return ast.Block(found.span, (*leave.stmts, *found.stmts))
