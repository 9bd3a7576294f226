"""`ordered:` against an enumerator: all interleavings of two lists of operations, and what each goroutine knows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from verifier.explore.search import Limits, explore
from verifier.model.read import read_text
from verifier.pipeline import Options, verify
from verifier.pipeline.load import program, read_front
from verifier.source import ModelError
from verifier.verdict import Verdict

DECLARE = "var x, y atomic.Int32\nvar mu sync.Mutex\nvar rw sync.RWMutex"
ASKED = Options(checks=("ordered",), any_number=False)

ATOMIC = ("load", "store", "add", "cas", "swap")
OPERATIONS = (*((op, cell) for op in ATOMIC for cell in ("x", "y")), ("lock", "mu"), ("lock", "rw"), ("rlock", "rw"))

GO = {
    "load": "{}.Load()",
    "store": "{}.Store(1)",
    "add": "{}.Add(1)",
    "cas": "{}.CompareAndSwap(0, 1)",
    "swap": "{}.Swap(1)",
    "lock": "{0}.Lock()\n{0}.Unlock()",
    "rlock": "{0}.RLock()\n{0}.RUnlock()",
}

Ops = tuple[tuple[str, str], ...]


def model(first: str, second: str, declare: str = DECLARE, points: str = "") -> str:
    given = points or "before: a.begun\nfinished: a.done\nstart: b.begun\nafter: b.done"
    return (
        "model: m\ndeclare: |\n"
        + indent(declare, 2)
        + "goroutines:\n  a: |\n"
        + indent(first, 4)
        + "  b: |\n"
        + indent(second, 4)
        + "ordered:\n  edge:\n"
        + indent(given, 4)
    )


def indent(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" for line in text.strip("\n").split("\n"))


def go(ops: Ops) -> str:
    return "begun:\n" + "".join(GO[op].format(cell) + "\n" for op, cell in ops) + "done:\n"


def verdict(first: str, second: str, declare: str = DECLARE, points: str = "", options: Options = ASKED) -> Verdict:
    (found,) = verify(read_text("m.yaml", model(first, second, declare, points)), options).properties
    assert found.verdict is not Verdict.ERROR, found.reason
    return found.verdict


@dataclass(frozen=True)
class State:
    at: tuple[int, int]
    knows: tuple[bool, bool]
    cells: tuple[tuple[str, tuple[int, bool, bool]], ...]
    """Value, what it passes on, and what readers pass on to the next Lock."""
    late: bool
    """Whether the first goroutine was done when the second began."""


def steps(ops: Ops) -> list[tuple[str, str]]:
    """Single steps: a lock is taken, then released."""
    out = []
    for op, cell in ops:
        out += [("acquire", cell), ("release", cell)] if op == "lock" else [(op, cell)]
    return [s for op, c in out for s in ([("racquire", c), ("rrelease", c)] if op == "rlock" else [(op, c)])]


def ordered(first: Ops, second: Ops) -> bool:
    """Whether in every interleaving that has the first list end before the second begins, an edge leads across."""
    lists = (steps(first), steps(second))
    seen = set()
    todo = [State((0, 0), (True, False), (), late=False)]
    while todo:
        s = todo.pop()
        if s in seen:
            continue
        seen.add(s)
        if s.at[1] == len(lists[1]) and s.late and not s.knows[1]:
            return False
        todo += (t for g in (0, 1) for t in _after(s, g, lists))
    return True


def _after(s: State, g: int, lists: tuple[list[tuple[str, str]], ...]) -> Iterator[State]:
    if s.at[g] == len(lists[g]):
        return
    op, cell = lists[g][s.at[g]]
    cells = dict(s.cells)
    value, passes, readers = cells.get(cell, (0, False, False))
    knows = s.knows[g]
    if op in ("acquire", "racquire"):
        # Readers count in tens, a writer is one.
        if value and (op == "acquire" or value < 10):
            return
        knows |= passes or (op == "acquire" and readers)
        value += 1 if op == "acquire" else 10
    elif op == "release":
        value, passes = 0, passes or knows
    elif op == "rrelease":
        value, readers = value - 10, readers or knows
    elif op == "load":
        knows |= passes
    elif op == "store":
        value, passes = 1, knows
    elif op == "cas" and value != 0:
        knows |= passes
    else:
        value = value + 1 if op == "add" else 1
        passes, knows = passes or knows, knows or passes
    cells[cell] = (value, passes, readers)
    late = s.at[0] == len(lists[0]) if g == 1 and s.at[1] == 0 else s.late
    at, knowing = list(s.at), list(s.knows)
    at[g], knowing[g] = at[g] + 1, knows
    yield State((at[0], at[1]), (knowing[0], knowing[1]), tuple(sorted(cells.items())), late)


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int) -> None:
    pick = random.Random(seed)
    first, second = (tuple(pick.choice(OPERATIONS) for _ in range(pick.randint(1, 3))) for _ in range(2))
    expected = Verdict.SAFE if ordered(first, second) else Verdict.UNSAFE
    assert verdict(go(first), go(second)) is expected, (first, second)


def test_both_answers_occur() -> None:
    assert ordered((("store", "x"),), (("load", "x"),))
    assert not ordered((("load", "x"),), (("load", "x"),))
    assert not ordered((("rlock", "rw"),), (("rlock", "rw"),))
    assert ordered((("rlock", "rw"),), (("lock", "rw"),))
    assert ordered((("lock", "rw"),), (("rlock", "rw"),))


@pytest.mark.parametrize("seed", range(8))
def test_both_back_ends_see_the_same_states(seed: int) -> None:
    pick = random.Random(seed)
    first, second = (tuple(pick.choice(OPERATIONS) for _ in range(3)) for _ in range(2))
    made = program(read_front(read_text("m.yaml", model(go(first), go(second))), Options()), "ordered1")
    one, two = (explore(made, Limits(), engine=e) for e in ("reference", "kernel"))
    assert (one.states, one.transitions) == (two.states, two.transitions)
    assert {(v.kind, v.name) for v in one.violations} == {(v.kind, v.name) for v in two.violations}


@pytest.mark.parametrize("first,second", [("x.Store(1)", "x.Load()"), ("x.Load()", "x.Load()")])
def test_reductions_keep_the_verdict(first: str, second: str) -> None:
    bodies = tuple(f"begun:\n{b}\ndone:\n" for b in (first, second))
    assert verdict(*bodies) is verdict(*bodies, options=replace(ASKED, reduce=True))


CASES = {
    "an older store is overwritten": ("begun:\nx.Store(1)\ndone:\ny.Store(1)", "begun:\nx.Load()\ndone:\n", True),
    "somebody else stores in between": (
        "begun:\nx.Store(1)\ndone:\n",
        "go func() { x.Store(2) }()\nbegun:\nx.Load()\ndone:\n",
        False,
    ),
    "a goroutine that was started knows": (
        "begun:\ngo func() { x.Store(2) }()\ndone:\n",
        "for x.Load() != 2 {\n}\nbegun:\ny.Load()\ndone:\n",
        True,
    ),
    "what happens after the release": ("x.Store(1)\nbegun:\ndone:\ny.Load()", "begun:\nx.Load()\ndone:\n", False),
    "Done before Wait": ("begun:\nwg.Done()\ndone:\n", "wg.Wait()\nbegun:\ny.Load()\ndone:\n", True),
    "Once": ("begun:\nonce.Do(f)\ndone:\n", "begun:\nonce.Do(f)\ndone:\n", True),
    "a failed TryLock": ("mu.Lock()\nbegun:\nx.Load()\ndone:\ny.Load()", "begun:\nmu.TryLock()\ndone:\n", False),
    "locks in memory": (
        "begun:\np.mu.Lock()\np.mu.Unlock()\ndone:\n",
        "begun:\np.mu.Lock()\np.mu.Unlock()\ndone:\n",
        True,
    ),
    "a local step before the call": ("begun:\nx.Load()\ndone:\n", "begun:\nv := 1\nv++\n_ = x.Load()\ndone:\n", False),
}
MORE = DECLARE + (
    "\ntype T struct{ mu sync.Mutex }\nvar p = &T{}\nvar once sync.Once\nfunc f() {}\nvar wg sync.WaitGroup\n"
    "func one() bool {\nwg.Add(1)\nreturn true\n}\nvar counted = one()"
)


@pytest.mark.parametrize("first,second,holds", CASES.values(), ids=CASES)
def test_the_edges_of_the_memory_model(first: str, second: str, holds: bool) -> None:
    assert verdict(first, second, MORE) is (Verdict.SAFE if holds else Verdict.UNSAFE)


WRONG = {
    "no such role": ("before: c.begun\nafter: b.done", "there is no role 'c'"),
    "no such label": ("before: a.begin\nafter: b.done", "role 'a' has no label 'begin'"),
    "two roles": ("before: a.begun\nfinished: b.done\nafter: b.done", "not the role of `before`"),
    "another two roles": ("before: a.begun\nstart: a.begun\nafter: b.done", "not the role of `after`"),
    "the beginning is no end": ("before: a.begun\nfinished: a.begun\nafter: b.done", "nothing stands before"),
    "the beginning is no end either": ("before: a.begun\nfinished: a.done\nafter: b.begun", "nothing stands before"),
}


@pytest.mark.parametrize("points,message", WRONG.values(), ids=WRONG)
def test_what_cannot_be_asked_is_an_error_at_the_point(points: str, message: str) -> None:
    body = "begun:\nx.Load()\ndone:\n"
    with pytest.raises(ModelError) as caught:
        verdict(body, body, points=points)
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert model(body, body, points=points).split("\n")[found.span.line - 1].strip() in points.split("\n")


NOT_COVERED = {
    "a channel": ("ch <- 1", "var ch = make(chan int, 1)"),
    "a sync.Map": ('m.Load("a")', "var m sync.Map"),
    "a Cond": ("c.Signal()", "var c = sync.NewCond(&mu)"),
}


@pytest.mark.parametrize("operation,declare", NOT_COVERED.values(), ids=NOT_COVERED)
def test_what_is_not_covered_is_an_error_where_it_stands(operation: str, declare: str) -> None:
    with pytest.raises(ModelError) as caught:
        verdict(f"begun:\n{operation}\ndone:\n", "begun:\nx.Load()\ndone:\n", f"{DECLARE}\n{declare}")
    (found,) = caught.value.diagnostics
    assert operation in found.message and found.notes


def test_a_label_in_a_loop_is_an_error() -> None:
    with pytest.raises(ModelError, match="in a loop"):
        verdict("for {\nbegun:\nx.Load()\ndone:\ny.Load()\n}", "begun:\nx.Load()\ndone:\n")


def test_a_lock_allocated_again_and_again_is_an_error() -> None:
    body = "for range 3 {\nt := &T{}\nt.mu.Lock()\nt.mu.Unlock()\n}\nbegun:\nx.Load()\ndone:\n"
    with pytest.raises(ModelError, match="again and again"):
        verdict(body, "begun:\nx.Load()\ndone:\n", MORE)


def test_any_number_is_not_claimed() -> None:
    text = model("begun:\nx.Store(1)\ndone:\n", "begun:\nx.Load()\ndone:\n")
    text = text.replace("  b: |\n", "  b:\n    count: any\n    body: |\n").replace(
        "    begun:\n    x.Load()\n    done:\n", "      begun:\n      x.Load()\n      done:\n"
    )
    (found,) = verify(read_text("m.yaml", text), Options(checks=("ordered",))).properties
    assert found.verdict is Verdict.UNKNOWN and "only race, fatal and panic" in found.reason
