"""Litmus questions: the table of the literature, and agreement with exploration on random programs."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest

from verifier.cli import main
from verifier.evidence.litmus import LitmusResult, Outcome, Saw
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.pipeline import Options, load, verify
from verifier.prove.litmus import litmus
from verifier.report.litmus import render
from verifier.verdict import Verdict

MODELS = sorted((Path(__file__).parents[2] / "models" / "litmus").glob("*.yaml"))
NIL = "panic: runtime error: invalid memory address or nil pointer dereference"

TABLE = {
    # model: {outcome: allowed under (SC, x86-TSO, Go)}, race
    "publish-plain": ({"whole": (False, False, True)}, True),
    "publish-atomic": ({"whole": (False, False, False)}, False),
    "publish-mutex": ({"whole": (False, False, False)}, False),
    "publish-read-twice": ({"whole": (False, False, True), NIL: (False, False, True)}, True),
    "message-passing-plain": ({"the data came with the flag": (False, False, True)}, True),
    "message-passing-plain-load": ({"the data came with the flag": (False, False, True)}, True),
    "message-passing-atomic": ({"the data came with the flag": (False, False, False)}, False),
    "store-buffering-plain": ({"somebody sees the other": (False, True, True)}, True),
    "store-buffering-atomic": ({"somebody sees the other": (False, False, False)}, False),
    "iriw-atomic": ({"the readers agree on the order": (False, False, False)}, False),
    "read-read-plain": ({"time does not run backwards": (False, False, True)}, True),
    "load-buffering-plain": ({"nobody sees the future": (False, False, True)}, True),
    "thin-air": ({"nothing out of thin air": (False, False, False)}, False),
}
"""Sewell et al., "x86-TSO", CACM 2010, and go.dev/ref/mem for the Go column."""


def asked(document: Document) -> LitmusResult:
    program = load(document, Options())
    assert program.raw is not None
    return litmus(program.raw, document.title)


@cache
def answers(path: Path) -> LitmusResult:
    return asked(read_model(str(path)))


def explored_race(document: Document) -> bool:
    judged = verify(document, Options(checks=("race",), any_number=False)).properties[0]
    assert judged.verdict in (Verdict.SAFE, Verdict.UNSAFE)
    return judged.verdict is Verdict.UNSAFE


def write(folder: Path, declare: str, bodies: dict[str, str], clauses: dict[str, str]) -> Document:
    """A model file with one goroutine per body."""

    def block(text: str, by: int) -> str:
        return "\n".join(" " * by + line for line in text.splitlines())

    roles = "\n".join(f"  {name}:\n    count: 1\n    body: |\n{block(body, 6)}" for name, body in bodies.items())
    asks = "\n".join(f"  {name}: '{formula}'" for name, formula in clauses.items())
    path = folder / "m.yaml"
    path.write_text(
        f'model: m\ntitle: t\nabout: a\ngo: "1.27"\ndeclare: |\n{block(declare, 2)}\n'
        f"goroutines:\n{roles}\nfinally:\n{asks}\n",
        encoding="utf-8",
    )
    return read_model(str(path))


def test_every_model_is_in_the_table() -> None:
    assert {p.stem for p in MODELS} == set(TABLE)


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_the_table_of_the_literature(path: Path) -> None:
    found = answers(path)
    outcomes, race = TABLE[path.stem]
    assert found.reason == ""
    assert {o.name: o.allowed for o in found.outcomes} == outcomes
    assert found.race is race


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_the_models_can_be_explored_and_the_race_column_agrees(path: Path) -> None:
    document = read_model(str(path))
    result = verify(document, Options(any_number=False))
    assert [p.name for p in result.properties if not p.as_expected] == []
    assert {c.name for c in document.clauses} <= {name for name, _ in document.expect}
    assert answers(path).race is explored_race(document)


def test_a_half_built_struct_is_seen_because_the_field_is_read_from_before() -> None:
    (outcome,) = next(answers(p) for p in MODELS if p.stem == "publish-plain").outcomes
    pointer, field = outcome.witness
    assert (pointer.location, pointer.writer, pointer.writer_text) == ("current", "publisher", "current = c")
    assert field.location.endswith(".Limit") and (field.value, field.writer) == ("0", "")


def test_three_fields_published_plainly_may_be_seen_in_any_state(tmp_path: Path) -> None:
    declare = "type C struct{ A, B, D int }\nvar p *C\nvar a, b, d = -1, -1, -1"
    reader = "if c := p; c != nil {\n  a = c.A\n  b = c.B\n  d = c.D\n}"
    asks = {f"s{n}": f"!(a == {n & 1} && b == {n >> 1 & 1} && d == {n >> 2})" for n in range(8)}
    publisher = "c := &C{A: 1, B: 1, D: 1}\np = c"
    found = asked(write(tmp_path, declare, {"w": publisher, "r": reader}, asks))
    assert [o.under("Go") for o in found.outcomes] == [True] * 8
    assert [o.under("TSO") for o in found.outcomes] == [False] * 7 + [True]


def test_a_value_copied_in_a_circle_comes_from_nowhere(tmp_path: Path) -> None:
    declare, bodies = "var x, y int", {"l": "y = x", "r": "x = y"}
    found = asked(write(tmp_path, declare, bodies, {"none": "x != 1 && y != 1"}))
    assert found.race and [o.allowed for o in found.outcomes] == [(False, False, False)]


def test_a_write_after_the_branches_meet_does_not_wait_for_the_branch(tmp_path: Path) -> None:
    """Load buffering stays allowed when what was read only decides something that is over before the write."""
    declare = "var x, y, z, seenX, seenY int"
    left = "seenX = x\nif seenX == 1 {\n  z = 1\n}\ny = 1"
    found = asked(write(tmp_path, declare, {"l": left, "r": "seenY = y\nx = 1"}, {"no": "!(seenX == 1 && seenY == 1)"}))
    assert [o.under("Go") for o in found.outcomes] == [True]
    inside = "seenX = x\nif seenX == 1 {\n  y = 1\n}"
    other = "seenY = y\nif seenY == 1 {\n  x = 1\n}"
    found = asked(write(tmp_path, declare, {"l": inside, "r": other}, {"no": "!(seenX == 1 && seenY == 1)"}))
    assert [o.under("Go") for o in found.outcomes] == [False]


@pytest.mark.parametrize(
    ("declare", "body", "word"),
    [
        ("", "for x == 0 {\n}", "does not come to an end"),
        ("var m = map[int]int{}", "m[x] = 1", "map"),
        ("var wg sync.WaitGroup", "wg.Wait()", "WaitGroup"),
        ("var mu sync.Mutex", "if mu.TryLock() {\n  mu.Unlock()\n}", "may fail to get the lock"),
        ("", "go func() { x = 1 }()", "starts a goroutine"),
        ("var mu sync.Mutex", "mu.Lock()\nx = 1", "lock held"),
        ("var mu, o sync.Mutex", "mu.Lock()\no.Lock()\nx = 1\no.Unlock()\nmu.Unlock()", "another lock"),
    ],
)
def test_what_no_question_can_be_asked_about_is_named(tmp_path: Path, declare: str, body: str, word: str) -> None:
    found = asked(write(tmp_path, f"var x int\n{declare}", {"a": body, "b": "x = 2"}, {"c": "x != 3"}))
    assert word in found.reason and not found.outcomes


def test_constant_loops_are_unrolled(tmp_path: Path) -> None:
    bodies = {"a": "for i := 0; i < 2; i++ {\n  x.Add(1)\n}", "b": "x.Add(1)"}
    found = asked(write(tmp_path, "var x atomic.Int64", bodies, {"all": "x.Load() == 3"}))
    assert not found.reason and [o.allowed for o in found.outcomes] == [(False, False, False)]


STATEMENTS = (
    "x = {n}", "y = {n}", "{r} = x", "{r} = y", "x = {r}", "x++", "a.Store({n})", "{r} = int(a.Load())", "b.Store({n})",
    "{r} = int(b.Load())", "a.Add(1)", "a.CompareAndSwap(0, {n})", "if {r} == 1 {{\n  y = 1\n}}",
    "if a.Load() == 1 {{\n  {r} = y\n}}", "mu.Lock()\nx = {n}\nmu.Unlock()", "mu.Lock()\n{r} = x\nmu.Unlock()",
    "rw.RLock()\n{r} = y\nrw.RUnlock()", "rw.Lock()\ny = {n}\nrw.Unlock()", "p = &q",
    "if c := p; c != nil {{\n  *c = 1\n}}",
    "c := pa.Load()\nif c != nil {{\n  {r} = *c\n}}", "pa.Store(&q)", "q = {n}",
)  # fmt: skip

DECLARE = (
    "var x, y, q, r0, r1, r2, s0, s1, s2 int\nvar a, b atomic.Int64\nvar mu sync.Mutex\nvar rw sync.RWMutex\n"
    "var p *int\nvar pa atomic.Pointer[int]"
)


def random_model(folder: Path, seed: int) -> Document:
    """Few kinds of statement, so that goroutines meet; clauses about what they read, so that the answers differ."""
    chance = random.Random(seed)
    few = STATEMENTS[:4] if seed % 2 else chance.sample(STATEMENTS, 4)
    bodies: dict[str, str] = {}
    results: list[str] = []
    for g in range(chance.choice((2, 2, 2, 3))):
        lines = []
        for result in (f"r{g}", f"s{g}")[: 2 if g < 2 else 1]:
            statement = chance.choice(few)
            lines.append("{\n" + statement.format(n=chance.choice((1, 1, 2)), r=result) + "\n}")
            results += [result] * ("{r} =" in statement)
        bodies[f"g{g}"] = "\n".join(lines)
    values = results if len(results) > 1 else [*results, "x", "y"]
    clauses = {
        f"c{n}": "!(" + " && ".join(f"{v} == {n >> i & 1}" for i, v in enumerate(values[:3])) + ")" for n in range(8)
    }
    return write(folder, DECLARE, bodies, clauses)


@pytest.mark.parametrize("batch", range(4))
def test_random_programs_agree_with_exploration(tmp_path: Path, batch: int) -> None:
    """SC is what exploration sees, races are its races, each model allows what the stronger one does, and a program
    without races is sequentially consistent in Go."""
    seen = {"race": 0, "none": 0, "allowed": 0, "only Go": 0, "only TSO": 0}
    for seed in range(batch * 25, batch * 25 + 25):
        document = random_model(tmp_path, seed)
        found = asked(document)
        assert not found.reason, (seed, found.reason)
        result = verify(document, Options(any_number=False))
        verdicts = {p.name: p.verdict for p in result.properties}
        assert found.race is (verdicts["race"] is Verdict.UNSAFE), seed
        seen["race" if found.race else "none"] += 1
        for o in found.outcomes:
            sc, tso, go = o.allowed
            assert (verdicts[o.name] is Verdict.UNSAFE) is sc, (seed, o.formula)
            assert sc <= tso <= go, (seed, o)
            assert found.race or go == sc, (seed, o)
            seen["allowed"] += sc
            seen["only TSO"] += tso > sc
            seen["only Go"] += go > tso
    assert seen["race"] and seen["none"] and seen["allowed"] and seen["only Go"]


def test_the_report_says_what_each_model_allows_and_why() -> None:
    saw = Saw("r", "seen = c.Limit", "Config.Limit", "0", "", "", None)
    some = LitmusResult("m", "t", (Outcome("whole", "!(a == 1)", (False, False, True), (saw,)),), True)
    text = render([some, LitmusResult("n", "t", reason="a loop")])
    assert "m   a == 1    forbidden   forbidden   allowed   race" in text
    assert "r   seen = c.Limit   reads Config.Limit = 0   the initial value" in text
    assert "n: not asked: a loop" in text


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", *map(str, MODELS[:2])]) == 0
    assert "forbidden" in capsys.readouterr().out
    assert main(["litmus"]) == 2
    assert main(["litmus", str(MODELS[0].parents[1] / "mutex.yaml")]) == 3
    assert "not asked" in capsys.readouterr().out
