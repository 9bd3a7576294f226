"""Go text for syntax nodes and operands, as gc words them in its error messages."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_operand import Operand
from verifier.source import suggestion

_PRECEDENCE = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 3),
    **dict.fromkeys(("+", "-", "|", "^"), 4),
    **dict.fromkeys(("*", "/", "%", "<<", ">>", "&", "&^"), 5),
}


def show(e: ast.Expr) -> str:
    """The expression or type `e` as Go text; bodies and elements are shortened to `…`."""
    match e:
        case ast.Ident():
            return e.name
        case ast.BasicLit():
            return _literal(e)
        case ast.Selector():
            return f"{_operand(e.x)}.{e.name.name}"
        case ast.Index():
            return f"{_operand(e.x)}[{', '.join(map(show, (e.index, *e.more)))}]"
        case ast.Slicing():
            low, high = ("" if part is None else show(part) for part in (e.low, e.high))
            return f"{_operand(e.x)}[{low}:{high}{':' + show(e.most) if e.most else ''}]"
        case ast.TypeAssert():
            return f"{_operand(e.x)}.({show(e.type)})"
        case ast.Call():
            return f"{_callee(e.fun)}({', '.join(map(show, e.args))}{'...' if e.spread else ''})"
        case ast.Star():
            return f"*{_operand(e.x)}"
        case ast.Unary():
            return f"{e.op}{_side(e.x, 6)}"
        case ast.Binary():
            level = _PRECEDENCE.get(e.op, 0)
            return f"{_side(e.x, level)} {e.op} {_side(e.y, level + 1)}"
        case ast.CompositeLit():
            return (show(e.type) if e.type else "") + ("{…}" if e.elements else "{}")
        case ast.FuncLit():
            return f"{show(e.type)} {{…}}"
        case _:
            return _type(e)


def _literal(e: ast.BasicLit) -> str:
    if e.kind == "STRING":
        return quoted(str(e.value))
    if e.kind == "CHAR" and isinstance(e.value, int) and 32 <= e.value < 127:
        return f"'{chr(e.value)}'"
    return str(e.value)


def quoted(text: str) -> str:
    """`text` as a Go string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _side(e: ast.Expr, level: int) -> str:
    text = show(e)
    return f"({text})" if isinstance(e, ast.Binary) and _PRECEDENCE.get(e.op, 0) < level else text


def _operand(e: ast.Expr) -> str:
    text = show(e)
    return f"({text})" if isinstance(e, ast.Binary | ast.Unary | ast.Star) else text


def _callee(e: ast.Expr) -> str:
    return show(e) if isinstance(e, ast.Unary) else _operand(e)


def _type(e: ast.Expr) -> str:
    match e:
        case ast.ArrayType():
            return f"[{show(e.length) if e.length else ''}]{show(e.elem)}"
        case ast.MapType():
            return f"map[{show(e.key)}]{show(e.value)}"
        case ast.ChanType():
            word = {"": "chan", "send": "chan<-", "receive": "<-chan"}[e.direction]
            return f"{word} {show(e.elem)}"
        case ast.FuncType():
            results = _fields(e.results)
            several = len(e.results) > 1 or any(f.names for f in e.results)
            return f"func({_fields(e.params)})" + (f" ({results})" if several else f" {results}" if results else "")
        case ast.StructType():
            return "struct{…}" if e.fields else "struct{}"
        case _:
            return "interface{…}" if isinstance(e, ast.InterfaceType) and e.methods else "interface{}"


def _fields(fields: tuple[ast.Field, ...]) -> str:
    parts = (", ".join(n.name for n in f.names) + (" " if f.names else "") + show(f.type) for f in fields)
    return ", ".join(parts)


def constant(value: int | str | bool) -> str:
    """A constant's value as Go text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)


def nearest(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """A did-you-mean note, or nothing; a name that differs in upper and lower case only is nearest."""
    known = set(candidates)
    same = sorted(name for name in known if name.lower() == word.lower())
    return (f"did you mean '{same[0]}'?",) if same else suggestion(word, known)


def kind_of(u: t.Type) -> str:
    """The kind of an underlying type in one word: `struct`, `map`, `func`, `int`, …"""
    match u:
        case t.Basic():
            return u.name
        case t.Signature():
            return "func"
        case t.Primitive():
            return "struct"
        case t.Tuple():
            return "tuple"
        case _:
            return type(u).__name__.lower()


def type_phrase(of: t.Type) -> str:
    """`type int`, or `struct type User` for a declared type."""
    return f"{kind_of(t.underlying(of))} type {of}" if isinstance(of, t.Named) else f"type {of}"


def describe(x: Operand) -> str:
    """`x (variable of type int)`: an operand as gc puts it into messages."""
    text = show(x.expr)
    if x.type == t.NIL:
        return "nil" if text == "nil" else f"{text} (untyped nil)"
    if x.mode is t.Mode.NOVALUE:
        return f"{text} (no value)"
    if x.mode is t.Mode.TYPE:
        return f"{text} (type)"
    if x.mode is t.Mode.BUILTIN:
        return f"{text} (built-in)"
    untyped = isinstance(x.type, t.Basic) and x.type.name.startswith("untyped")
    if x.mode is t.Mode.CONST and x.value is not None:
        value = constant(x.value)
        shown = "" if value == text or isinstance(x.expr, ast.BasicLit) else f" {value}"
        return f"{text} ({x.type} constant{shown})" if untyped else f"{text} (constant{shown} of {type_phrase(x.type)})"
    word = {
        t.Mode.VARIABLE: "variable",
        t.Mode.MAPINDEX: "map index expression",
        t.Mode.COMMAOK: "comma, ok expression",
    }.get(x.mode, "value")
    return f"{text} ({x.type} {word})" if untyped else f"{text} ({word} of {type_phrase(x.type)})"
