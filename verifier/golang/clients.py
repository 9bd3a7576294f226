"""The clients of `linearizable:`: the Go that they need beside the model's own, and which calls they make.

What they share is declared like anything of the model's, so that it is typed and initialised as Go does it: a variable
with the map, made by the type's constructor if there is one, and variables with the keys and the values. The clients
themselves are no Go: `lower/clients.py` makes their steps.

`Range` is no snapshot, but "may reflect any mapping for that key from any point during the Range call", and visits no
key twice (sync/map.go:105): of each key it tells what a Load would. So a client that calls it looks at what is yielded
for one key, and is judged as if it had loaded that.
"""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.types import BOOL, Basic, Func, Package, Pointer, Type, Var, underlying
from verifier.model.document import Linearizable, Text
from verifier.program.monitor import Operation
from verifier.records import dataclass
from verifier.source import Note, fail, suggestion

_KEYS, _VALUES = "abc", ("1", "2", "3")
RANGE = "Range"
_LOOK = "linearizableRange"
"""The method in which clients call Range: what is yielded for a key, whether anything is, and whether twice."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the clients of a checked model do. `map` is the variable they share; `methods` are by name."""

    asked: Linearizable
    map: Var
    keys: tuple[Var, ...]
    values: tuple[Var, ...]
    methods: tuple[tuple[str, Func], ...]
    operations: tuple[Operation, ...]
    callees: tuple[str, ...]
    """For each operation the method that is called: its own, or Range, which is judged as a Load."""
    key_names: tuple[str, ...]
    value_names: tuple[str, ...]


def declarations(asked: Linearizable, decls: tuple[ast.Decl, ...]) -> Text:
    """Go that declares what the clients share. Raises ModelError when the type is not declared in the model."""
    types = {d.name.name: d for d in decls if isinstance(d, ast.TypeSpec)}
    if asked.type not in types:
        raise fail(f"the model declares no type {asked.type}", asked.type_span, *suggestion(asked.type, types))
    functions = {d.name.name: d for d in decls if isinstance(d, ast.FuncDecl) and d.recv is None}
    maker = next((n for n in (f"New{asked.type}", "New") if _makes(functions.get(n), asked.type)), "")
    parts = []
    if _declared(asked, decls) is None:
        made = f"{maker}()" if maker else f"new({asked.type})"
        parts.append(f"var {_name('m', decls)} = {made}")
    key, value = _argument_types(asked, decls)
    parts += [
        f"var {_hidden('Key', n)} {key} = {_literal(key, types, n, text)}" for n, text in _some(_KEYS, asked.keys)
    ]
    some = _some(_VALUES, asked.values)
    parts += [f"var {_hidden('Value', n)} {value} = {_literal(value, types, n + 1, text)}" for n, text in some]
    parts += [_ranging(asked, decls, key, value)] if RANGE in asked.operations else []
    return Text("; ".join(parts), asked.span.file, asked.span.line, (asked.span.column,))


def _ranging(asked: Linearizable, decls: tuple[ast.Decl, ...], key: str, value: str) -> str:
    """Go that looks at what Range yields for one key. Raises ModelError when it is not like that of sync.Map."""
    span = asked.operation_spans[asked.operations.index(RANGE)]
    (method,) = (
        d for d in decls if isinstance(d, ast.FuncDecl) and d.name.name == RANGE and _receiver(d) == asked.type
    )
    if not _yields(method.type, key, value):
        note = f"like that of sync.Map it takes a func({key}, {value}) bool and returns nothing"
        raise fail("clients cannot call this Range", method.name.span, note, Note("clients call it here", span))
    body = "if k == key { value, there, twice = v, true, twice || there }; return true"
    function = f"func(k {key}, v {value}) bool {{ {body} }}"
    results = f"(value {value}, there, twice bool)"
    return f"func (m *{asked.type}) {_LOOK}(key {key}) {results} {{ m.{RANGE}({function}); return }}"


def _yields(signature: ast.FuncType, key: str, value: str) -> bool:
    """Whether a function takes one that takes a key and a value and says whether to go on, and nothing else."""
    if len(signature.params) != 1 or len(signature.params[0].names) > 1 or signature.results:
        return False
    taken = signature.params[0].type
    if not isinstance(taken, ast.FuncType) or len(taken.results) != 1:
        return False
    given = [_written(p.type) for p in taken.params for _ in range(max(len(p.names), 1))]
    return given == [key, value] and _written(taken.results[0].type) == "bool"


def _some(texts: tuple[str, ...] | str, count: int) -> list[tuple[int, str]]:
    return list(enumerate(texts[:count]))


def _hidden(what: str, n: int) -> str:
    return f"linearizable{what}{n}"


def _declared(asked: Linearizable, decls: tuple[ast.Decl, ...]) -> ast.VarSpec | None:
    """The model's own variable that holds a pointer to the type."""
    for d in decls:
        if isinstance(d, ast.VarSpec) and (
            _is_pointer(d.type, asked.type) or any(_makes_one(v, asked.type) for v in d.values)
        ):
            return d
    return None


def _is_pointer(t: ast.Expr | None, name: str) -> bool:
    return isinstance(t, ast.Star) and _written(t.x) == name


def _makes_one(x: ast.Expr, name: str) -> bool:
    """`NewMap()`, `new(Map)` or `&Map{…}`."""
    if isinstance(x, ast.Unary) and isinstance(x.x, ast.CompositeLit):
        return x.op == "&" and x.x.type is not None and _written(x.x.type) == name
    if not isinstance(x, ast.Call):
        return False
    called = _written(x.fun)
    return called in (f"New{name}", "New") or (called == "new" and [_written(a) for a in x.args] == [name])


def _name(wanted: str, decls: tuple[ast.Decl, ...]) -> str:
    """A name for the map that the model does not use itself."""
    taken: set[str] = set()
    for d in decls:
        names = d.names if isinstance(d, ast.VarSpec | ast.ConstSpec) else (d.name,)
        taken.update(n.name for n in names)
    while wanted in taken:
        wanted += "_"
    return wanted


def _makes(f: ast.FuncDecl | None, name: str) -> bool:
    """Whether a function makes what clients share: it takes nothing and gives a pointer to the type."""
    if f is None or f.type.params or len(f.type.results) != 1:
        return False
    if not _is_pointer(f.type.results[0].type, name):
        raise fail(f"{f.name.name} must return a *{name} to be the constructor of what clients share", f.name.span)
    return True


def _argument_types(asked: Linearizable, decls: tuple[ast.Decl, ...]) -> tuple[str, str]:
    """The types of keys and values, as the parameters of the methods asked for have them."""
    methods = {d.name.name: d for d in decls if isinstance(d, ast.FuncDecl) and _receiver(d) == asked.type}
    for name, span in zip(asked.operations, asked.operation_spans, strict=True):
        if name not in methods:
            note = "clients call it, so it must be a method like that of sync.Map"
            raise fail(f"{asked.type} has no method {name}", span, *suggestion(name, methods), note)
    key = value = "int"
    for name in asked.operations:
        parameters = [f for p in methods[name].type.params for f in [p] * max(len(p.names), 1)]
        if parameters:
            key = _written(parameters[0].type) or key
        results = methods[name].type.results
        if len(parameters) > 1:
            value = _written(parameters[1].type) or value
        elif len(results) > 1:
            value = _written(results[0].type) or value
    return key, value


def _receiver(d: ast.FuncDecl) -> str:
    if d.recv is None:
        return ""
    t = d.recv.type
    return _written(t.x if isinstance(t, ast.Star) else t)


def _written(t: ast.Expr) -> str:
    return t.name if isinstance(t, ast.Ident) else "any" if isinstance(t, ast.InterfaceType) else ""


def _literal(name: str, types: dict[str, ast.TypeSpec], n: int, text: str) -> str:
    """The n-th literal of a type: strings are `text`, everything else is a number."""
    seen: set[str] = set()
    while name in types and name not in seen:
        seen.add(name)
        name = _written(types[name].type)
    return f'"{text}"' if name == "string" else str(n)


_WANTED = {
    "Load": ("k", "v?"),
    "Store": ("kv", ""),
    "LoadOrStore": ("kv", "v?"),
    "LoadAndDelete": ("k", "v?"),
    "Delete": ("k", ""),
    "Swap": ("kv", "v?"),
    "CompareAndSwap": ("kvv", "?"),
    "CompareAndDelete": ("kv", "?"),
    "Clear": ("", ""),
    RANGE: ("k", "v??"),
}
"""Parameters and results of every method: k a key, v a value, ? a bool. Of Range: those of the method that calls it."""

_WORDS = {"k": "a key", "v": "a value", "?": "a bool"}


def client(asked: Linearizable, package: Package) -> Client:
    """The clients of a checked model. Raises ModelError when a method has not the signature that sync.Map gives it."""
    variables = {v.name: v for vs, _ in package.variables for v in vs}
    keys = tuple(variables[_hidden("Key", n)] for n in range(asked.keys))
    values = tuple(variables[_hidden("Value", n)] for n in range(asked.values))
    for what, var in (("key", keys[0]), ("value", values[0])):
        if not isinstance(underlying(var.type), Basic):
            note = "declare it as an int, a string or a type of one of them"
            raise fail(f"a {what} of type {var.type} is not supported by `linearizable:` yet", asked.span, note)
    named = next(t for t in package.types if t.name == asked.type)
    shared = next(v for v in variables.values() if isinstance(v.type, Pointer) and v.type.elem is named)
    methods = []
    for name in (*asked.operations, *(["Load"] if "Load" in named.methods and "Load" not in asked.operations else [])):
        method = named.methods[_LOOK if name == RANGE else name]
        _fits(name, method, keys[0].type, values[0].type)
        methods.append((name, method))
    key_names, value_names = tuple(_KEYS[: asked.keys]), _VALUES[: asked.values]
    made = [(o, name) for name, _ in methods for o in _calls(shared.name, name, key_names, value_names)]
    operations, callees = tuple(o for o, _ in made), tuple(name for _, name in made)
    return Client(asked, shared, keys, values, tuple(methods), operations, callees, key_names, value_names)


def _fits(name: str, method: Func, key: Type, value: Type) -> None:
    kinds = {"k": key, "v": value, "?": BOOL}
    params, results = _WANTED[name]
    signature = method.signature
    wanted = (tuple(kinds[c] for c in params), tuple(kinds[c] for c in results))
    if (signature.params, signature.results) != wanted:
        takes = ", ".join(_WORDS[c] for c in params) or "nothing"
        gives = ", ".join(_WORDS[c] for c in results) or "nothing"
        note = f"like that of sync.Map it takes {takes} and returns {gives} (key: {key}, value: {value})"
        raise fail(f"{name} has the signature {signature}", method.decl.name.span, note)


def _calls(map_: str, name: str, keys: tuple[str, ...], values: tuple[str, ...]) -> list[Operation]:
    """Every call of one method. A CompareAndSwap with two equal values only reads: it is left out."""
    params = _WANTED[name][0]
    if name == "Clear":
        return [Operation(name, -1, 0, 0, f"{map_}.Clear()")]
    out = []
    numbered = list(enumerate(values, 1))
    for k, key in enumerate(keys):
        if name == RANGE:
            out.append(Operation("Load", k, 0, 0, f"{map_}.{RANGE}: {key}"))
        elif params == "k":
            out.append(Operation(name, k, 0, 0, f"{map_}.{name}({key})"))
        elif name == "CompareAndDelete":
            out += [Operation(name, k, 0, old, f"{map_}.{name}({key}, {text})") for old, text in numbered]
        elif params == "kv":
            out += [Operation(name, k, v, 0, f"{map_}.{name}({key}, {text})") for v, text in numbered]
        else:
            out += [
                Operation(name, k, v, old, f"{map_}.{name}({key}, {before}, {text})")
                for old, before in numbered
                for v, text in numbered
                if v != old or len(values) == 1
            ]
    return out
