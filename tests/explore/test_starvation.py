"""Starvation: who never gets on although everybody gets a turn, and what the auditor refuses to believe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from catalogue import ROOT, document

from verifier.audit.interpret import AuditError
from verifier.audit.lasso import confirm_lasso
from verifier.audit.walk import walk
from verifier.evidence.result import Property
from verifier.evidence.store import dump, load
from verifier.model.read import read_text
from verifier.pipeline import Options, starvation, verify
from verifier.pipeline.load import program, read_front
from verifier.program.passes.progress import ROUND
from verifier.verdict import Verdict

ASKED = Options(checks=("starvation",), any_number=False)


def model(declare: str, **roles: str) -> str:
    text = "model: m\ndeclare: |\n" + indent(declare or "const unused = 0", 2) + "goroutines:\n"
    return text + "".join(f"  {role}: |\n{indent(body, 4)}" for role, body in roles.items())


def indent(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" for line in text.strip("\n").split("\n"))


def judged(declare: str, options: Options = ASKED, **roles: str) -> Property:
    (found,) = verify(read_text("m.yaml", model(declare, **roles)), options).properties
    return found


MUTEX = "var mu sync.Mutex\nvar n int"
BUSY = "for {\nmu.Lock()\nn = 1 - n\nmu.Unlock()\n}"
FLAG = "var flag atomic.Bool\nvar n atomic.Int32"
TOGGLE = "for {\nflag.Store(true)\nflag.Store(false)\n}"
CHANNEL = "var ch = make(chan int)\nvar done = make(chan bool)"
BUFFER = "var ch = make(chan int, 1)"
COND = "var mu sync.Mutex\nvar c = sync.NewCond(&mu)\nvar open bool"

STARVES = {
    "a flag that is on now and then": (FLAG, "for !flag.Load() {\n}", TOGGLE),
    "a CompareAndSwap that always comes too late": (
        FLAG,
        "for {\nv := n.Load()\nif n.CompareAndSwap(v, v) {\nbreak\n}\n}",
        "for {\nn.Store(1)\nn.Store(0)\n}",
    ),
    "TryLock does not queue": (MUTEX, "for !mu.TryLock() {\n}\nmu.Unlock()", BUSY),
    "a condition that holds when nobody looks": (
        COND,
        "mu.Lock()\nfor !open {\nc.Wait()\n}\nmu.Unlock()",
        "for {\nmu.Lock()\nopen = true\nc.Broadcast()\nmu.Unlock()\nmu.Lock()\nopen = false\nmu.Unlock()\n}",
    ),
    "a lock that is never free": (
        MUTEX + "\nvar other sync.Mutex",
        "mu.Lock()\nmu.Unlock()",
        "mu.Lock()\nfor {\nother.Lock()\nother.Unlock()\n}",
    ),
    "inside an endless loop": (FLAG, "for {\nfor !flag.Load() {\n}\nn.Store(1)\n}", TOGGLE),
    "no loop of its own at all": (CHANNEL, "<-done", "for {\nselect {\ncase ch <- 1:\ndefault:\n}\n}"),
}
"""Who starves is the first goroutine; the second one goes on for ever."""

SERVED = {
    "Mutex": (MUTEX, "mu.Lock()\nn = 1 - n\nmu.Unlock()", BUSY),
    "two that never stop": (MUTEX, BUSY, BUSY),
    "RLock beside endless writers": (
        "var mu sync.RWMutex",
        "mu.RLock()\nmu.RUnlock()",
        "for {\nmu.Lock()\nmu.Unlock()\n}",
    ),
    "Lock beside endless readers": (
        "var mu sync.RWMutex",
        "mu.Lock()\nmu.Unlock()",
        "for {\nmu.RLock()\nmu.RUnlock()\n}",
    ),
    "a flag that stays on": (FLAG, "for !flag.Load() {\n}", "flag.Store(true)\nfor {\nn.Store(1)\nn.Store(0)\n}"),
    "a receive from an endless sender": (CHANNEL, "<-ch", "for {\nch <- 1\n}"),
    "a receive from a buffer": (BUFFER, "<-ch", "for {\nselect {\ncase ch <- 1:\ncase <-ch:\n}\n}"),
    "select picks the other case in the end": (
        CHANNEL,
        "for {\nselect {\ncase <-ch:\ncase <-done:\nreturn\n}\n}",
        "close(done)\nfor {\nselect {\ncase ch <- 1:\ndefault:\n}\n}",
    ),
    "a server without work": (CHANNEL, "for {\n<-ch\n}", "ch <- 1"),
    "an endless loop with a check that may panic": (
        "type T struct{ v int }\nvar p = &T{}",
        "for {\np.v = 1 - p.v\n}",
        "const done = true",
    ),
    "Once beside an endless loop": (
        "var once sync.Once\nvar n atomic.Int32",
        "once.Do(func() { n.Store(1) })",
        "for {\nonce.Do(func() { n.Store(1) })\n}",
    ),
    "rounds in which nothing happens": (FLAG, "for {\nif flag.Load() {\nn.Store(1)\n}\n}", TOGGLE),
    "nobody repeats": (FLAG, "flag.Store(true)", "n.Add(1)"),
}


@pytest.mark.parametrize("declare,first,second", STARVES.values(), ids=STARVES)
def test_who_starves_is_found(declare: str, first: str, second: str) -> None:
    found = judged(declare, first=first, second=second)
    assert found.verdict is Verdict.UNSAFE, (found.reason, found.sentence)
    trace = found.trace
    assert trace is not None and 0 < trace.loop <= len(trace.steps)
    assert [w.goroutine for w in trace.waiting] == ["first"]
    assert "second" in {s.goroutine for s in trace.steps[-trace.loop :]}


@pytest.mark.parametrize("declare,first,second", SERVED.values(), ids=SERVED)
def test_who_is_served_does_not_starve(declare: str, first: str, second: str) -> None:
    found = judged(declare, first=first, second=second)
    assert found.verdict is Verdict.SAFE, (found.reason, found.sentence)


@pytest.mark.parametrize("way", [{"reduce": True}, {"engine": "kernel"}, {"engine": "reference"}], ids=str)
@pytest.mark.parametrize("case", ["a flag that is on now and then", "Mutex"])
def test_the_way_of_exploring_does_not_matter(case: str, way: dict[str, bool]) -> None:
    declare, first, second = (STARVES | SERVED)[case]
    found = judged(declare, replace(ASKED, **way), first=first, second=second)
    assert found.verdict is (Verdict.UNSAFE if case in STARVES else Verdict.SAFE), found.reason


ENDLESS = {
    "nothing": ("for {\nn.Store(1)\n}", True),
    "a condition": ("for n.Load() == 0 {\n}", False),
    "a break": ("for {\nif n.Load() == 0 {\nbreak\n}\n}", False),
    "a break of a switch": ("for {\nswitch n.Load() {\ncase 1:\nbreak\n}\n}", True),
    "a break of a loop in it": ("for {\nfor n.Load() == 0 {\nbreak\n}\n}", True),
    "a break with its label": ("again:\nfor {\nfor n.Load() == 0 {\nbreak again\n}\n}", False),
    "a continue with its label": ("again:\nfor {\nfor n.Load() == 0 {\ncontinue again\n}\n}", True),
    "a return": ("for {\nif n.Load() == 0 {\nreturn\n}\n}", False),
    "a return of a function in it": ("for {\nfunc() {\nif n.Load() == 0 {\nreturn\n}\n}()\n}", True),
    "a panic": ("for {\nif n.Load() == 2 {\npanic(1)\n}\n}", True),
}
"""How a loop can be left, and whether its rounds are progress."""


@pytest.mark.parametrize("body,marked", ENDLESS.values(), ids=ENDLESS)
def test_rounds_are_marked_where_nothing_leaves_the_loop(body: str, marked: bool) -> None:
    front = read_front(read_text("m.yaml", model(FLAG, a=body)), Options())
    made = program(front, "starvation")
    assert made.raw is not None
    assert any(s.detail == ROUND for s in made.raw.templates[1].steps) == marked
    plain = program(front)
    assert plain.raw is not None and not any(s.detail == ROUND for s in plain.raw.templates[1].steps)


def test_a_large_graph_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starvation, "EDGES", 5)
    found = judged(*SERVED["Mutex"][:1], first=SERVED["Mutex"][1], second=BUSY)
    assert found.verdict is Verdict.UNKNOWN and "more than 5 transitions" in found.reason


def test_a_limit_is_unknown() -> None:
    found = judged(MUTEX, replace(ASKED, max_states=3), first="mu.Lock()\nmu.Unlock()", second=BUSY)
    assert found.verdict is Verdict.UNKNOWN


def test_a_bound_is_unknown() -> None:
    found = judged("var n atomic.Int32", first="n.Add(1)", second="for {\nn.Add(1)\n}")
    assert found.verdict is Verdict.UNKNOWN and "bound" in found.reason


def test_any_number_is_not_claimed() -> None:
    text = "model: m\ndeclare: var n atomic.Int32\ngoroutines:\n  r:\n    count: any\n    body: n.Store(1)\n"
    (found,) = verify(read_text("m.yaml", text), Options(checks=("starvation",))).properties
    assert found.verdict is Verdict.UNKNOWN and "only race, fatal and panic" in found.reason


def test_the_small_print_follows_the_question() -> None:
    text = read_text("m.yaml", model(*SERVED["Mutex"][:1], first=SERVED["Mutex"][1], second=BUSY))
    asked, plain = verify(text, ASKED), verify(text, Options(checks=("deadlock",), any_number=False))
    assert not any("starvation" in line for line in asked.not_shown)
    assert any("starvation" in line for line in plain.not_shown)
    assert any("fairness" in line for line in asked.rests_on) and not any("fairness" in x for x in plain.rests_on)
    limited = verify(text, replace(ASKED, max_states=3))
    assert any("starvation" in line for line in limited.not_shown)


def naive() -> tuple[Property, str]:
    path = ROOT / "models" / "naive-rwlock-writer-starves.yaml"
    result = verify(document(path), ASKED)
    return result.properties[0], dump(result, document(path))


def test_the_auditor_looks_at_the_loop_itself() -> None:
    prop, _ = naive()
    trace = prop.trace
    assert trace is not None
    made = program(read_front(document(ROOT / "models" / "naive-rwlock-writer-starves.yaml"), Options()), "starvation")
    walked = walk(made, trace.choices)
    number = {i.name: i.number for i in made.goroutines}
    assert "gets its turn" in confirm_lasso(walked, number["writer"], trace.loop)
    with pytest.raises(AuditError, match="come back"):
        confirm_lasso(walked, number["writer"], trace.loop - 1)
    with pytest.raises(AuditError, match="ends in a loop"):
        confirm_lasso(walked, number["writer"], 0)
    with pytest.raises(AuditError, match="reader1 gets on"):
        confirm_lasso(walked, number["reader1"], trace.loop)


@pytest.mark.parametrize(
    "declare,first,second,why",
    [
        (MUTEX, "mu.Lock()\nmu.Unlock()", BUSY, "queue that serves it"),
        (FLAG, "flag.Store(true)", "for {\nn.Store(1)\nn.Store(0)\n}", "all the time"),
        (
            CHANNEL,
            SERVED["select picks the other case in the end"][1],
            SERVED["select picks the other case in the end"][2],
            "select",
        ),
    ],
)
def test_the_auditor_refuses_an_unfair_loop(declare: str, first: str, second: str, why: str) -> None:
    made = program(read_front(read_text("m.yaml", model(declare, first=first, second=second)), Options()), "starvation")
    found = None
    # The second goroutine alone, round and round: a loop, but not a fair one.
    choices: list[int] = []
    for _ in range(40):
        walked = walk(made, tuple(choices))
        seen = [n for n, s in enumerate(walked.states[:-1]) if s == walked.last]
        if seen:
            found = walked, len(choices) - seen[-1]
            break
        enabled = walked.composed.enabled(walked.last)
        mine = [n for n, c in enumerate(enabled) if 2 in c.movers and (why != "select" or c.step.dst != 0)]
        choices.append(mine[0])
    assert found is not None
    with pytest.raises(AuditError, match=why):
        confirm_lasso(found[0], 1, found[1])


def test_evidence_keeps_the_loop() -> None:
    prop, text = naive()
    (stored,) = load(text).properties
    assert prop.trace is not None and stored.schedule is not None
    assert stored.schedule.loop == prop.trace.loop and stored.schedule.goroutines == ("writer",)
