"""Expressions and types of the tree-sitter tree, converted: one small function per node type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tree_sitter import Node

from verifier.golang import syntax as ast
from verifier.golang.literal import BadLiteral, character, integer, string
from verifier.golang.tree import Reader, bare, field, fields, kids, list_of, source, token
from verifier.golang.tree_refuse import refusal
from verifier.source import fail

Kind = Literal["INT", "CHAR", "STRING"]

_DECODE: dict[Kind, Callable[[str], int | str]] = {"INT": integer, "CHAR": character, "STRING": string}


def expr(r: Reader, node: Node) -> ast.Expr:
    """Convert an expression or a type. Raises ModelError outside the subset."""
    node = bare(node)
    make = _TABLE.get(node.type)
    if make is None:
        raise refusal(r, node)
    r.enter(node)
    made = make(r, node)
    r.leave()
    return made


def exprs(r: Reader, nodes: list[Node]) -> tuple[ast.Expr, ...]:
    """Convert each of `nodes`."""
    return tuple(expr(r, n) for n in nodes)


def listed(r: Reader, node: Node | None) -> tuple[ast.Expr, ...]:
    """Convert an expression list; no list, no expressions."""
    return exprs(r, list_of(node))


def ident(r: Reader, node: Node) -> ast.Ident:
    """Convert a name of any kind."""
    return ast.Ident(r.span(node), source(node))


def idents(r: Reader, node: Node, name: str = "name") -> tuple[ast.Ident, ...]:
    """The names in field `name`."""
    return tuple(ident(r, n) for n in fields(node, name))


def func_type(r: Reader, node: Node) -> ast.FuncType:
    """The signature of a declaration, literal, interface method or function type."""
    params = field(node, "parameters")
    result = node.child_by_field_name("result")
    if result is None:
        results: tuple[ast.Field, ...] = ()
    elif result.type == "parameter_list":
        results = params_of(r, result)
    else:
        results = (ast.Field(r.span(result), (), expr(r, result)),)
    first = node if node.type in ("function_type", "func_literal") else params
    return ast.FuncType(r.between(first, result or params), params_of(r, params), results)


def type_parameters(r: Reader, node: Node) -> tuple[ast.Field, ...]:
    """The type parameters that a declaration has, with their constraints."""
    generic = node.child_by_field_name("type_parameters")
    if generic is None:
        return ()
    return tuple(
        ast.Field(r.span(p), idents(r, p), constraint(r, field(p, "type")))
        for p in kids(generic)
        if p.type == "type_parameter_declaration"
    )


def constraint(r: Reader, node: Node) -> ast.Expr:
    """What a type parameter must satisfy, or an interface embeds: a type, `~T`, or a union of those."""
    terms = [
        ast.Unary(r.span(term), "~", expr(r, kids(term)[0])) if term.type == "negated_type" else expr(r, term)
        for term in kids(node)
    ]
    union = terms[0]
    for term in terms[1:]:
        union = ast.Binary(r.span(node), "|", union, term)
    return union


def params_of(r: Reader, node: Node) -> tuple[ast.Field, ...]:
    """The parameters or results in a parenthesised list."""
    made = []
    for child in kids(node):
        if child.type != "parameter_declaration":
            raise refusal(r, child)
        made.append(ast.Field(r.span(child), idents(r, child), expr(r, field(child, "type"))))
    if any(f.names for f in made) and not all(f.names for f in made):
        odd = kids(node)[next(i for i, f in enumerate(made) if not f.names)]
        raise r.fail("syntax error: some parameters have a name and some have none", odd, "name all of them, or none")
    return tuple(made)


def literal(r: Reader, node: Node, kind: Kind) -> ast.BasicLit:
    """A literal with its value."""
    try:
        return ast.BasicLit(r.span(node), kind, _DECODE[kind](source(node)))
    except BadLiteral as why:
        raise r.fail(f"syntax error: {why}", node) from why


def _literal_of(kind: Kind) -> Callable[[Reader, Node], ast.Expr]:
    return lambda r, node: literal(r, node, kind)


def _selector(r: Reader, node: Node) -> ast.Expr:
    return ast.Selector(r.span(node), expr(r, field(node, "operand")), ident(r, field(node, "field")))


def _qualified(r: Reader, node: Node) -> ast.Expr:
    return ast.Selector(r.span(node), ident(r, field(node, "package")), ident(r, field(node, "name")))


def _index(r: Reader, node: Node) -> ast.Expr:
    return ast.Index(r.span(node), expr(r, field(node, "operand")), expr(r, field(node, "index")))


def _instance(r: Reader, generic: Node, arguments: Node) -> ast.Index:
    """`generic[arguments]`."""
    first, *more = (_argument(r, elem) for elem in kids(arguments))
    return ast.Index(r.between(generic, arguments), expr(r, generic), first, tuple(more))


def _argument(r: Reader, elem: Node) -> ast.Expr:
    if elem.type == "type_elem":
        if len(kids(elem)) != 1 or kids(elem)[0].type == "negated_type":
            raise r.fail("a type argument is one type", elem)
        elem = kids(elem)[0]
    return expr(r, elem)


def _generic(r: Reader, node: Node) -> ast.Expr:
    return _instance(r, field(node, "type"), field(node, "type_arguments"))


def _call(r: Reader, node: Node) -> ast.Expr:
    fun, types = field(node, "function"), node.child_by_field_name("type_arguments")
    called = expr(r, fun) if types is None else _instance(r, fun, types)
    given = kids(field(node, "arguments"))
    # Variadic functions are outside the subset, append is not.
    spread = source(fun) == "append" and bool(given) and given[-1].type == "variadic_argument"
    if spread:
        given[-1] = kids(given[-1])[0]
    return ast.Call(r.span(node), called, exprs(r, given), spread)


def _slicing(r: Reader, node: Node) -> ast.Expr:
    bounds = [node.child_by_field_name(name) for name in ("start", "end", "capacity")]
    low, high, most = (None if b is None else expr(r, b) for b in bounds)
    return ast.Slicing(r.span(node), expr(r, field(node, "operand")), low, high, most)


def _conversion(r: Reader, node: Node) -> ast.Expr:
    # `table[i](x)` arrives here too: without types it looks like a conversion to an instantiated type.
    return ast.Call(r.span(node), expr(r, field(node, "type")), (expr(r, field(node, "operand")),))


def _assertion(r: Reader, node: Node) -> ast.Expr:
    return ast.TypeAssert(r.span(node), expr(r, field(node, "operand")), expr(r, field(node, "type")))


def _unary(r: Reader, node: Node) -> ast.Expr:
    op = source(field(node, "operator"))
    operand = field(node, "operand")
    _refuse_glued(r, field(node, "operator"), operand)
    if op == "*":
        return ast.Star(r.span(node), expr(r, operand))
    return ast.Unary(r.span(node), op, expr(r, operand))


def _binary(r: Reader, node: Node) -> ast.Expr:
    x, op, y = field(node, "left"), field(node, "operator"), field(node, "right")
    _refuse_glued(r, op, y)
    return ast.Binary(r.span(node), source(op), expr(r, x), expr(r, y))


def _refuse_glued(r: Reader, op: Node, operand: Node) -> None:
    """Raise ModelError where the grammar splits what Go reads as one token, as in `a ++ 1` or `&&b`."""
    glued = source(op) + source(operand)[:1]
    if glued not in ("&&", "&^", "++", "--") or op.end_byte != operand.start_byte:
        return
    advice = "put '&&' at the end of the line before" if glued == "&&" else "put a blank between the two operators"
    start, end = r.place(*op.start_point), r.place(*op.end_point)
    raise fail(f"syntax error: unexpected '{glued}'", r.text.span(*start, end[0], end[1] + 1), advice)


def _pointer(r: Reader, node: Node) -> ast.Expr:
    return ast.Star(r.span(node), expr(r, kids(node)[0]))


def _array(r: Reader, node: Node) -> ast.Expr:
    return ast.ArrayType(r.span(node), expr(r, field(node, "length")), expr(r, field(node, "element")))


def _slice(r: Reader, node: Node) -> ast.Expr:
    return ast.ArrayType(r.span(node), None, expr(r, field(node, "element")))


def _counted(r: Reader, node: Node) -> ast.Expr:
    dots = token(node, "...")
    assert dots is not None
    return ast.ArrayType(r.span(node), ast.Ident(r.span(dots), "..."), expr(r, field(node, "element")))


def _map(r: Reader, node: Node) -> ast.Expr:
    return ast.MapType(r.span(node), expr(r, field(node, "key")), expr(r, field(node, "value")))


def _channel(r: Reader, node: Node) -> ast.Expr:
    words = [c.type for c in node.children if not c.is_named]
    direction = "receive" if words[:1] == ["<-"] else "send" if "<-" in words else ""
    return ast.ChanType(r.span(node), direction, expr(r, field(node, "value")))


def _struct(r: Reader, node: Node) -> ast.Expr:
    made = []
    for child in kids(kids(node)[0]):
        kind = field(child, "type")
        names = idents(r, child)
        of = expr(r, kind)
        star = token(child, "*")
        if star is not None and not names:
            of = ast.Star(r.between(star, kind), of)
        # A tag has no meaning without reflection, which is outside the subset: it is left out.
        made.append(ast.Field(r.between(child, kind), names, of))
    return ast.StructType(r.span(node), tuple(made))


def _interface(r: Reader, node: Node) -> ast.Expr:
    methods, embeds = [], []
    for child in kids(node):
        if child.type == "type_elem":
            embeds.append(constraint(r, child))
        elif child.type == "method_elem":
            methods.append((ident(r, field(child, "name")), func_type(r, child)))
        else:
            raise refusal(r, child)
    return ast.InterfaceType(r.span(node), tuple(methods), tuple(embeds))


def _composite(r: Reader, node: Node) -> ast.Expr:
    return ast.CompositeLit(r.span(node), expr(r, field(node, "type")), _elements(r, field(node, "body")))


def _elided(r: Reader, node: Node) -> ast.Expr:
    return ast.CompositeLit(r.span(node), None, _elements(r, node))


def _elements(r: Reader, body: Node) -> tuple[ast.Element, ...]:
    made = []
    for child in kids(body):
        if child.type == "keyed_element":
            key = expr(r, kids(field(child, "key"))[0])
            made.append(ast.Element(r.span(child), key, expr(r, kids(field(child, "value"))[0])))
        else:
            made.append(ast.Element(r.span(child), None, expr(r, kids(child)[0])))
    return tuple(made)


def _func_lit(r: Reader, node: Node) -> ast.Expr:
    return ast.FuncLit(r.span(node), func_type(r, node), r.block(r, field(node, "body")))


_NAMES = ("identifier", "blank_identifier", "type_identifier", "package_identifier", "nil", "true", "false", "iota")

_TABLE: dict[str, Callable[[Reader, Node], ast.Expr]] = {
    **dict.fromkeys(_NAMES, ident),
    "int_literal": _literal_of("INT"),
    "rune_literal": _literal_of("CHAR"),
    "interpreted_string_literal": _literal_of("STRING"),
    "raw_string_literal": _literal_of("STRING"),
    "selector_expression": _selector,
    "qualified_type": _qualified,
    "index_expression": _index,
    "slice_expression": _slicing,
    "generic_type": _generic,
    "type_instantiation_expression": lambda r, node: _generic(r, node),
    "call_expression": _call,
    "type_conversion_expression": _conversion,
    "type_assertion_expression": _assertion,
    "unary_expression": _unary,
    "binary_expression": _binary,
    "pointer_type": _pointer,
    "array_type": _array,
    "slice_type": _slice,
    "implicit_length_array_type": _counted,
    "map_type": _map,
    "channel_type": _channel,
    "function_type": func_type,
    "struct_type": _struct,
    "interface_type": _interface,
    "composite_literal": _composite,
    "literal_value": _elided,
    "func_literal": _func_lit,
}
