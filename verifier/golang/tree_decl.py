"""Declarations of the tree-sitter tree, converted."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from verifier.golang import syntax as ast
from verifier.golang.tree import Reader, field, kids
from verifier.golang.tree_expr import expr, func_type, ident, idents, listed, params_of, type_parameters
from verifier.golang.tree_refuse import refusal


def decls(r: Reader, node: Node) -> tuple[ast.Decl, ...]:
    """Convert one declaration; a parenthesised group gives several. Raises ModelError outside the subset."""
    make = _TABLE.get(node.type)
    if make is None:
        raise refusal(r, node)
    return make(r, node)


def is_decl(node: Node) -> bool:
    """Whether `decls` knows the node."""
    return node.type in _TABLE


def _optional(r: Reader, node: Node | None) -> ast.Expr | None:
    return None if node is None else expr(r, node)


def _vars(r: Reader, node: Node) -> tuple[ast.Decl, ...]:
    (first, *rest) = kids(node) or [node]
    if first.type != "var_spec":
        return tuple(_var(r, spec, spec) for spec in kids(first) if spec.type == "var_spec")
    return tuple(_var(r, spec, node) for spec in (first, *rest))


def _var(r: Reader, spec: Node, whole: Node) -> ast.VarSpec:
    of = _optional(r, spec.child_by_field_name("type"))
    values = listed(r, spec.child_by_field_name("value"))
    return ast.VarSpec(r.between(whole, spec), idents(r, spec), of, values)


def _consts(r: Reader, node: Node) -> tuple[ast.Decl, ...]:
    made = []
    given: Node | None = None  # the last spec with values: the later ones without repeat it
    specs = kids(node)
    grouped = any(c.type == "(" for c in node.children)
    for iota, spec in enumerate(specs):
        if spec.child_by_field_name("value") is not None:
            given = spec
        if given is None:
            raise r.fail("syntax error: a constant needs a value", spec, "write `name = value`")
        # Converted anew for each repetition: nodes compare by identity, and each copy has its own iota.
        of = _optional(r, given.child_by_field_name("type"))
        values = listed(r, given.child_by_field_name("value"))
        span = r.between(spec if grouped else node, spec)
        made.append(ast.ConstSpec(span, idents(r, spec), of, values, iota))
    return tuple(made)


def _types(r: Reader, node: Node) -> tuple[ast.Decl, ...]:
    made = []
    grouped = any(c.type == "(" for c in node.children)
    for spec in kids(node):
        params = type_parameters(r, spec)
        alias = spec.type == "type_alias"
        if params and alias:
            raise r.fail("a generic type alias is not supported", spec, "declare the type itself, without '='")
        span = r.between(spec if grouped else node, spec)
        name = ident(r, field(spec, "name"))
        made.append(ast.TypeSpec(span, name, expr(r, field(spec, "type")), alias, params))
    return tuple(made)


def _func(r: Reader, node: Node) -> tuple[ast.Decl, ...]:
    recv = _receiver(r, field(node, "receiver")) if node.type == "method_declaration" else None
    params = type_parameters(r, node)
    signature = func_type(r, node)
    body = node.child_by_field_name("body")
    name = ident(r, field(node, "name"))
    made = None if body is None else r.block(r, body)
    return (ast.FuncDecl(r.span(node), name, recv, signature, made, params),)


def _receiver(r: Reader, node: Node) -> ast.Field:
    declared = params_of(r, node)
    if len(declared) != 1 or len(declared[0].names) > 1:
        raise r.fail("a method has exactly one receiver", node, "write `func (t *T) name(…)`")
    return declared[0]


_TABLE: dict[str, Callable[[Reader, Node], tuple[ast.Decl, ...]]] = {
    "var_declaration": _vars,
    "const_declaration": _consts,
    "type_declaration": _types,
    "function_declaration": _func,
    "method_declaration": _func,
}
