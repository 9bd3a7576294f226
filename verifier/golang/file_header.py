"""What a Go file has before its declarations: the package clause and imports, which models do without."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from verifier.golang import library
from verifier.golang.tree import Reader, field, fields, kids, source
from verifier.records import dataclass
from verifier.source import ModelError, Note, Span, fail, suggestion


@dataclass(frozen=True)
class Clause:
    """A package clause: its name, and where it stands."""

    name: str
    span: Span


def is_header(node: Node) -> bool:
    """Whether a top-level node belongs to the header."""
    return node.type in ("package_clause", "import_declaration")


def misplaced(r: Reader, node: Node) -> ModelError:
    """The error for a header line that comes after a declaration (or for a second package clause)."""
    if node.type == "package_clause":
        return r.fail("the package clause must be the first thing in the file", node)
    return r.fail("imports must appear before other declarations", node)


def header(r: Reader, nodes: list[Node]) -> Clause | None:
    """The package clause of a file that starts with `nodes`. Raises ModelError for an import that models lack."""
    clause = None
    for at, node in enumerate(nodes):
        if node.type == "import_declaration":
            check_imports(r, node)
        elif at > 0:
            raise misplaced(r, node)
        else:
            clause = Clause(source(kids(node)[0]), r.span(kids(node)[0]))
    return clause


def check_imports(r: Reader, node: Node) -> None:
    """Raise ModelError for an import that models lack, or that has another name here."""
    for spec in _specs(node):
        _check_import(r, spec)


def one_package(clauses: list[Clause]) -> None:
    """Raise ModelError unless all files say that they are of one package."""
    for other in clauses[1:]:
        if other.name != clauses[0].name:
            message = f"found packages {clauses[0].name} and {other.name}: the files of a model are one package"
            raise fail(message, other.span, Note("the other one", clauses[0].span))


def _specs(node: Node) -> Iterator[Node]:
    for child in kids(node):
        if child.type == "import_spec":
            yield child
        else:
            yield from (c for c in kids(child) if c.type == "import_spec")


def _check_import(r: Reader, spec: Node) -> None:
    path = source(field(spec, "path"))[1:-1]
    known = list(library.PACKAGES.values())
    name = path.rsplit("/", 1)[-1]
    if path not in known:
        hint = library.ELSEWHERE.get(name, f"models can use {library.offered()}")
        raise r.fail(f"package {path} is not available in models", spec, *(suggestion(path, known) or (hint,)))
    for alias in fields(spec, "name"):
        if source(alias) != name:
            raise r.fail(f"imports cannot be renamed: {path} is `{name}` here", alias, f'write `import "{path}"`')
