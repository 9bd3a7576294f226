"""Statements of the tree-sitter tree, converted: one small function per node type."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from verifier.golang import syntax as ast
from verifier.golang.tree import Reader, bare, field, fields, kids, list_of, source, token
from verifier.golang.tree_decl import decls, is_decl
from verifier.golang.tree_expr import expr, exprs, ident, listed
from verifier.golang.tree_refuse import refusal
from verifier.source import Span


def stmt(r: Reader, node: Node) -> ast.Stmt:
    """Convert a statement. Raises ModelError outside the subset."""
    make = _TABLE.get(node.type)
    if make is None:
        if is_decl(node) and node.type.startswith(("var", "const", "type")):
            return ast.DeclStmt(r.span(node), decls(r, node))
        raise refusal(r, node)
    r.enter(node)
    made = make(r, node)
    r.leave()
    return made


def block(r: Reader, node: Node) -> ast.Block:
    """Convert `{ … }`."""
    return ast.Block(r.span(node), stmts(r, kids(node)))


def stmts(r: Reader, nodes: list[Node]) -> tuple[ast.Stmt, ...]:
    """Convert the statements of a block or clause; empty ones between semicolons are left out."""
    flat = [n for node in nodes for n in (kids(node) if node.type == "statement_list" else [node])]
    return tuple(stmt(r, n) for n in flat if n.type != "empty_statement")


def _optional(r: Reader, node: Node | None) -> ast.Stmt | None:
    return None if node is None else stmt(r, node)


def _condition(r: Reader, node: Node | None) -> ast.Expr | None:
    return None if node is None else expr(r, node)


def _expression(r: Reader, node: Node) -> ast.Stmt:
    x = expr(r, kids(node)[0])
    if not isinstance(x, ast.Call) and not (isinstance(x, ast.Unary) and x.op == "<-"):
        raise r.fail(f"'{_short(node)}' is evaluated but not used", node, "assign it: `_ = …`")
    return ast.ExprStmt(r.span(node), x)


def _send(r: Reader, node: Node) -> ast.Stmt:
    return ast.Send(r.span(node), expr(r, field(node, "channel")), expr(r, field(node, "value")))


def _short(node: Node) -> str:
    text = " ".join(source(node).split())
    return text if len(text) <= 40 else text[:39] + "…"


def _assign(r: Reader, node: Node) -> ast.Stmt:
    op = source(field(node, "operator"))
    left, right = field(node, "left"), field(node, "right")
    if op != "=" and (len(list_of(left)) > 1 or len(list_of(right)) > 1):
        raise r.fail(f"'{op}' takes one operand on each side", node, "write one assignment for each operand")
    return ast.Assign(r.span(node), listed(r, left), op, listed(r, right))


def _define(r: Reader, node: Node) -> ast.Stmt:
    left = field(node, "left")
    return ast.Assign(r.span(node), _new_names(r, left), ":=", listed(r, field(node, "right")))


def _new_names(r: Reader, left: Node) -> tuple[ast.Expr, ...]:
    """The left side of `:=`: names only."""
    for n in list_of(left):
        if n.type not in ("identifier", "blank_identifier"):
            raise r.fail(f"'{_short(n)}' on the left of ':=' is not a name", n, "declare the others, then use '='")
    return listed(r, left)


def _step(r: Reader, node: Node) -> ast.Stmt:
    return ast.IncDec(r.span(node), expr(r, kids(node)[0]), "+" if node.type == "inc_statement" else "-")


def _launched(r: Reader, node: Node, word: str) -> ast.Call:
    x = expr(r, kids(node)[0])
    if isinstance(x, ast.FuncLit):
        raise r.fail(f"'{word}' needs a call", node, "add '()' behind the function")
    if not isinstance(x, ast.Call):
        raise r.fail(f"'{word}' needs a call", node, f"write `{word} f()` or `{word} func() {{ … }}()`")
    return x


def _go(r: Reader, node: Node) -> ast.Stmt:
    return ast.Go(r.span(node), _launched(r, node, "go"))


def _defer(r: Reader, node: Node) -> ast.Stmt:
    return ast.Defer(r.span(node), _launched(r, node, "defer"))


def _return(r: Reader, node: Node) -> ast.Stmt:
    return ast.Return(r.span(node), tuple(x for n in kids(node) for x in listed(r, n)))


def _branch(r: Reader, node: Node) -> ast.Stmt:
    label = kids(node)
    return ast.Branch(r.span(node), node.type.removesuffix("_statement"), ident(r, label[0]) if label else None)


def _labeled(r: Reader, node: Node) -> ast.Stmt:
    label = field(node, "label")
    inner = [n for n in kids(node) if n.type != "label_name"]
    colon = token(node, ":")
    assert colon is not None
    if not inner or r.is_added(inner[-1]):  # a label in front of `}` names the empty statement there
        end = r.span(colon)
        place = Span(end.file, end.end_line, end.end_column, end.end_line, end.end_column)
        return ast.Labeled(r.between(label, colon), ident(r, label), ast.Empty(place))
    return ast.Labeled(r.between(label, inner[-1]), ident(r, label), stmt(r, inner[-1]))


def _empty(r: Reader, node: Node) -> ast.Stmt:
    return ast.Empty(r.span(node))


def _if(r: Reader, node: Node) -> ast.Stmt:
    init = _optional(r, node.child_by_field_name("initializer"))
    cond = expr(r, field(node, "condition"))
    then = block(r, field(node, "consequence"))
    return ast.If(r.span(node), init, cond, then, _optional(r, node.child_by_field_name("alternative")))


def _for(r: Reader, node: Node) -> ast.Stmt:
    body = field(node, "body")
    heads = [n for n in kids(node) if n.start_byte < body.start_byte]
    head = heads[0] if heads else None
    if head is None:
        return ast.For(r.span(node), None, None, None, block(r, body))
    if head.type == "range_clause":
        return _range(r, node, head, body)
    if head.type != "for_clause":
        return ast.For(r.span(node), None, expr(r, head), None, block(r, body))
    init = _optional(r, head.child_by_field_name("initializer"))
    cond = _condition(r, head.child_by_field_name("condition"))
    post = _optional(r, head.child_by_field_name("update"))
    return ast.For(r.span(node), init, cond, post, block(r, body))


def _range(r: Reader, node: Node, head: Node, body: Node) -> ast.Stmt:
    left = head.child_by_field_name("left")
    define = token(head, ":=") is not None
    targets = list_of(left)
    if len(targets) > 2:
        raise r.fail("'range' gives at most two values", targets[2], "keep the first two")
    names = _new_names(r, left) if define and left is not None else listed(r, left)
    key, value = (*names, None, None)[:2]
    return ast.Range(r.span(node), key, value, define, expr(r, field(head, "right")), block(r, body))


def _cases(r: Reader, node: Node, what: str, values: str) -> tuple[ast.Case, ...]:
    made: list[ast.Case] = []
    for child in kids(node):
        if child.type == what:
            given = [n for v in fields(child, values) for n in list_of(v)]
            made.append(_case(r, child, given))
        elif child.type == "default_case":
            if any(c.values is None for c in made):
                raise r.fail("this switch has more than one 'default'", child.children[0], "keep one of them")
            made.append(_case(r, child, None))
    return tuple(made)


def _case(r: Reader, node: Node, given: list[Node] | None) -> ast.Case:
    colon = token(node, ":")
    assert colon is not None
    lists = [n for n in kids(node) if n.start_byte >= colon.end_byte]
    body = stmts(r, lists)
    # The grammar counts the newline behind the last statement in: end where the statement ends.
    inside = [n for node in lists for n in (kids(node) if node.type == "statement_list" else [node])]
    span = r.between(node, colon)
    if inside and not r.is_added(inside[-1]):
        span = r.between(node, inside[-1])
    return ast.Case(span, None if given is None else exprs(r, given), body)


def _switch(r: Reader, node: Node) -> ast.Stmt:
    init = _optional(r, node.child_by_field_name("initializer"))
    tag = _condition(r, node.child_by_field_name("value"))
    return ast.Switch(r.span(node), init, tag, _cases(r, node, "expression_case", "value"))


def _type_switch(r: Reader, node: Node) -> ast.Stmt:
    init = _optional(r, node.child_by_field_name("initializer"))
    alias = list_of(node.child_by_field_name("alias"))
    if len(alias) > 1 or (alias and bare(alias[0]).type != "identifier"):
        raise r.fail("a type switch binds one name", alias[-1], "write `switch v := x.(type)`")
    bind = ident(r, alias[0]) if alias else None
    x = expr(r, field(node, "value"))
    return ast.TypeSwitch(r.span(node), init, bind, x, _cases(r, node, "type_case", "type"))


def _select(r: Reader, node: Node) -> ast.Stmt:
    made: list[ast.CommCase] = []
    for child in kids(node):
        if child.type == "communication_case":
            made.append(_comm_case(r, child, _communication(r, field(child, "communication"))))
        elif child.type == "default_case":
            if any(c.comm is None for c in made):
                raise r.fail("this select has more than one 'default'", child.children[0], "keep one of them")
            made.append(_comm_case(r, child, None))
    return ast.Select(r.span(node), tuple(made))


def _comm_case(r: Reader, node: Node, comm: ast.Stmt | None) -> ast.CommCase:
    case = _case(r, node, None)
    return ast.CommCase(case.span, comm, case.body)


def _communication(r: Reader, node: Node) -> ast.Stmt:
    """What a case waits for: a send, or a receive whose value may go somewhere."""
    if node.type == "send_statement":
        return _send(r, node)
    right = expr(r, field(node, "right"))
    if not (isinstance(right, ast.Unary) and right.op == "<-"):
        raise r.fail("a select case must be a send or a receive", node, "write `case v := <-c:` or `case c <- v:`")
    left = node.child_by_field_name("left")
    if left is None:
        return ast.ExprStmt(r.span(node), right)
    define = token(node, ":=") is not None
    names = _new_names(r, left) if define else listed(r, left)
    if len(names) > 2:
        raise r.fail("a receive gives at most two values", node, "keep the first two")
    return ast.Assign(r.span(node), names, ":=" if define else "=", (right,))


_TABLE: dict[str, Callable[[Reader, Node], ast.Stmt]] = {
    "expression_statement": _expression,
    "send_statement": _send,
    "select_statement": _select,
    "assignment_statement": _assign,
    "short_var_declaration": _define,
    "inc_statement": _step,
    "dec_statement": _step,
    "go_statement": _go,
    "defer_statement": _defer,
    "return_statement": _return,
    "break_statement": _branch,
    "continue_statement": _branch,
    "goto_statement": _branch,
    "fallthrough_statement": _branch,
    "block": block,
    "labeled_statement": _labeled,
    "empty_statement": _empty,
    "if_statement": _if,
    "for_statement": _for,
    "expression_switch_statement": _switch,
    "type_switch_statement": _type_switch,
}
