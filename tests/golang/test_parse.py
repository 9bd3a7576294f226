"""Go text to syntax trees: shapes, spans in the YAML file, and words for reports."""

from __future__ import annotations

from dataclasses import fields

import pytest

from verifier.golang import syntax as ast
from verifier.golang.parse import parse_body, parse_declarations, parse_expression
from verifier.golang.text import snippet
from verifier.model.document import Text
from verifier.source import Span

from .reading import cut, go, shape


def nodes(tree: object) -> list[object]:
    """Every syntax node in `tree`, parents first."""
    if isinstance(tree, tuple):
        return [n for part in tree for n in nodes(part)]
    if not hasattr(tree, "span"):
        return []
    return [tree, *(n for f in fields(tree) if f.name != "span" for n in nodes(getattr(tree, f.name)))]  # type: ignore[arg-type]


def first_statement(value: str) -> ast.Stmt:
    return parse_body(go(value)).stmts[0]


EXPRESSIONS = [
    (
        "0x1_F + 0b11 + 0o17 + 017 + 0 + 1_000",
        "Binary(+, Binary(+, Binary(+, Binary(+, Binary(+, 31, 3), 15), 15), 0), 1000)",
    ),
    ("'a'", "97"),
    (r"'\n'", "10"),
    (r"'\''", "39"),
    (r"'\xff'", "255"),
    (r"'\u00e9'", "233"),
    ("'é'", "233"),
    (r'"a\tb\"\101\x42é\u00e9"', repr('a\tb"ABéé')),
    (r'"\xc3\xa9"', repr("é")),
    (r"`a\n`", repr("a\\n")),
    ('""', "''"),
    ("nil", "nil"),
    ("a.b.c", "Selector(Selector(a, b), c)"),
    ("m[k][1]", "Index(Index(m, k), 1)"),
    ("f(a, g())", "Call(f, [a, Call(g, [])])"),
    ("(((a)))", "a"),
    ("(a + b) * c", "Binary(*, Binary(+, a, b), c)"),
    ("a || b && !c", "Binary(||, a, Binary(&&, b, Unary(!, c)))"),
    ("*p + -x ^ ^y &^ z", "Binary(^, Binary(+, Star(p), Unary(-, x)), Binary(&^, Unary(^, y), z))"),
    ("&User{Age: 30, Name: n}", "Unary(&, CompositeLit(User, [Element(Age, 30), Element(Name, n)]))"),
    ("[...]int{1, 2: 3}", "CompositeLit(ArrayType(..., int), [Element(-, 1), Element(2, 3)])"),
    ("[3]int{}", "CompositeLit(ArrayType(3, int), [])"),
    ("[]int{}", "CompositeLit(ArrayType(-, int), [])"),
    (
        'map[string]*User{"a": {Age: 1}}',
        "CompositeLit(MapType(string, Star(User)), [Element('a', CompositeLit(-, [Element(Age, 1)]))])",
    ),
    ("make(map[string]*User, 3)", "Call(make, [MapType(string, Star(User)), 3])"),
    ("new(sync.Mutex)", "Call(new, [Selector(sync, Mutex)])"),
    ('[]byte("x")', "Call(ArrayType(-, byte), ['x'])"),
    ("(*T)(nil)", "Call(Star(T), [nil])"),
    ("x.(*T)", "TypeAssert(x, Star(T))"),
    ("atomic.Pointer[User]{}", "CompositeLit(Index(Selector(atomic, Pointer), User), [])"),
    ("new(atomic.Pointer[User])", "Call(new, [Index(Selector(atomic, Pointer), User)])"),
    ("table[i](x)", "Call(Index(table, i), [x])"),
    ("table[i](x, y)", "Call(Index(table, i), [x, y])"),
    (
        "func(a, b int, c *T) (n int, err error) { return 1, nil }",
        "FuncLit(FuncType([Field([a, b], int), Field([c], Star(T))], [Field([n], int), Field([err], error)]), "
        "Block([Return([1, nil])]))",
    ),
    ("struct{ a, b int }{1, 2}", "CompositeLit(StructType([Field([a, b], int)]), [Element(-, 1), Element(-, 2)])"),
    ("a == 1 /* c */ && // d\n  b", "Binary(&&, Binary(==, a, 1), b)"),
    ("a\n&& b", "Binary(&&, a, b)"),
    ("a - -b + + c", "Binary(+, Binary(-, a, Unary(-, b)), Unary(+, c))"),
    ("close(ch)", "Call(close, [ch])"),
]


@pytest.mark.parametrize(("value", "expected"), EXPRESSIONS)
def test_expressions(value: str, expected: str) -> None:
    assert shape(parse_expression(go(value))) == expected


STATEMENTS = [
    ("mu.Lock()", "ExprStmt(Call(Selector(mu, Lock), []))"),
    ("v, ok := m[k]", "Assign([v, ok], :=, [Index(m, k)])"),
    ("x, y = y, x", "Assign([x, y], =, [y, x])"),
    ("x &^= 1", "Assign([x], &^=, [1])"),
    ("x <<= 1", "Assign([x], <<=, [1])"),
    ("_ = u.Age", "Assign([_], =, [Selector(u, Age)])"),
    ("x++", "IncDec(x, +)"),
    ("m[k]--", "IncDec(Index(m, k), -)"),
    ("go f(x)", "Go(Call(f, [x]))"),
    ("defer func() { f() }()", "Defer(Call(FuncLit(FuncType([], []), Block([ExprStmt(Call(f, []))])), []))"),
    ("defer (mu.Unlock())", "Defer(Call(Selector(mu, Unlock), []))"),
    ("return", "Return([])"),
    ("return a, b", "Return([a, b])"),
    ("goto done", "Branch(goto, done)"),
    ("{ f(); g() }", "Block([ExprStmt(Call(f, [])), ExprStmt(Call(g, []))])"),
    ("L: for { break L; continue }", "Labeled(L, For(-, -, -, Block([Branch(break, L), Branch(continue, -)])))"),
    ("reading: // here\nu := m[k]", "Labeled(reading, Assign([u], :=, [Index(m, k)]))"),
    ("done:", "Labeled(done, Empty())"),
    ("done: // c\n", "Labeled(done, Empty())"),
    ("a:\nb:", "Labeled(a, Labeled(b, Empty()))"),
    ("if x {\ndone:\n}", "If(-, x, Block([Labeled(done, Empty())]), -)"),
    ("if x { done: }", "If(-, x, Block([Labeled(done, Empty())]), -)"),
    ("a: ;", "Labeled(a, Empty())"),
    (
        "if v, ok := m[k]; !ok {\n} else if v == nil {\n} else {\n}",
        "If(Assign([v, ok], :=, [Index(m, k)]), Unary(!, ok), Block([]), "
        "If(-, Binary(==, v, nil), Block([]), Block([])))",
    ),
    ("for {}", "For(-, -, -, Block([]))"),
    ("for x < 3 {}", "For(-, Binary(<, x, 3), -, Block([]))"),
    ("for ; ; {}", "For(-, -, -, Block([]))"),
    (
        "for i := 0; i < 3; i++ {}",
        "For(Assign([i], :=, [0]), Binary(<, i, 3), IncDec(i, +), Block([]))",
    ),
    ("for /* c */ ; i < 3; {}", "For(-, Binary(<, i, 3), -, Block([]))"),
    ("for range 10 {}", "Range(-, -, False, 10, Block([]))"),
    ("for i := range n {}", "Range(i, -, True, n, Block([]))"),
    ("for k := range m {}", "Range(k, -, True, m, Block([]))"),
    ("for k, v := range m {}", "Range(k, v, True, m, Block([]))"),
    ("for k, s.v = range m {}", "Range(k, Selector(s, v), False, m, Block([]))"),
    ("for range m {}", "Range(-, -, False, m, Block([]))"),
    (
        "switch x := f(); x {\ncase 1, 2:\n  g()\n  fallthrough\ndefault:\n}",
        "Switch(Assign([x], :=, [Call(f, [])]), x, "
        "[Case([1, 2], [ExprStmt(Call(g, [])), Branch(fallthrough, -)]), Case(-, [])])",
    ),
    ("switch {\ncase a:\n}", "Switch(-, -, [Case([a], [])])"),
    ("switch x := 1; { // c\n}", "Switch(Assign([x], :=, [1]), -, [])"),
    (
        "switch y := 3; v := x.(type) {\ncase int, *T:\n  g(v)\ncase nil:\n}",
        "TypeSwitch(Assign([y], :=, [3]), v, x, [Case([int, Star(T)], [ExprStmt(Call(g, [v]))]), Case([nil], [])])",
    ),
    ("switch x.(type) {}", "TypeSwitch(-, -, x, [])"),
    ("var z, w int = 1, 2", "DeclStmt([VarSpec([z, w], int, [1, 2])])"),
    ("var ( p = 1; q []int )", "DeclStmt([VarSpec([p], -, [1]), VarSpec([q], ArrayType(-, int), [])])"),
    ("type A = map[string]int", "DeclStmt([TypeSpec(A, MapType(string, int), True)])"),
    ("// c\n/* d\n */ f(a, // e\n  b,\n)", "ExprStmt(Call(f, [a, b]))"),
]


@pytest.mark.parametrize(("value", "expected"), STATEMENTS)
def test_statements(value: str, expected: str) -> None:
    assert shape(parse_body(go(value)).stmts) == f"[{expected}]"


DECLARATIONS = [
    ("", ""),
    ("// only a comment", ""),
    ("var mu sync.RWMutex", "VarSpec([mu], Selector(sync, RWMutex), [])"),
    ("var users = map[string]*User{}", "VarSpec([users], -, [CompositeLit(MapType(string, Star(User)), [])])"),
    ("var (\n  a = 1\n\n  b, c int // c\n)", "VarSpec([a], -, [1]), VarSpec([b, c], int, [])"),
    ("var ()", ""),
    ("const (A = 1)", "ConstSpec([A], -, [1], 0)"),
    (
        "const (\n  A T = iota\n  _\n  // c\n  C\n  D, E = 7, iota\n)",
        "ConstSpec([A], T, [iota], 0), ConstSpec([_], T, [iota], 1), ConstSpec([C], T, [iota], 2), "
        "ConstSpec([D, E], -, [7, iota], 3)",
    ),
    ("type User struct{ Age int }", "TypeSpec(User, StructType([Field([Age], int)]), False)"),
    (
        'type T struct {\n  X, y int `json:"x"`\n  sync.Mutex\n  *User\n  p atomic.Pointer[User]\n}',
        "TypeSpec(T, StructType([Field([X, y], int), Field([], Selector(sync, Mutex)), Field([], Star(User)), "
        "Field([p], Index(Selector(atomic, Pointer), User))]), False)",
    ),
    (
        "type I interface {\n  M(a int) (b int, err error)\n  N()\n}",
        "TypeSpec(I, InterfaceType([[M, FuncType([Field([a], int)], [Field([b], int), Field([err], error)])], "
        "[N, FuncType([], [])]]), False)",
    ),
    (
        "func f[T any, N ~int | I](x C[T, N]) {}",
        "FuncDecl(f, -, FuncType([Field([x], Index(C, T, [N]))], []), Block([]), "
        "[Field([T], any), Field([N], Binary(|, Unary(~, int), I))])",
    ),
    (
        "type (\n  F func(int, string) bool\n  G = F\n)",
        "TypeSpec(F, FuncType([Field([], int), Field([], string)], [Field([], bool)]), False), TypeSpec(G, F, True)",
    ),
    (
        "func f(a, b int) *T { return nil }",
        "FuncDecl(f, -, FuncType([Field([a, b], int)], [Field([], Star(T))]), Block([Return([nil])]))",
    ),
    ("func (t *T) m() {}", "FuncDecl(m, Field([t], Star(T)), FuncType([], []), Block([]))"),
    ("func (T) m() {}", "FuncDecl(m, Field([], T), FuncType([], []), Block([]))"),
    ("func f()", "FuncDecl(f, -, FuncType([], []), -)"),
    ("var x = 1\nfunc f() {\n}", "VarSpec([x], -, [1]), FuncDecl(f, -, FuncType([], []), Block([]))"),
]


@pytest.mark.parametrize(("value", "expected"), DECLARATIONS)
def test_declarations(value: str, expected: str) -> None:
    assert shape(parse_declarations(go(value))) == f"[{expected}]"


def test_a_repeated_constant_has_its_own_nodes() -> None:
    first, second = parse_declarations(go("const (\n  A = iota\n  B\n)"))
    assert isinstance(first, ast.ConstSpec) and isinstance(second, ast.ConstSpec)
    assert first.values[0] is not second.values[0]
    assert first.values[0].span == second.values[0].span


BODY = """\
mu.Lock()
if u := users["é🙂"]; u != nil { // ß
\tu.Age += 1; f(u)
}
reading:
x, ok := (m)[k], 2
switch x {
case 1:
  f(
    x,
  )

default:
}
done: // here
"""


def test_spans_are_exact() -> None:
    body = parse_body(go(BODY))
    found = [cut(s.span, BODY) for s in body.stmts]
    assert found == [
        "mu.Lock()",
        'if u := users["é🙂"]; u != nil { // ß\n\tu.Age += 1; f(u)\n}',
        "reading:\nx, ok := (m)[k], 2",
        "switch x {\ncase 1:\n  f(\n    x,\n  )\n\ndefault:\n}",
        "done:",
    ]
    texts = [cut(n.span, BODY) for n in nodes(body)]  # type: ignore[attr-defined]
    for text in (
        'users["é🙂"]',
        "u != nil",
        "u.Age += 1",
        "f(u)",
        "Age",
        'u := users["é🙂"]',
        "(m)[k]",
        "m",
        "reading",
    ):
        assert text in texts
    assert "case 1:\n  f(\n    x,\n  )" in texts
    assert "default:" in texts
    assert "f(\n    x,\n  )" in texts


def test_a_span_counts_lines_and_columns_of_the_file() -> None:
    body = parse_body(go(BODY))
    assert body.stmts[0].span == Span("m.yaml", 10, 7, 10, 16)
    assert body.span == Span("m.yaml", 10, 7, 24, 20)
    second = body.stmts[1]
    assert isinstance(second, ast.If)
    # 'é🙂' are two characters and six bytes.
    assert second.cond.span == Span("m.yaml", 11, 28, 11, 36)
    assert second.then.stmts[1].span == Span("m.yaml", 12, 20, 12, 24)


def test_spans_of_an_inline_text() -> None:
    text = Text("at(r, reading) >= 2", "m.yaml", 5, (23,))
    assert parse_expression(text).span == Span("m.yaml", 5, 23, 5, 42)


@pytest.mark.parametrize("value", [v for v, _ in STATEMENTS])
def test_children_lie_inside_their_parents(value: str) -> None:
    for node in nodes(parse_body(go(value))):
        outer = node.span  # type: ignore[attr-defined]
        assert (outer.line, outer.column) <= (outer.end_line, outer.end_column)
        for child in nodes(node):
            inner = child.span  # type: ignore[attr-defined]
            assert (outer.line, outer.column) <= (inner.line, inner.column)
            assert (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def test_declarations_have_the_span_of_their_source() -> None:
    value = "var a, b int\nconst (\n  C = 1 // c\n  D\n)\n"
    value += "type T struct {\n  x int `t`\n}\nfunc (t T) f(a int) int {\n  return 1\n}"
    found = parse_declarations(go(value))
    assert [cut(d.span, value) for d in found] == [
        "var a, b int",
        "C = 1",
        "D",
        "type T struct {\n  x int `t`\n}",
        "func (t T) f(a int) int {\n  return 1\n}",
    ]
    method = found[-1]
    assert isinstance(method, ast.FuncDecl) and method.recv is not None
    assert cut(method.type.span, value) == "(a int) int"
    assert cut(method.recv.span, value) == "t T"


def test_parentheses_do_not_nest() -> None:
    assert shape(first_statement("x = " + "(" * 5_000 + "1" + ")" * 5_000)) == "Assign([x], =, [1])"


def test_nesting_is_counted_per_path() -> None:
    assert len(parse_body(go("if a {\n  b = -c\n}\n" * 1_000)).stmts) == 1_000


LINES = ["  - mu.Lock()  //  c", "  - go   func() { f() }()", "  - if x {", "      y()", "    }", "  - f(", "  x)"]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span("m", 1, 5, 1, 14), "mu.Lock()"),
        (Span("m", 2, 5, 2, 26), "go func() { f() }()"),
        (Span("m", 3, 5, 5, 6), "if x { … }"),
        (Span("m", 6, 5, 7, 5), "f( …)"),
        (Span("m", 99, 1, 99, 5), ""),
    ],
)
def test_snippet(span: Span, expected: str) -> None:
    assert snippet(span, {"m": LINES}) == expected


def test_a_long_snippet_is_cut() -> None:
    long = "x := " + "abc + " * 30
    shown = snippet(Span("m", 1, 1, 1, len(long) + 1), {"m": [long]}, 20)
    assert shown.endswith("…") and len(shown) <= 20
    literal = 'users["a"] = &User{' + "Age: 1, " * 20 + "}"
    assert snippet(Span("m", 1, 1, 1, len(literal) + 1), {"m": [literal]}) == 'users["a"] = &User{ … }'
