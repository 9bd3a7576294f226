"""The modules of the product, and what each of them imports, wherever in the module it does."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "verifier"


@dataclass(frozen=True)
class Module:
    """A source file: its dotted name, first docstring line, number of lines, and product modules it imports."""

    name: str
    path: Path
    summary: str
    lines: int
    imports: frozenset[str]

    @property
    def part(self) -> str:
        """The part of the house it belongs to: a directory of the product, or a module at its root."""
        names = self.name.split(".")
        return names[1] if len(names) > 1 else ""


def modules() -> dict[str, Module]:
    """Every module by its dotted name."""
    paths = sorted(PACKAGE.rglob("*.py"))
    names = {_name(path) for path in paths}
    return {_name(path): _read(path, names) for path in paths}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(path: Path, names: set[str]) -> Module:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    found: set[str] = set()
    for node in ast.walk(tree):
        found |= _imported(node, names)
    summary = (ast.get_docstring(tree) or "").split("\n")[0]
    return Module(_name(path), path, summary, text.count("\n"), frozenset(found - {_name(path)}))


def _imported(node: ast.AST, names: set[str]) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names} & names
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        base = node.module or ""
        inside = {f"{base}.{alias.name}" for alias in node.names} & names
        # `from package import module` uses the module; anything else uses what stands before `import`.
        return inside | ({base} & names if len(inside) < len(node.names) else set())
    return set()
