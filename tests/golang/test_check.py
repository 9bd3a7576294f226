"""The type checker: what it accepts, and what it refuses, with which words and where."""

from __future__ import annotations

import pytest

from tests.golang.checking import Model, corpus, walk
from verifier.golang import library, syntax as ast, types as t

GOOD = corpus("check_good.txt")
BAD = corpus("check_bad.txt")


def case(parts: dict[str, str]) -> Model:
    return Model(parts.get("declare", ""), {"body": parts.get("body", "")})


@pytest.mark.parametrize("name", GOOD)
def test_accepts_and_records_every_expression_with_its_final_type(name: str) -> None:
    package = case(GOOD[name]).check()
    info = package.info
    declared = (*(f.decl for f in package.functions), *(spec for _, spec in package.variables))
    nodes = walk((*declared, package.bodies[0].block))
    expressions = (ast.BasicLit, ast.CompositeLit, ast.FuncLit, ast.Selector, ast.Index, ast.TypeAssert, ast.Call)
    operators = (ast.Star, ast.Unary, ast.Binary)
    assert [n for n in nodes if isinstance(n, (*expressions, *operators)) and n not in info.types] == []
    selectors = [n for n in nodes if isinstance(n, ast.Selector)]
    assert [n for n in selectors if n not in info.selections and n.name not in info.uses] == []
    constants = [found for found in info.types.values() if found.value is not None]
    assert [found for found in constants if str(found.type).startswith("untyped")] == []
    objects = (*info.uses.values(), *info.defs.values())
    assert [v for v in objects if isinstance(v, t.Var) and v.type == t.INVALID] == []


@pytest.mark.parametrize("name", BAD)
def test_refuses(name: str) -> None:
    place, _, fragment = BAD[name]["error"].partition(": ")
    found = case(BAD[name]).first()
    assert found.startswith(f"{place}: ")
    assert fragment in found


def test_the_corpora_are_read_whole() -> None:
    assert len(GOOD) >= 40
    assert len(BAD) >= 140


@pytest.mark.parametrize(
    ("declare", "body", "near"),
    [
        ("var counter int", "countre++", "counter"),
        ("type User struct{ Age int }\nvar u User", "u.age = 1", "Age"),
        ("var mu sync.RWMutex", "mu.Rlock()", "RLock"),
        ("var mu sync.RWMutx", "", "RWMutex"),
        ("type User struct{ Age int }", "_ = User{Aeg: 1}", "Age"),
        ("", "outer: for { break outr }", "outer"),
        ("", "time.Slep(1)", "Sleep"),
    ],
)
def test_suggests_the_name_that_was_meant(declare: str, body: str, near: str) -> None:
    notes = Model(declare, {"main": body}).errors()[0].notes
    assert f"did you mean '{near}'?" in [n.text for n in notes]


@pytest.mark.parametrize(
    ("declare", "body", "line"),
    [
        ("var x int\nvar x int", "", 1),
        ("type T int\nfunc (T) f() {}\nfunc (T) f() {}", "", 2),
        ("var x int", "switch x {\ncase 1:\ncase 1:\n}", 2),
        ("", "l: for { break l }\nl: for {}", 1),
        ("", '_ = map[string]int{\n"a": 1,\n"a": 2}', 2),
    ],
)
def test_points_at_the_other_place(declare: str, body: str, line: int) -> None:
    notes = Model(declare, {"main": body}).errors()[0].notes
    assert [n.span.line for n in notes if n.span is not None] == [line]


@pytest.mark.parametrize("body", ['strconv.Atoi("1")', "var g errgroup.Group; _ = g", "strings.ToUpper(s)"])
def test_a_package_outside_models_is_told_what_there_is(body: str) -> None:
    notes = [n.text for n in Model("", {"main": body}).errors()[0].notes]
    assert f"models have {library.offered()}" in notes
    assert not any("did you mean" in n for n in notes)


def test_what_models_have_is_what_offers_something() -> None:
    offering = [path for name, path in library.PACKAGES.items() if name == "context" or library.members(name)]
    assert library.offered().replace(" and ", ", ").split(", ") == offering


@pytest.mark.parametrize("clause", ['s["n"] == 1', 's.Load("n") == 1'])
def test_a_clause_about_a_sync_map_is_told_another_way(clause: str) -> None:
    (note,) = Model("var s sync.Map", {"main": 's.Store("n", 1)'}, {"c": clause}).errors()[0].notes
    assert "`var stored atomic.Bool`" in note.text


def test_reports_every_error_in_file_order() -> None:
    found = Model(
        "var a int = true\nfunc f() int {}", {"main": "x = 1\ny := 2\nif z { w() }\nfor k := range q { v() }"}
    ).errors()
    places = [(d.span.file, d.span.line, d.message) for d in found]
    assert places == [
        ("declare", 1, "cannot use true (untyped bool constant) as int value in variable declaration"),
        ("declare", 2, "missing return"),
        ("main", 1, "undefined: x"),
        ("main", 2, "declared and not used: y"),
        ("main", 3, "undefined: z"),
        ("main", 3, "undefined: w"),
        ("main", 4, "undefined: q"),
        ("main", 4, "undefined: v"),
    ]


def test_stops_after_ten_errors() -> None:
    assert len(Model(bodies={"main": "\n".join(f"x{i}()" for i in range(30))}).errors()) == 10


def test_one_mistake_is_one_error() -> None:
    declare = "type T struct { m Missing }\nvar v = undefinedFunc()\nfunc f(t T) T { return t }\nvar w = v + 1"
    body = "x := missing()\ny := x + 1\n_ = y\nz := v\n_ = f(T{}).m.n\n_ = z.q"
    found = Model(declare, {"main": body}).errors()
    assert [d.message for d in found] == ["undefined: Missing", "undefined: undefinedFunc", "undefined: missing"]


@pytest.mark.parametrize(
    ("lang", "body", "message"),
    [
        (123, "var wg sync.WaitGroup\nwg.Go(func() {})", "sync.WaitGroup.Go requires go1.25 or later"),
        (120, "sync.OnceFunc(func() {})()", "sync.OnceFunc requires go1.21 or later"),
        (120, "_ = sync.OnceValue(func() int { return 1 })()", "sync.OnceValue requires go1.21 or later"),
        (121, "for range 3 {}", "requires go1.22 or later"),
        (122, "var n atomic.Int32\nn.And(1)", "atomic.Int32.And requires go1.23 or later"),
        (125, "x := 1\n_ = new(x)", "x is not a type"),
    ],
)
def test_the_language_version_decides(lang: int, body: str, message: str) -> None:
    assert message in Model(bodies={"main": body}, lang=lang).errors()[0].message
    Model(bodies={"main": body}).check()


CLAUSES = """type User struct{ Age int }
var m = map[string]*User{}
var n int
var done atomic.Bool
func f() bool { return true }"""
BODIES = {"reader": "reading:\nn++\nfunc() { inner: for { break inner } }()", "writer": "n++"}


@pytest.mark.parametrize(
    "clause",
    [
        "at(reader, reading) >= 2",
        'm["alice"] != nil && m["alice"].Age == 30',
        "len(m) <= 1 || n % 2 == 0",
        "done.Load() == true",
        "int64(n) < 3 && max(n, 2) == 2",
        "true",
    ],
)
def test_accepts_clauses(clause: str) -> None:
    package = Model(CLAUSES, BODIES, {"c": clause}).check()
    assert package.info.types[package.clauses[0].expr].type == t.BOOL
    assert package.clauses[0].text == clause


@pytest.mark.parametrize(
    ("clause", "column", "message"),
    [
        ("n", 1, "the clause c must be a bool expression, not n (variable of type int)"),
        ("f()", 1, "a clause may not call functions"),
        ("n == 1 && f()", 11, "a clause may not call functions"),
        ("done.Swap(true)", 1, "a clause may not call functions"),
        ("recover() == nil", 1, "a clause may not call functions"),
        ("func() bool { return true }()", 1, "a clause may not contain a function literal"),
        ("&n == nil", 1, "a clause may not take an address"),
        ("u != nil", 1, "undefined: u"),
        ("at(raeder, reading) == 1", 4, "at: no role is named raeder"),
        ("at(reader, raeding) == 1", 12, "at: the body of reader has no label raeding"),
        ("at(reader, inner) == 1", 12, "at: the body of reader has no label inner"),
        ("at(writer, reading) == 1", 12, "at: the body of writer has no label reading"),
        ("at(reader) == 1", 1, "at takes a role and one of its labels"),
        ("at(reader, reading)", 1, "the clause c must be a bool expression"),
    ],
)
def test_refuses_clauses(clause: str, column: int, message: str) -> None:
    found = Model(CLAUSES, BODIES, {"c": clause}).first()
    assert found.startswith(f"c:1:{column}: {message}")


def test_a_slip_in_at_is_recognised() -> None:
    for clause, near in (("at(raeder, reading) == 1", "reader"), ("at(reader, raeding) == 1", "reading")):
        notes = Model(CLAUSES, BODIES, {"c": clause}).errors()[0].notes
        assert [n.text for n in notes] == [f"did you mean '{near}'?"]
