"""Pointers kept by content: only where no program could tell, and with the same verdicts."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from verifier.evidence.result import Result
from verifier.explore.outcome import Exploration
from verifier.explore.search import explore
from verifier.golang.contents import contents
from verifier.pipeline import Options, read_front
from verifier.pipeline.load import program
from verifier.program.program import Program

from .models import Go, document, judge

DECLARE = """
type conf struct { n int; on bool }
var p atomic.Pointer[conf]
"""


def kept(body: str, declare: str = "") -> set[str]:
    """The types kept by content, as the text alone tells."""
    front = read_front(document(Go({"w": "p.Store(&conf{n: 1})\n" + body}, DECLARE + declare)), Options())
    return {t.name for t in contents(front.package)}


def lowered(model: Go, by_content: bool = True) -> Program:
    front = read_front(document(model), Options())
    if not by_content:
        front = replace(front, facts=replace(front.facts, contents=frozenset()))
    return program(front)


@pytest.mark.parametrize(
    ("body", "declare"),
    [
        ("if q := p.Load(); q != nil { _ = q.n }", ""),
        ("q := p.Load()\nq = &conf{}\n_ = q == nil", ""),
        ("_ = (*p.Load()).n", ""),
        ("p.Load().show()", "func (c *conf) show() { println(c.n) }"),
        ("x := *p.Load()\nx.n = 2", ""),
        ("p.Swap(nil)", ""),
    ],
)
def test_content_is_enough(body: str, declare: str) -> None:
    assert kept(body, declare) == {"conf"}


@pytest.mark.parametrize(
    ("body", "declare"),
    [
        ("p.Load().n = 2", ""),
        ("p.Load().n++", ""),
        ("*p.Load() = conf{}", ""),
        ("var c conf\np.Store(&c)", ""),
        ("q := &p.Load().n\n_ = q", ""),
        ("_ = p.Load() == p.Load()", ""),
        ("_ = p.CompareAndSwap(nil, nil)", ""),
        ("a, b := [1]*conf{}, [1]*conf{}\n_ = a == b", ""),
        ("switch p.Load() { case nil: }", ""),
        ("var c conf\nc.set()", "func (c *conf) set() {}"),
        ("var o struct{ *conf }\no.n = 1", ""),
        ("for p.Load().n = range 2 {}", ""),
    ],
)
def test_an_address_that_shows_is_kept(body: str, declare: str) -> None:
    assert kept(body, declare) == set()


def test_a_type_that_contains_itself_has_no_content() -> None:
    assert kept("", "type list struct{ next *list; v int }\nvar l atomic.Pointer[list]") == {"conf"}


def test_a_type_with_a_lock_or_many_fields_is_kept_by_address() -> None:
    big = "type big struct{ a, b, c, d, e, f, g, h, i int }\nvar b atomic.Pointer[big]"
    assert kept("", big + "\ntype lock struct{ mu sync.Mutex }\nvar l atomic.Pointer[lock]") == {"conf"}


def test_an_address_in_an_interface_shows_while_lowering() -> None:
    body = "var x any = p.Load()\n_ = x == any(p.Load())\np.Store(&conf{})"
    assert kept(body) == {"conf"}
    made = lowered(Go({"w": body}, DECLARE))
    assert "conf" in {s.name for s in made.sorts}


def test_a_captured_variable_is_a_place_of_its_own() -> None:
    body = "var c conf\ngo func() { c.n = 1 }()\np.Store(&conf{n: 2})\nq := p.Load()\nif q.n != 2 { panic(0) }"
    found = judge(Go({"w": body}, DECLARE))
    assert {p.name: p.verdict.value for p in found.properties}["panic"] == "SAFE"


WRITERS = """
for i := range 2 {
  q := p.Load()
  if q != nil && q.n < 3 { p.Store(&conf{n: q.n + 1, on: i == 1}) } else { p.Store(&conf{}) }
}
"""
READER = "if q := p.Load(); q != nil && q.on && q.n == 3 { reading: println(q.n) }"


def verdicts(found: Result) -> list[tuple[str, str]]:
    return [(p.name, p.verdict.value) for p in found.properties]


def test_verdicts_are_those_of_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    clauses = {"sometimes": ("at(r, reading) == 1",), "finally_": ("p.Load().n < 3",)}
    model = Go({"w": (2, WRITERS), "r": READER}, DECLARE, **clauses)  # type: ignore[arg-type]
    by_content = judge(model)
    assert lowered(model).sorts == () or "conf" not in {s.name for s in lowered(model).sorts}
    monkeypatch.setattr(sys.modules["verifier.pipeline.load"], "facts_of", plain_facts)
    by_address = judge(model)
    assert verdicts(by_content) == verdicts(by_address)
    assert by_content.explored.states < by_address.explored.states


def plain_facts(package: object) -> object:
    from verifier.golang.facts import collect

    return collect(package)  # type: ignore[arg-type]


def test_nil_is_no_content() -> None:
    found = judge(Go({"w": "if p.Load().n == 0 { p.Store(nil) }"}, DECLARE))
    (trace,) = [p.trace for p in found.properties if p.name == "panic"]
    assert trace is not None and trace.failure.endswith("nil pointer dereference")
    safe = judge(Go({"w": "if q := p.Load(); q == nil { p.Store(&conf{}) }\n_ = p.Load().n"}, DECLARE))
    assert {p.name: p.verdict.value for p in safe.properties}["panic"] == "SAFE"


EVERYWHERE = """
var q *conf
var all map[string]*conf = map[string]*conf{}
var ch = make(chan *conf, 1)
type pair struct{ one, two *conf }
type ref *conf
var both pair
func make_(n int) (c *conf, ok bool) { return &conf{n: n}, n > 0 }
func (c *conf) twice() int { return 2 * c.n }
"""


def test_contents_go_wherever_pointers_go() -> None:
    body = """
q, _ = make_(1)
all["a"] = q
both = pair{two: all["a"]}
ch <- both.two
r := <-ch
func(c *conf) { if c.twice() != 2 || c == nil { panic(0) } }(r)
if _, ok := all["b"]; ok || both.one != nil { panic(1) }
var s ref = r
p.Store(s)
for _, c := range all { if c.n != 1 { panic(2) } }
for _, c := range [2]*conf{nil, r} { if c != nil && (*c).n != 1 { panic(3) } }
f := r.twice
defer func(c *conf) { if c.n != 1 { panic(4) } }(r)
go func() { if r.n != 1 || f() != 2 { panic(5) } }()
"""
    model = Go({"w": body}, DECLARE + EVERYWHERE)
    assert not any(s.name == "conf" for s in lowered(model).sorts)
    assert set(verdicts(judge(model))) == {(name, "SAFE") for name in ("race", "fatal", "panic", "deadlock")}


def test_contents_inside_contents() -> None:
    declare = "type outer struct{ c *conf; n int }\nvar o atomic.Pointer[outer]"
    body = "o.Store(&outer{c: &conf{n: 1}, n: 2})\nx := o.Load()\nif x.c.n != 1 || x.n != 2 || x.c == nil { panic(0) }"
    assert kept(body, declare) == {"conf", "outer"}
    assert set(verdicts(judge(Go({"w": body}, DECLARE + declare)))) >= {("panic", "SAFE")}


def test_reports_show_what_a_pointer_leads_to() -> None:
    roles: dict[str, str | tuple[int, str]] = {"w": "q = &conf{n: 1}\np.Store(q)", "r": "_ = q"}
    found = judge(Go(roles, DECLARE + "var q *conf", always=("p.Load() == nil",)))
    race, wrong = (next(x.trace for x in found.properties if x.kind == kind) for kind in ("race", "always"))
    assert race is not None and race.race[0].location == "q"
    assert wrong is not None and wrong.start == ("nil", "nil")
    assert wrong.steps[-1].objects == ("&{1, false}", "&{1, false}")


STATEMENTS = (
    "p.Store(&conf{n: 1})",
    "p.Store(&conf{n: 2, on: true})",
    "p.Store(nil)",
    "q = p.Load()",
    "q = p.Swap(q)",
    "q = &conf{n: 2}",
    "if q != nil { x.Add(int32(q.n)) }",
    "if q != nil && q.on { mine = *q }",
    "x.Add(int32(mine.n))",
    "if q == nil { x.Add(1) }",
    "if x.Load() == 4 { x.Add(int32(q.n)) }",
    "all[0] = q",
    "if all[0] != nil { q = all[0] }",
)
BODIES = st.lists(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=5), min_size=2, max_size=2)


@settings(max_examples=60, deadline=None)
@given(BODIES)
def test_random_programs_cannot_tell(bodies: list[list[str]]) -> None:
    """Two goroutines over one pointer: the values of x at the end, and the panics, are the same with addresses."""
    head = "var q *conf\nvar mine conf\nvar all [1]*conf\n_, _, _ = q, mine, all\n"
    roles: dict[str, str | tuple[int, str]] = {f"r{n}": head + "\n".join(body) for n, body in enumerate(bodies)}
    ends = tuple(f"x.Load() != {n}" for n in range(8))
    model = Go(roles, DECLARE + "var x atomic.Int32", finally_=ends)
    by_content, by_address = (explore(lowered(model, by_content=way)) for way in (True, False))
    assert findings(by_content) == findings(by_address)
    assert by_content.states <= by_address.states


def findings(found: Exploration) -> set[tuple[str, str]]:
    assert found.complete
    return {(v.kind, v.name) for v in found.violations}
