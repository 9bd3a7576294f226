"""Sharding for every hash: what the solver says, and that exploration of functions without a body agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.evidence.result import Result
from verifier.evidence.sharding import ShardingResult
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.pipeline import Options, read_front, verify
from verifier.pipeline.sharding import sharding
from verifier.source import ModelError
from verifier.verdict import Verdict

MODELS = Path(__file__).parents[2] / "models"

SHARDS = """\
const S = 2
type shard struct {
  mu sync.RWMutex
  m  map[string]int
  n  int
}
var shards = [S]shard{{m: map[string]int{}}, {m: map[string]int{}}}
func hash(k string) uint32
"""

HASH = "func hash(k string) uint32"

SET = "func set(k string, v int) {\n  s := &shards[hash(k)%S]\n  s.mu.Lock()\n  defer s.mu.Unlock()\n  s.m[k] = v\n}\n"
GET = "func get(k string) int {\n  i := hash(k) % S\n  shards[i].mu.RLock()\n  v := shards[i].m[k]\n"
GET += "  shards[i].mu.RUnlock()\n  return v\n}\n"


def document(folder: Path, declare: str, bodies: dict[str, str], count: int = 1) -> Document:
    def block(text: str, by: int) -> str:
        return "\n".join(" " * by + line for line in text.splitlines())

    roles = "\n".join(f"  {name}:\n    count: {count}\n    body: |\n{block(body, 6)}" for name, body in bodies.items())
    path = folder / "m.yaml"
    path.write_text(
        f'model: m\ntitle: t\nabout: a\ngo: "1.27"\ndeclare: |\n{block(declare, 2)}\ngoroutines:\n{roles}\n',
        encoding="utf-8",
    )
    return read_model(str(path))


def asked(made: Document) -> ShardingResult:
    return sharding(read_front(made, Options()))


def explored(made: Document) -> dict[str, Verdict]:
    return {p.name: p.verdict for p in result(made).properties}


def result(made: Document) -> Result:
    return verify(made, Options(any_number=False))


def test_the_sharded_model_is_safe_for_every_hash() -> None:
    found = asked(read_model(str(MODELS / "sharded.yaml")))
    assert found.verdict is Verdict.SAFE and found.collision is None
    assert "every hash" in found.sentence and "shards[].m" in found.sentence


def test_two_hashes_collide_with_concrete_keys_and_a_shard_count() -> None:
    found = asked(read_model(str(MODELS / "sharded-two-hashes.yaml")))
    assert found.verdict is Verdict.UNSAFE and found.collision is not None
    c = found.collision
    assert c.shards == 2 and dict(c.keys).keys() == {"writer", "reader"}
    values = dict(c.hashes)
    writer, reader = c.sides
    keys = dict(c.keys)
    data, lock = (values[f"hash({keys['reader']})"] % 2, values[f"oldHash({keys['reader']})"] % 2)
    assert values[f"hash({keys['writer']})"] % 2 == data != lock
    assert (writer.data, reader.data) == (f"parts[{data}]", f"parts[{data}]")
    assert (writer.locks, reader.locks) == ((f"locks[{data}]",), (f"locks[{lock}] for reading",))


SCHEMES = {
    "methods and defers": (SHARDS + SET + GET, {"w": 'set("a", 1)', "r": '_ = get("b")'}, Verdict.SAFE),
    "count over all shards": (
        SHARDS + SET,
        {
            "w": 'set("a", 1)',
            "r": "t := 0\nfor i := range shards {\n  shards[i].mu.RLock()\n  t += len(shards[i].m)\n"
            "  shards[i].mu.RUnlock()\n}\n_ = t",
        },
        Verdict.SAFE,
    ),
    "one lock for all shards": (
        SHARDS + "var all sync.Mutex\n",
        {"w": 'all.Lock()\nshards[hash("a")%S].m["a"] = 1\nall.Unlock()'},
        Verdict.SAFE,
    ),
    "a pointer to the whole": (
        "type C struct {\n  locks [2]sync.Mutex\n  parts [2]map[string]int\n}\n"
        "var c = &C{parts: [2]map[string]int{{}, {}}}\nfunc hash(k string) uint32\n"
        "func (c *C) set(k string) {\n  i := hash(k) % uint32(len(c.locks))\n  c.locks[i].Lock()\n  c.parts[i][k] = 1\n"
        "  c.locks[i].Unlock()\n}\n",
        {"w": 'c.set("a")', "r": 'c.set("b")'},
        Verdict.SAFE,
    ),
    "a hash with a body": (
        SHARDS.replace(HASH, 'func hash(k string) int {\n  if k == "a" { return 0 }\n  return 1\n}')
        + SET.replace("%S", ""),
        {"w": 'set("a", 1)', "r": 'set("b", 2)'},
        Verdict.SAFE,
    ),
    "the neighbour's lock": (
        SHARDS + "func set(k string) {\n  i := hash(k) % S\n  shards[(i+1)%S].mu.Lock()\n  shards[i].m[k] = 1\n"
        "  shards[(i+1)%S].mu.Unlock()\n}\n",
        {"w": 'set("a")', "r": 'set("b")'},
        Verdict.SAFE,
    ),
    "the neighbour's lock against one's own": (
        SHARDS + SET + "func put(k string) {\n  i := hash(k) % S\n  j := (i + 1) % S\n  shards[j].mu.Lock()\n"
        "  shards[i].m[k] = 1\n  shards[j].mu.Unlock()\n}\n",
        {"w": 'put("a")', "r": 'set("b", 1)'},
        Verdict.UNSAFE,
    ),
    "locked only for some keys": (
        SHARDS + SET + 'func put(k string) {\n  i := hash(k) % S\n  j := i\n  if k == "x" { j = 0 }\n'
        "  shards[j].mu.Lock()\n  shards[i].m[k] = 1\n  shards[j].mu.Unlock()\n}\n",
        {"w": 'put("x")', "r": 'set("y", 1)'},
        Verdict.UNSAFE,
    ),
    "no lock": (
        SHARDS,
        {"w": 'shards[hash("a")%S].m["a"] = 1', "r": '_ = shards[hash("b")%S].m["b"]'},
        Verdict.UNKNOWN,
    ),
    "read locks only": (
        SHARDS + SET.replace("Lock", "RLock").replace("UnRLock", "RUnlock"),
        {"w": 'set("a", 1)', "r": 'set("a", 2)'},
        Verdict.UNKNOWN,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMES)
def test_the_solver_and_exploration_say_the_same(tmp_path: Path, name: str) -> None:
    """Exploration has S shards and two keys, and every function; SAFE of the solver covers that, UNSAFE shows in it."""
    declare, bodies, verdict = SCHEMES[name]
    made = document(tmp_path, declare, bodies, count=2)
    found = asked(made)
    assert found.verdict is verdict, found.sentence
    if verdict is Verdict.SAFE:
        assert explored(made)["race"] is Verdict.SAFE
    else:
        assert explored(document(tmp_path, declare, bodies))["race"] is Verdict.UNSAFE


def test_as_many_locks_as_the_model_has_shards_is_not_any_number(tmp_path: Path) -> None:
    """Four shards under two locks is right because two divides four."""
    declare = "var locks [2]sync.Mutex\nvar parts = [4]map[string]int{{}, {}, {}, {}}\nfunc hash(k string) uint32\n"
    body = 'i := hash("a")\nlocks[i%2].Lock()\nparts[i%4]["a"] = 1\nlocks[i%2].Unlock()'
    found = asked(document(tmp_path, declare, {"w": body}, count=2))
    assert found.verdict is Verdict.UNKNOWN and "not for every number" in found.sentence


@pytest.mark.parametrize(
    ("declare", "body", "word"),
    [
        ("var x int\n", "x = 1", "nothing is sharded"),
        (SHARDS, "for i := 0; i < 2; i++ {\n  shards[i].mu.Lock()\n}", "other locks than it began with"),
        (SHARDS, "shards[0].mu.Lock()\nshards[0].n = 1", "may return with a lock held"),
        (SHARDS, "shards[0].mu.Lock()\nshards[0].m = map[string]int{}\nshards[0].mu.Unlock()", "replaced"),
        (SHARDS + "var p *shard\n", "p = &shards[0]", "stored in data"),
        (SHARDS, "go set()\n", "go statement"),
        ("var shards [2]*struct{ n int }\n", "shards[0].n = 1", "pointers or slices"),
        (SHARDS, "if shards[0].mu.TryLock() {\n  shards[0].mu.Unlock()\n}", "TryLock"),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(tmp_path: Path, declare: str, body: str, word: str) -> None:
    declare += "func set() {}\n" if "set()" in body else ""
    found = asked(document(tmp_path, declare, {"w": body}))
    assert found.verdict is Verdict.UNKNOWN and word in found.sentence
    assert word == "nothing is sharded" or "m.yaml:" in found.sentence


# Functions without a body in exploration.


def test_a_function_without_a_body_is_every_function_and_stays_the_same(tmp_path: Path) -> None:
    declare = "func f(k string) uint32\nvar a, b, c uint32 = 9, 9, 9"
    bodies = {"one": 'a = f("x") % 3\nb = f("x") % 3', "two": 'c = f("y") % 3'}
    made = document(tmp_path, declare, bodies)
    reached = [f"a == {i} && c == {j}" for i in range(3) for j in range(3)]
    text = Path(made.path).read_text(encoding="utf-8")
    text += "sometimes:\n" + "".join(f"  s{i}: '{r}'\n" for i, r in enumerate(reached)) + "finally:\n  same: a == b\n"
    Path(made.path).write_text(text, encoding="utf-8")
    found = result(read_model(made.path))
    assert {p.name: p.verdict for p in found.properties} == dict.fromkeys(
        ["race", "fatal", "panic", "deadlock", *(f"s{i}" for i in range(9)), "same"], Verdict.SAFE
    )
    assert any("f has no body: explored for every function with values 0 … 2" in n for n in found.notes)


def test_it_depends_on_all_its_arguments_and_goroutines_agree_on_it(tmp_path: Path) -> None:
    declare = "func f(k string, hot bool, n int) bool\nvar a, b, c bool"
    bodies = {"one": 'a = f("x", true, 1)\nb = f("x", false, 1)', "two": 'c = f("x", true, 1)'}
    made = document(tmp_path, declare, bodies)
    text = Path(made.path).read_text(encoding="utf-8")
    text += "bounds: {int: [0, 3]}\nsometimes:\n  differs: a && !b\nfinally:\n  same: a == c\n"
    Path(made.path).write_text(text, encoding="utf-8")
    verdicts = explored(read_model(made.path))
    assert set(verdicts.values()) == {Verdict.SAFE} and {"differs", "same"} <= set(verdicts)


def test_the_values_are_those_an_index_or_a_remainder_needs(tmp_path: Path) -> None:
    declare = "func at(k string) int\nfunc id(i int) int { return i }\nvar xs [3]int\nvar ys [2]int"
    body = 'i := id(at("x"))\nxs[i] = 1\n_ = ys[at("y") % len(ys)]'
    found = result(document(tmp_path, declare, {"one": body}))
    assert {p.verdict for p in found.properties} == {Verdict.SAFE}
    assert any("values 0 … 2" in n for n in found.notes)


@pytest.mark.parametrize(
    ("declare", "body", "word"),
    [
        ("func f(k string) int", 'if f("x") == 7 {}', "more is asked of its value"),
        ("func f(k string) int\nvar x int", 'x = f("a") % x', "not known"),
        ("func f(k string) int", '_ = f("a") % 100', "more than the 64"),
        ("func f(k string) string", '_ = f("a")', "missing function body"),
        ("func f(p *int) int", "_ = f(nil)", "missing function body"),
        ("type T struct{}\nfunc (t T) f() int", "_ = T{}.f()", "missing function body"),
    ],
)
def test_what_cannot_go_without_a_body_is_an_error_with_its_place(
    tmp_path: Path, declare: str, body: str, word: str
) -> None:
    with pytest.raises(ModelError) as caught:
        verify(document(tmp_path, declare, {"w": body}), Options(any_number=False))
    assert word in str(caught.value.diagnostics)
