"""What the type checker finds out: types after context, selections, objects, the order of initialisation."""

from __future__ import annotations

import pytest

from tests.golang.checking import Model, walk
from verifier.golang import syntax as ast, types as t
from verifier.golang.check_show import show


def of_body(body: str, declare: str = "") -> t.Package:
    return Model(declare, {"main": body}).check()


def types_of(package: t.Package, wanted: str) -> list[t.TypeAndValue]:
    """What is recorded for the expressions of the body that read `wanted`, in order."""
    nodes = walk(package.bodies[0].block)
    return [found for n in nodes if (found := package.info.types.get(n)) is not None and show(n) == wanted]


@pytest.mark.parametrize(
    ("declare", "body", "expression", "shown"),
    [
        ("var x uint8", "x = 1", "1", "uint8"),
        ("", "x := 1\n_ = x", "1", "int"),
        ("var x any", "x = 1", "1", "int"),
        ("var e any", "_ = e == 1", "1", "int"),
        ("var p *int", "_ = p == nil", "nil", "*int"),
        ("var m map[int]bool", "_ = nil != m", "nil", "map[int]bool"),
        ("var x int8", "_ = x + (1 + 2)", "1 + 2", "int8"),
        ("var x int8", "_ = x == 1", "x == 1", "bool"),
        ("type F bool\nvar x int8\nvar f F", "f = x == 1", "x == 1", "F"),
        ("var n uint\nvar x int64", "x = 1 << n", "1 << n", "int64"),
        ("var n uint\nvar x int64", "x = 1 << n", "1", "int64"),
        ("var m map[string]uint8", 'm["a"] = 7', "7", "uint8"),
        ("func f(p *int) {}", "f(nil)", "nil", "*int"),
        ("var x time.Duration", "x = 2 * time.Second", "2 * time.Second", "time.Duration"),
        ("", "x := 'a'\n_ = x", "'a'", "int32"),
        ("var i int8", "_ = min(i, 3)", "3", "int8"),
    ],
)
def test_untyped_values_take_the_type_of_their_context(declare: str, body: str, expression: str, shown: str) -> None:
    found = types_of(of_body(body, declare), expression)
    assert [str(tv.type) for tv in found] == [shown]


def test_constants_carry_their_values() -> None:
    declare = 'const (\n a = 1 << (iota * 4)\n b\n c\n)\nconst s = "x" + "y"\ntype K uint8\nconst k K = ^K(0)'
    package = of_body("_ = c + 1\n_ = s\n_ = k\n_ = len(s)\n_ = -7 / 2 + -7 % 2\n_ = a < b", declare)
    values = [package.info.types[s.rhs[0]].value for s in package.bodies[0].block.stmts if isinstance(s, ast.Assign)]
    assert values == [257, "xy", 255, 2, -4, True]


def test_modes_say_what_can_be_assigned() -> None:
    declare = "type P struct{ x int }\nvar m map[string]P\nvar p P\nfunc f() P { return p }\nvar a [2]int\nvar e any"
    package = of_body(
        '_ = m["a"]\n_ = m["a"].x\n_ = p.x\n_ = f().x\n_ = (&p).x\n_ = a[1]\n_ = e.(int)\n_ = f()', declare
    )
    modes = [package.info.types[s.rhs[0]].mode for s in package.bodies[0].block.stmts if isinstance(s, ast.Assign)]
    m = t.Mode
    assert modes == [m.MAPINDEX, m.VALUE, m.VARIABLE, m.VALUE, m.VARIABLE, m.VARIABLE, m.COMMAOK, m.VALUE]


def test_comma_ok_forms_have_two_types() -> None:
    package = of_body(
        'v, ok := m["a"]\n_, f = m["b"]\nw := m["c"]\n_, _, _ = v, ok, w', "type F bool\nvar f F\nvar m map[string]int8"
    )
    assert [str(types_of(package, f'm["{k}"]')[0].type) for k in "abc"] == ["(int8, bool)", "(int8, F)", "int8"]


def test_a_variable_keeps_its_declared_interface_type() -> None:
    package = of_body("var e any = 1\nf, g := any(2), 3\ne, h := 4, 5\n_, _, _, _ = e, f, g, h")
    assert {
        name: {str(v.type) for v in package.info.defs.values() if isinstance(v, t.Var) and v.name == name}
        for name in "efgh"
    } == {
        "e": {"any"},
        "f": {"any"},
        "g": {"int"},
        "h": {"int"},
    }


def test_selections_follow_embedded_fields() -> None:
    declare = (
        "type A struct { sync.Mutex; n int }\nfunc (a *A) inc() {}\ntype B struct { *A }\ntype C struct { B }\nvar c C"
    )
    package = of_body(
        "c.Lock()\nc.inc()\nc.n = 1\nc.B.A.Unlock()",
        declare + "\ntype I interface { inc() }\nvar i I = c.A\nvar f = i.inc",
    )
    found = {show(e): s for e, s in package.info.selections.items()}
    assert [f.name for f in found["c.Lock"].path] == ["B", "A", "Mutex"]
    assert found["c.Lock"].primitive == t.Primitive("sync.Mutex")
    assert [f.name for f in found["c.inc"].path] == ["B", "A"]
    assert found["c.inc"].method in package.functions
    assert (found["c.n"].kind, [f.name for f in found["c.n"].path]) == ("field", ["B", "A", "n"])
    assert [f.name for f in found["c.B.A.Unlock"].path] == ["Mutex"]
    assert (found["i.inc"].kind, found["i.inc"].method, found["i.inc"].primitive) == ("method", None, None)


def test_assigned_names_are_uses_and_new_names_are_definitions() -> None:
    package = of_body("a := 1\na, b := 2, 3\n_, _ = a, b")
    first, second, _ = package.bodies[0].block.stmts
    assert isinstance(first, ast.Assign) and isinstance(second, ast.Assign)
    (a,), (again, b) = first.lhs, second.lhs
    assert isinstance(a, ast.Ident) and isinstance(again, ast.Ident) and isinstance(b, ast.Ident)
    assert package.info.uses[again] is package.info.defs[a]
    assert again not in package.info.defs
    assert b in package.info.defs


def test_a_type_switch_binds_one_variable_for_each_clause() -> None:
    package = of_body("switch v := e.(type) {\ncase int: _ = v\ncase string, bool: _ = v\ncase nil:\n}", "var e any")
    assert sorted(str(v.type) for v in package.info.implicits.values()) == ["any", "any", "int"]


def test_elided_pointer_literals_are_pointers() -> None:
    package = of_body('_ = map[string]*U{"a": {1}, "b": {n: 2}}\n_ = [][]U{{{3}}}', "type U struct{ n int }")
    literals = [n for n in walk(package.bodies[0].block) if isinstance(n, ast.CompositeLit) and n.type is None]
    assert [str(package.info.types[n].type) for n in literals] == ["*U", "*U", "[]U", "U"]


def test_function_literals_have_variables() -> None:
    package = of_body("_ = func(a, b int, _ bool) (n int) { return a + b }\n_ = func(int) error { return nil }")
    shown = [([v.name for v in i.params], [v.name for v in i.results]) for i in package.info.literals.values()]
    assert shown == [(["a", "b", "_"], ["n"]), ([""], [""])]


@pytest.mark.parametrize(
    ("declare", "order"),
    [
        ("var a = b\nvar b = c\nvar c = 1", [["c"], ["b"], ["a"]]),
        ("var a = f()\nfunc f() int { return g() }\nfunc g() int { return b }\nvar b = 2", [["b"], ["a"]]),
        ("var x, y = 1, 2\nvar z int", [["x", "y"], ["z"]]),
        ("var a = T{}.get()\ntype T struct{}\nfunc (T) get() int { return b }\nvar b = 1", [["b"], ["a"]]),
        ("var a = func() int { return b }\nvar b = 1", [["b"], ["a"]]),
        ("var a, b = two()\nfunc two() (int, int) { return c, 1 }\nvar c = d\nvar d = 1", [["d"], ["c"], ["a", "b"]]),
        ("var x, y = c, 1\nvar c = y", [["y"], ["c"], ["x"]]),
        ("var x, y = y, 1", [["y"], ["x"]]),
        ("var x = 1\nvar f = func() { x++ }", [["x"], ["f"]]),
        ("var _ = use(x)\nfunc use(int) int { return 1 }\nvar x = 1", [["x"], ["_"]]),
    ],
)
def test_package_variables_are_initialised_in_the_order_of_the_specification(
    declare: str, order: list[list[str]]
) -> None:
    package = of_body("", declare)
    assert [[v.name for v in variables] for variables, _ in package.variables] == order
    for variables, spec in package.variables:
        assert [n.name for n in spec.names] == [v.name for v in variables]


def test_an_initialization_cycle_names_its_links() -> None:
    found = Model("var a = f()\nfunc f() int { return b }\nvar b int = g()\nfunc g() int { return a }").errors()
    assert [d.message for d in found] == ["initialization cycle for a"]
    links = ["a refers to f", "f refers to b", "b refers to g", "g refers to a"]
    assert [n.text for n in found[0].notes] == links
    assert [(n.span.line, n.span.column) for n in found[0].notes if n.span] == [(1, 9), (2, 23), (3, 13), (4, 23)]


def test_a_variable_that_needs_its_own_type_is_a_cycle() -> None:
    found = Model("var a = b\nvar b = a").errors()
    assert "initialization cycle" in found[0].message


def test_types_that_stand_for_type_parameters_are_never_in_an_interface() -> None:
    declare = "func Box[T any](x T, p *T) (any, any) { return x, p }"
    boxed = Model(declare, {"main": "_, _ = Box(1, nil)"}).check().info.boxed
    assert set(map(str, boxed)) == {"int", "*int"}
