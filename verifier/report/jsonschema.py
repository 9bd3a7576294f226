"""The JSON Schema of what `--format json` prints and `report.json` holds: every key, none more."""

from __future__ import annotations

import json

Json = dict[str, object]

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
COUNT: Json = {"type": "integer", "minimum": 0}
FLAG: Json = {"type": "boolean"}
TEXTS: Json = {"type": "array", "items": TEXT}
VERDICT: Json = {"enum": ["SAFE", "UNSAFE", "UNKNOWN", "ERROR"]}
DIGEST: Json = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}


def text() -> str:
    """The schema as JSON text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Json:
    """The schema (JSON Schema 2020-12): one model, or several."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "verify report",
        "description": "What `verify --format json` says; `$defs` has one entry for each kind of object.",
        "anyOf": [_ref("result"), _ref("failed"), _ref("several")],
        "$defs": {name: _said(made, words) for name, (made, words) in DEFINITIONS.items()},
    }


def _said(made: Json, words: str) -> Json:
    return {"description": words, **made}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _or_null(made: Json) -> Json:
    return {"anyOf": [made, {"type": "null"}]}


def _list(made: Json) -> Json:
    return {"type": "array", "items": made}


def _map(made: Json) -> Json:
    return {"type": "object", "additionalProperties": made}


def _object(always: Json, sometimes: Json | None = None) -> Json:
    """An object with all the keys of `always`, and any of `sometimes`."""
    return {
        "type": "object",
        "properties": always | (sometimes or {}),
        "required": list(always),
        "additionalProperties": False,
    }


_SCHEMA: Json = {"const": 1}
_EXIT: Json = {"enum": [0, 1, 2, 3, 4]}
_PLACE: Json = {"file": _or_null(TEXT), "line": _or_null(COUNT)}
_COLUMN: Json = {"column": COUNT}
_TRACE = _or_null(_ref("trace"))

DEFINITIONS: dict[str, tuple[Json, str]] = {
    "several": (
        _object(
            {
                "schema": _SCHEMA,
                "models": _list({"anyOf": [_ref("result"), _ref("failed")]}),
                "exit_code": _EXIT,
            }
        ),
        "A run over several models; the gravest exit status counts.",
    ),
    "failed": (
        _object(
            {
                "schema": _SCHEMA,
                "model": TEXT,
                "path": TEXT,
                "verdict": {"enum": ["ERROR", "UNKNOWN"]},
                "exit_code": {"enum": [2, 3, 4]},
                "error": TEXT,
                "properties": {"type": "array", "maxItems": 0},
            }
        ),
        "A model that got no verdict: it is wrong (2), the run was interrupted (3), or the fault is ours (4).",
    ),
    "result": (
        _object(
            {
                "schema": _SCHEMA,
                "tool": _object({"name": {"const": "verify"}, "version": TEXT}),
                "model": TEXT,
                "path": TEXT,
                "sha256": DIGEST,
                "title": TEXT,
                "go_version": TEXT,
                "verdict": VERDICT,
                "exit_code": {"enum": [0, 1, 3, 4]},
                "properties": _list(_ref("property")),
                "explored": _ref("explored"),
                "trace": _TRACE,
                "consequences": _list(_object({"name": TEXT, "sentence": TEXT, "trace": _ref("trace")})),
                "coverage": _or_null(_ref("coverage")),
                "proof": _or_null(_ref("proof")),
                "sharding": _or_null(
                    _object({"verdict": VERDICT, "sentence": TEXT, "collision": _or_null(TEXT)}),
                ),
                "assumptions": TEXTS,
                "not_shown": TEXTS,
                "notes": TEXTS,
                "audited": TEXT,
                "overrides": _map(COUNT),
                "settings": TEXTS,
            },
            {
                "about": TEXT,
                "files": TEXTS,
                "roles": _list(_object({"role": TEXT, "count": _or_null(COUNT), "span": _or_null(_ref("span"))})),
                "shared": TEXTS,
                "bounds": _map(TEXT),
                "semantics": TEXTS,
                "rules": _list(_object({"about": TEXT, "rule": TEXT, "go_source": TEXT})),
                "decision": _or_null(
                    _object({"question": TEXT, "record": TEXT, "chosen": TEXT, "considered": TEXTS}),
                ),
                "scheme": TEXT,
                "contention": _ref("contention"),
                "mutants": _list(_ref("mutant")),
                "fixes": _ref("fixes"),
                "odds": _list(_ref("odds")),
            },
        ),
        "A model that was judged. `trace` is that of the first property that is UNSAFE and has one; `assumptions` are "
        "the rules of Go it rests on, `semantics` the lines of Go's sources that its steps stand for.",
    ),
    "property": (
        _object(
            {
                "name": TEXT,
                "kind": TEXT,
                "verdict": VERDICT,
                "expected": _or_null(VERDICT),
                "as_expected": FLAG,
                "sentence": TEXT,
                "formula": TEXT,
                "method": TEXT,
                "steps": _or_null(COUNT),
                "states": COUNT,
                "reason": TEXT,
                "span": _or_null(_ref("span")),
                "any_number": _or_null(_object({"verdict": VERDICT, "method": TEXT, "k": COUNT})),
                "witness": _TRACE,
            }
        ),
        "A judged property. `witness` is its counterexample when it is UNSAFE, and how the state was reached for a "
        "`sometimes` that is SAFE; `reason` says why it is UNKNOWN.",
    ),
    "explored": (
        _object(
            {
                "counts": _map(COUNT),
                "states": COUNT,
                "transitions": COUNT,
                "engine": TEXT,
                "seconds": _or_null({"type": "number", "minimum": 0}),
                "complete": FLAG,
                "limit": TEXT,
                "reductions": _list({"enum": ["slice", "fuse", "symmetry"]}),
            }
        ),
        "What was explored. `seconds` is null in evidence, which is the same for every run; `limit` ended it early.",
    ),
    "coverage": (
        _object(
            {
                "reached": COUNT,
                "total": COUNT,
                "missed": _list(_object({"span": _ref("span"), "text": TEXT})),
                "statements": _list(_object({"span": _ref("span"), "text": TEXT, "reached": FLAG})),
            }
        ),
        "The statements of the goroutines, and which of them some schedule ran.",
    ),
    "proof": (
        _object(
            {
                "kind": {"const": "inductive"},
                "verdict": VERDICT,
                "properties": TEXTS,
                "roles": TEXT,
                "k": COUNT,
                "views": COUNT,
                "invariant": TEXTS,
                "reason": TEXT,
                "alone": FLAG,
                "certificate": _or_null(DIGEST),
            }
        ),
        "The proof for any number of goroutines; when it was not shown, `reason` says why. `certificate` is the digest "
        "of what `verify audit` re-proves.",
    ),
    "trace": (
        _object(
            {
                "property": TEXT,
                "choices": _list(COUNT),
                "fused": FLAG,
                "goroutines": TEXTS,
                "start": _map(TEXT),
                "steps": _list(_ref("step")),
                "race": _or_null(_object({"a": _ref("access"), "b": _ref("access")})),
                "waits": _list(_ref("waiting")),
                "held": _list(
                    _object({"lock": TEXT, "goroutine": TEXT, "mode": _ref("mode"), "since": COUNT, **_PLACE}, _COLUMN)
                ),
                "later": _list(_object({"goroutine": TEXT, "operation": TEXT, "lock": TEXT, **_PLACE}, _COLUMN)),
                "failure": _or_null(_object({"kind": TEXT, "message": TEXT})),
            },
            {
                "lost_update": _object({"location": TEXT, "read": COUNT, "changed": COUNT}),
                "loop_start": COUNT,
                "history": _ref("history"),
            },
        ),
        "A schedule, replayed. `choices` is what `verify replay` takes; `race` has the two accesses that nothing "
        "orders, `waits` who never moves again, `loop_start` the first of the steps that repeat for ever.",
    ),
    "step": (
        _object(
            {
                "n": COUNT,
                "goroutine": TEXT,
                "text": TEXT,
                "detail": TEXT,
                **_PLACE,
                "stack": _ref("stack"),
                "objects": _map(TEXT),
                "waits": FLAG,
                "ends": FLAG,
                "symptom": TEXT,
                "cite": TEXT,
            },
            {
                **_COLUMN,
                "meets": _object(
                    {"goroutine": TEXT, "text": TEXT, **_PLACE, "stack": _ref("stack"), "ends": FLAG}, _COLUMN
                ),
            },
        ),
        "One step of a goroutine, and every shared object after it. `waits`: the step is not taken, the goroutine is "
        "stuck at it. `meets`: who receives what is sent. `cite`: the line of Go's sources it stands for.",
    ),
    "access": (
        _object(
            {
                "goroutine": TEXT,
                "write": FLAG,
                "atomic": FLAG,
                "location": TEXT,
                "text": TEXT,
                **_PLACE,
                "stack": _ref("stack"),
                "holds": _list(_object({"lock": TEXT, "mode": _ref("mode"), "since": COUNT})),
            },
            _COLUMN,
        ),
        "One of the two accesses of a race, and the locks its goroutine holds.",
    ),
    "waiting": (
        _object(
            {
                "goroutine": TEXT,
                "operation": TEXT,
                "lock": TEXT,
                "held_by": TEXTS,
                "since": COUNT,
                **_PLACE,
                "stack": _ref("stack"),
            },
            _COLUMN,
        ),
        "A goroutine that never moves again, and who holds what it waits for.",
    ),
    "history": (
        _object(
            {
                "setup": COUNT,
                "atomic": _list(COUNT),
                "fewest": FLAG,
                "contents": _map(TEXT),
                "calls": _list(
                    _object(
                        {"goroutine": TEXT, "call": TEXT, "gave": TEXT, "begins": COUNT, "returns": _or_null(COUNT)}
                    )
                ),
                "orders": _list(_object({"order": TEXTS, "must": TEXT, "gave": TEXT})),
                "more_orders": COUNT,
            }
        ),
        "Calls that no order explains: steps in which each begins and returns, and what fails in every order.",
    ),
    "contention": (
        _object(
            {
                "waits_millionths": _or_null(COUNT),
                "lost_turns_millionths": _or_null(COUNT),
                "longest_section": _or_null(COUNT),
                "reason": TEXT,
            }
        ),
        "How much goroutines wait for each other under a scheme.",
    ),
    "mutant": (
        _object(
            {
                "span": _or_null(_ref("span")),
                "step": TEXT,
                "edit": TEXT,
                "verdict": VERDICT,
                "broken": TEXTS,
                "steps": COUNT,
                "why": TEXT,
                "note": TEXT,
            }
        ),
        "The model with one protective step changed, and which properties do not hold any more.",
    ),
    "fixes": (
        _object(
            {
                "suggestions": _list(
                    _object(
                        {"what": TEXT, "diff": TEXT, "verdict": {"const": "SAFE"}, "scope": TEXT, "properties": NUMBER}
                    )
                ),
                "tried": COUNT,
                "known": COUNT,
                "reason": TEXT,
            }
        ),
        "Single edits with which the model is SAFE.",
    ),
    "odds": (
        _object(
            {
                "property": TEXT,
                "kind": TEXT,
                "share_millionths": _or_null(COUNT),
                "shortest": COUNT,
                "reason": TEXT,
                "meaning": TEXT,
                "race_detector": TEXTS,
                "consequences": TEXTS,
            }
        ),
        "How likely a failure is to show when goroutines take turns at random; without a share, `reason` says why.",
    ),
    "stack": (
        _list(_object({"function": TEXT, "called_at": _or_null(_ref("span"))})),
        "Calls from the body of the goroutine inwards.",
    ),
    "mode": ({"enum": ["W", "R", "next"]}, "W: for writing. R: for reading. next: a writer that has announced itself."),
    "span": (
        _object({"file": TEXT, "line": COUNT, "column": COUNT, "end_line": COUNT, "end_column": COUNT}),
        "A stretch of a file; lines and columns count from 1, the end column is exclusive.",
    ),
}
