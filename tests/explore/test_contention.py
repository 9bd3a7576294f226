"""Waiting and critical sections: exact, as an enumeration of every schedule by the auditor's interpreter has them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from verifier.audit.interpret import Interpreter, State
from verifier.evidence.contention import MILLION, Contention
from verifier.explore.contention import called, contention
from verifier.explore.search import explore
from verifier.model.read import read_text
from verifier.model.schemes import schemes, under
from verifier.pipeline.load import program as load, read_front
from verifier.pipeline.options import Options
from verifier.program.program import Fail, Program
from verifier.program.semantics import at_rest

MUTEX = """
type Map struct {
	mu sync.Mutex
	m  map[Key]Value
}

func NewMap() *Map { return &Map{m: map[Key]Value{}} }

func (m *Map) Store(k Key, v Value) {
	m.mu.Lock()
	m.m[k] = v
	m.mu.Unlock()
}

func (m *Map) Load(k Key) Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.m[k]
	return v
}

func (m *Map) Both(f func()) {
	m.mu.Lock()
	f()
	m.mu.Unlock()
}
"""
RWMUTEX = MUTEX.replace("Mutex", "RWMutex").replace(
    "m.mu.Lock()\n\tdefer m.mu.Unlock", "m.mu.RLock()\n\tdefer m.mu.RUnlock"
)
TWICE = RWMUTEX.replace("v := m.m[k]", "m.mu.RLock()\n\tv := m.m[k]\n\tm.mu.RUnlock()")
SYNC = """
type Map struct{ m sync.Map }

func NewMap() *Map { return &Map{} }

func (m *Map) Store(k Key, v Value) { m.m.Store(k, v) }

func (m *Map) Load(k Key) Value {
	v, ok := m.m.Load(k)
	if ok {
		return v.(Value)
	}
	return 0
}
"""
OWNER = """
type call struct {
	k     Key
	v     Value
	reply chan Value
}

type Map struct{ calls chan call }

func NewMap() *Map { return &Map{calls: make(chan call)} }

func (m *Map) Serve() {
	values := map[Key]Value{}
	for range 2 {
		c := <-m.calls
		values[c.k] = c.v
		c.reply <- values[c.k]
	}
}

func (m *Map) Store(k Key, v Value) {
	reply := make(chan Value)
	m.calls <- call{k, v, reply}
	<-reply
}
"""


def program(folder: Path, scheme: str, roles: str) -> tuple[Program, frozenset[str]]:
    (folder / "s.go").write_text(scheme, encoding="utf-8")
    text = "model: m\nschemes: ./s.go\ndeclare: |\n  type Key = string\n  type Value = int\n  var mu sync.Mutex\n"
    text += f"  var m = NewMap()\ngoroutines:\n{roles}"
    workload = read_text(str(folder / "m.yaml"), text)
    document = under(workload, schemes(workload)[0])
    return load(read_front(document, Options())), frozenset({str(folder / "s.go")})


def role(name: str, body: str, count: int = 1) -> str:
    return f"  {name}: {{count: {count}, body: '{body}'}}\n"


class Enumerated:
    """Every schedule, turn by turn, with fractions and no graph. Turns that are lost are taken once, then left out."""

    def __init__(self, made: Program, files: frozenset[str]) -> None:
        self.interpreter = Interpreter(made)
        self.program = made
        self.files = files
        self.some, self.lost, self.taken = self.after(self.interpreter.initial())

    def after(self, state: State) -> tuple[Fraction, Fraction, Fraction]:
        """From a state on: how likely somebody waits, turns lost, turns taken."""
        ways: dict[int, list[tuple[Fraction, Fraction, Fraction]]] = {}
        for c in self.interpreter.enabled(state):
            to = self.interpreter.take(state, c)
            known = (Fraction(0),) * 3 if isinstance(to, Fail) else self.after(to)
            for g in c.movers:
                ways.setdefault(g, []).append(known)
        stuck = sum(self.waits(state, i.number) for i in self.program.goroutines if i.number not in ways)
        if not ways:
            return Fraction(bool(stuck)), Fraction(0), Fraction(0)
        means = [[sum(w[n] for w in ws) / len(ws) for n in range(3)] for ws in ways.values()]
        some, lost, taken = (sum((m[n] for m in means), Fraction(0)) for n in range(3))
        return (stuck + some) / (len(ways) + stuck), (stuck + lost) / len(ways), 1 + taken / len(ways)

    def waits(self, state: State, goroutine: int) -> bool:
        location = state.locations[goroutine]
        template = self.program.templates[self.program.instances[goroutine].template]
        here = [s for s in template.steps if s.src == location]
        return not at_rest(location) and any(called(s, self.files) for s in here)

    @property
    def millionths(self) -> tuple[int, int]:
        lost = self.lost / (self.lost + self.taken)
        return round(self.some * MILLION), round(lost * MILLION)


CASES = {
    "mutex, two writers": (MUTEX, role("w", 'm.Store("a", 1)', 2)),
    "mutex, two calls": (MUTEX, role("w", 'm.Store("a", 1)') + role("r", 'm.Load("a"); m.Load("b")')),
    "rwmutex": (RWMUTEX, role("w", 'm.Store("a", 1)') + role("r", 'm.Load("a")', 2)),
    "rwmutex, readers only": (RWMUTEX, role("r", 'm.Load("a")', 2)),
    "sync.Map": (SYNC, role("w", 'm.Store("a", 1)', 2)),
    "owner": (OWNER, role("owner", "m.Serve()") + role("w", 'm.Store("a", 1)', 2)),
    "callback": (MUTEX, role("w", "m.Both(func() { mu.Lock(); mu.Unlock() })", 2)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_shares_are_those_of_all_schedules(name: str, tmp_path: Path) -> None:
    made, files = program(tmp_path, *CASES[name])
    found = contention(explore(made), files)
    assert found.reason == ""
    assert (found.waits, found.lost) == Enumerated(made, files).millionths


def test_two_that_lock_at_once(tmp_path: Path) -> None:
    """By hand: one locks, and takes three more steps of even chance; then one of the turns before hits the other."""
    made, files = program(tmp_path, *CASES["mutex, two writers"])
    assert contention(explore(made), files) == Contention(875_000, 272_727, 2)


def test_nobody_waits_where_there_is_no_lock_or_only_readers(tmp_path: Path) -> None:
    made, files = program(tmp_path, *CASES["sync.Map"])
    assert contention(explore(made), files) == Contention(0, 0, None)
    made, files = program(tmp_path, *CASES["rwmutex, readers only"])
    assert contention(explore(made), files) == Contention(0, 0, 2)


def test_the_section_is_as_long_as_what_runs_under_the_lock(tmp_path: Path) -> None:
    body = "m.Both(func() { mu.Lock(); mu.Unlock() })"
    made, files = program(tmp_path, MUTEX, role("w", body))
    # The workload's own lock is no lock of the scheme, but its steps count: they are taken under one.
    assert contention(explore(made), files).section == 2
    made, files = program(tmp_path, MUTEX, role("w", f"mu.Lock(); {body.replace('mu.Lock(); mu.Unlock()', '')}"))
    assert contention(explore(made), files).section == 0


def test_a_read_lock_taken_twice_is_one_section(tmp_path: Path) -> None:
    made, files = program(tmp_path, TWICE, role("r", 'm.Load("a")'))
    assert contention(explore(made), files).section == 4


def test_who_waits_for_ever_loses_every_turn(tmp_path: Path) -> None:
    made, files = program(tmp_path, MUTEX, role("w", 'm.Both(func() { m.Store("a", 1) })'))
    assert contention(explore(made), files) == Contention(MILLION, MILLION, 0)


def test_waiting_elsewhere_is_not_the_scheme_s(tmp_path: Path) -> None:
    made, files = program(tmp_path, SYNC, role("w", 'mu.Lock(); m.Store("a", 1); mu.Unlock()', 2))
    assert contention(explore(made), files) == Contention(0, 0, None)
    assert contention(explore(made), frozenset()) == Contention(0, 0, None)


def test_a_cycle_is_a_reason_not_a_guess(tmp_path: Path) -> None:
    made, files = program(tmp_path, MUTEX, role("w", 'for { m.Store("a", 1) }', 2))
    found = contention(explore(made), files)
    assert (found.waits, found.lost, found.section) == (None, None, None)
    assert "circles" in found.reason


def test_a_bound_is_a_reason(tmp_path: Path) -> None:
    made, files = program(tmp_path, MUTEX, role("w", 'm.Store("a", m.Load("a") + 64)', 2))
    assert contention(explore(made), files).reason == "a bound of the model was hit"


def test_a_read_lock_that_another_goroutine_releases_has_no_section(tmp_path: Path) -> None:
    scheme = RWMUTEX + "\nfunc (m *Map) In() { m.mu.RLock() }\nfunc (m *Map) Out() { m.mu.RUnlock() }\n"
    bodies = role("a", "m.In(); done.Store(true)") + role("b", "if done.Load() { m.Out() }")
    made, files = program(tmp_path, scheme + "\nvar done atomic.Bool\n", bodies)
    found = contention(explore(made), files)
    assert found.section is None and "another goroutine" in found.reason
    assert found.waits is not None


def test_goroutines_exchanged_would_count_schedules_wrongly(tmp_path: Path) -> None:
    from verifier.program.passes.symmetry import symmetric

    made, files = program(tmp_path, MUTEX, role("w", 'm.Store("a", 1)', 2))
    with pytest.raises(AssertionError):
        contention(replace(explore(made), complete=False), files)
    exchanged = symmetric(made)
    assert exchanged.classes
    with pytest.raises(AssertionError):
        contention(explore(exchanged), files)
