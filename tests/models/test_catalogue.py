"""Every model of the repository means what it says, and can be trusted where it says SAFE."""

import re
from pathlib import Path

import pytest
from catalogue import ALL, CATALOGUE, SAFE_NAMES, document, is_safe, judged, name

from verifier.evidence.trace import Trace
from verifier.model.document import CHECKS
from verifier.verdict import Verdict

REQUIRED = {
    "unprotected",
    "mutex",
    "rwmutex",
    "rwmutex-write-under-rlock",
    "rwmutex-recursive-rlock",
    "rwmutex-upgrade",
    "copied-mutex",
    "pointer-escape",
    "pointer-per-object-lock",
    "nil-map",
    "nil-value-visible",
    "sync-map",
    "sync-map-pointee",
    "sync-map-check-then-act",
    "sync-map-load-or-store",
    "sharded",
    "sharded-two-hashes",
    "sharded-zero-value",
    "atomic-pointer-publish",
    "atomic-pointer-plain-read",
    "atomic-pointer-lost-update",
    "atomic-pointer-cas",
    "copy-on-write",
    "copy-on-write-in-place",
    "double-checked-locking",
    "once",
    "lazy-init",
    "detector-swiss",
    "detector-hmap",
    "channel-owner",
    "channel-leak",
    "channel-close-early",
    "channel-try-send",
}

DETECTORS = ("detector-swiss", "detector-hmap", "detector-atomic-flip")
"""The runtime's flag protocol races by design, so these say nothing about races."""

every_model = pytest.mark.parametrize("path", ALL, ids=name)


def traces(path: Path) -> list[tuple[str, Trace]]:
    """Every schedule a report on this model can show."""
    result = judged(path)
    found = [(p.name, p.trace) for p in result.properties if p.trace]
    return found + [(c.name, c.trace) for c in result.consequences]


def test_the_catalogue_is_complete() -> None:
    assert {p.stem for p in CATALOGUE} >= REQUIRED


@every_model
def test_the_model_meets_its_expectations(path: Path) -> None:
    result = judged(path)
    off = [f"{p.name}: {p.verdict.value}, not {p.expected} ({p.reason or p.sentence})" for p in result.properties]
    assert not [text for text, p in zip(off, result.properties, strict=True) if not p.as_expected]
    assert result.exit_code == 0
    assert result.explored.complete


@every_model
def test_every_property_has_an_expectation(path: Path) -> None:
    told = dict(document(path).expect)
    assert {c.name for c in document(path).clauses} <= set(told)
    judged_checks = {p.name for p in judged(path).properties} & set(CHECKS)
    assert judged_checks <= set(told)
    if path.stem not in DETECTORS:
        assert set(CHECKS) <= judged_checks


@every_model
def test_the_model_explains_itself(path: Path) -> None:
    model = document(path)
    assert model.title and model.about
    if path.parent.name == "models":
        assert model.name == path.stem


def test_the_safe_schemes_are_the_known_ones() -> None:
    assert {p.stem for p in CATALOGUE if is_safe(p)} == SAFE_NAMES


@pytest.mark.parametrize("path", [p for p in ALL if is_safe(p)], ids=name)
def test_a_safe_model_shows_that_it_does_something(path: Path) -> None:
    witnesses = [p for p in judged(path).properties if p.kind == "sometimes"]
    assert witnesses and all(p.verdict is Verdict.SAFE and p.trace for p in witnesses)


@pytest.mark.parametrize("path", [p for p in ALL if is_safe(p)], ids=name)
def test_every_statement_of_a_safe_model_is_reached(path: Path) -> None:
    coverage = judged(path).coverage
    assert coverage is not None and coverage.total > 0
    # A scheme has more methods, and rarer paths, than one small workload takes.
    own = [text for span, text in coverage.missed if not span.file.endswith(".go")]
    assert [text for text in own if "panic(" not in text] == []


@every_model
def test_what_is_unsafe_is_shown(path: Path) -> None:
    for p in judged(path).properties:
        if p.verdict is Verdict.UNSAFE and p.kind != "sometimes":
            assert p.trace is not None, p.name


@every_model
def test_traces_name_the_lines_that_hold_their_statements(path: Path) -> None:
    files = document(path).files
    for what, trace in traces(path):
        for step in trace.steps:
            if step.span is None:
                continue
            lines = files[step.span.file]
            word = re.search(r"\w+|\S", step.text)
            assert word, (what, step)
            assert word[0] in lines[step.span.line - 1], (what, step.number, step.text, lines[step.span.line - 1])


def path_of(stem: str) -> Path:
    return next(p for p in CATALOGUE if p.stem == stem)


def property_trace(stem: str, wanted: str) -> Trace:
    found = next(p for p in judged(path_of(stem)).properties if p.name == wanted)
    assert found.trace
    return found.trace


def test_the_recursive_rlock_is_three_steps_from_the_start() -> None:
    trace = property_trace("rwmutex-recursive-rlock", "deadlock")
    assert [(s.goroutine, s.span.line if s.span else 0) for s in trace.steps] == [("sum", 20), ("put", 28), ("sum", 14)]
    assert {w.operation for w in trace.waiting} == {"sync.RWMutex.RLock", "sync.RWMutex.Lock"}


def test_the_leaked_worker_waits_to_send() -> None:
    trace = property_trace("channel-leak", "deadlock")
    assert [(w.goroutine, w.operation) for w in trace.waiting] == [("caller.go1", "chan send")]


def test_a_send_beside_a_close_races_and_panics() -> None:
    assert {a.location for a in property_trace("channel-close-early", "race").race} == {"queue (channel state)"}
    assert property_trace("channel-close-early", "panic").failure == "send on closed channel"


def test_the_escaped_pointer_races_on_the_field() -> None:
    trace = property_trace("pointer-escape", "race")
    assert len(trace.race) == 2 and any(a.write for a in trace.race)
    assert all("Age" in a.location for a in trace.race)
    assert all(not a.holds for a in trace.race)


def test_the_unprotected_map_shows_everything_the_race_can_lead_to() -> None:
    found = {c.name: c.trace for c in judged(path_of("unprotected")).consequences}
    assert {"fatal: concurrent map writes", "fatal: concurrent map read and map write"} <= set(found)
    assert {"a present key with a nil value", "lost insert", "stuck flag", "no symptom"} <= set(found)
    assert not [s for s in found["no symptom"].steps if s.symptom]


def test_an_insert_is_lost_because_two_find_the_same_empty_slot() -> None:
    trace = next(c.trace for c in judged(path_of("unprotected")).consequences if c.name == "lost insert")
    events = [(s.detail, s.goroutine) for s in trace.steps]
    found_slot = [events.index(("find the slot", who)) for who in ("alice", "bob")]
    filled_it = [events.index(("mark the slot full", who)) for who in ("alice", "bob")]
    assert max(found_slot) < min(filled_it)


@pytest.mark.parametrize("stem", ["detector-swiss", "detector-hmap"])
def test_the_write_flag_is_no_protection(stem: str) -> None:
    verdicts = {p.name: p.verdict for p in judged(path_of(stem)).properties}
    assert verdicts["two writers past the check are aborted"] is Verdict.UNSAFE
    assert verdicts["a whole write during one read, unseen"] is Verdict.SAFE
