"""The Go file around a generated test: package, imports, the model's declarations and bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable

from verifier.gotest.layout import indented, separated
from verifier.gotest.naming import KEYWORDS, PACKAGES
from verifier.pipeline.load import Front
from verifier.records import dataclass

_HEADER = re.compile(
    r"^[ \t]*(?:package[ \t]+\w+[ \t]*;?|import[ \t]*\([^)]*\)|import[ \t]+[^\n]*|//go:build[^\n]*|// \+build[^\n]*)"
    r"[ \t]*$",
    re.M,
)


@dataclass(frozen=True, slots=True)
class GoTest:
    """A generated test: its Go, its name, and in which of its lines the predicted accesses or operations stand.

    `loose`: statements whose steps cannot be taken apart as in the schedule. `forced`: whether there is one at all.
    """

    text: str
    name: str
    race: bool
    lines: tuple[tuple[int, int], ...] = ()
    loose: tuple[str, ...] = ()
    forced: bool = True


def declarations(texts: Iterable[str]) -> list[str]:
    """The model's declarations, one part for each text."""
    return [made + "\n" for made in (separated(indented(_HEADER.sub("", text))) for text in texts) if made]


def role_functions(functions: dict[str, str], texts: Iterable[str]) -> list[str]:
    """The functions that roles have become."""
    return [f"func {f}() {{\n{indented(text, 1)}\n}}\n" for f, text in zip(functions.values(), texts, strict=True)]


def file(front: Front, head: str, parts: list[str]) -> str:
    """The whole text: imports are what the parts use."""
    body = "\n".join(parts)
    code = re.sub(r'"(?:\\.|[^"\\\n])*"|//[^\n]*', "", body)
    imports = sorted(
        {path for word, path in PACKAGES.items() if re.search(rf"(?<![\w.]){word}\.[A-Z]", code)} | {"testing"}
    )
    build = f"//go:build go1.{_minor(front, code)}"
    package = re.sub(r"[^a-z0-9]", "", front.document.name.lower())
    package = package if package and package[0].isalpha() and package not in KEYWORDS else f"model{package}"
    listed = "".join(f'\t"{path}"\n' for path in imports)
    return f"{head}\n\n{build}\n\npackage {package}\n\nimport (\n{listed})\n\n{body}"


def _minor(front: Front, code: str) -> int:
    """Which Go 1.N a file says it is, whatever a go.mod around it says: no later one than it needs."""
    if int(front.document.go.split(".")[1]) < 22:
        # Loops have one variable a round since 1.22.
        return 21
    if re.search(r"\.Go\(", code):
        return 25  # sync.WaitGroup.Go
    return 23 if re.search(r"\brange [\w.]+\.Range\b", code) else 22


def quoted(text: str) -> str:
    """A Go string on one line."""
    text = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
