"""What is Go but outside the subset: each construct by name, with the nearest thing that works."""

from __future__ import annotations

from tree_sitter import Node

from verifier.golang.file_header import check_imports
from verifier.golang.tree import Reader, source
from verifier.source import ModelError

_NUMBERS = "use integers: models count, they do not measure"

_REFUSED: dict[str, tuple[str, str]] = {
    "variadic_parameter_declaration": (
        "variadic parameters are not supported",
        "declare one parameter for each argument, or pass a slice",
    ),
    "variadic_argument": ("passing a slice with '...' is not supported", "pass the elements one by one"),
    "float_literal": ("floating-point numbers are not supported", _NUMBERS),
    "imaginary_literal": ("complex numbers are not supported", _NUMBERS),
    "package_clause": ("no package clause is needed", "leave it out: the model is one package"),
    "import_declaration": (
        "imports are implicit",
        "leave this out: sync, sync/atomic, time, math/rand, fmt, errors, context and runtime are there",
    ),
    "function_declaration": (
        "a function cannot be declared inside a function",
        "write `name := func(…) { … }`, or move it to `declare:`",
    ),
}


def refusal(r: Reader, node: Node) -> ModelError:
    """The error for a node that has no place in the subset."""
    if node.type == "import_declaration":
        try:
            check_imports(r, node)
        except ModelError as lacking:
            # That it need not be written is no help where the package is not there at all.
            return lacking
    message, hint = _REFUSED.get(node.type, (f"{node.type.replace('_', ' ')} is not supported here", ""))
    return r.fail(message, node, *([hint] if hint else []))


def statement_outside(r: Reader, node: Node) -> ModelError:
    """The error for a statement among the declarations."""
    if node.type == "short_var_declaration":
        names = source(node).split(":=")[0].strip()
        return r.fail("':=' is only for the inside of functions", node, f"write `var {names} = …`")
    return r.fail(
        "a statement stands outside of any function", node, "only var, const, type and func stand in `declare:`"
    )
