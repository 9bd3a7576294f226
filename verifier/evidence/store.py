"""Evidence as a file: the model, what was decided, and everything needed to check it again without an engine."""

from __future__ import annotations

import json
from typing import Any

from verifier import __version__
from verifier.evidence.codec import decode, encode
from verifier.evidence.picture import Picture
from verifier.evidence.proof import Certificate
from verifier.evidence.result import Property, Result
from verifier.evidence.sealed import broken, digest, opened, seal
from verifier.evidence.trace import Trace
from verifier.model.document import Document, digest as digest_of_model
from verifier.records import dataclass, replace

SCHEMA = 1
KIND = "verify evidence"
_MARKS = ('"kind"', '"certificate"', '"model"', '"properties"', '"digest"')


class NotEvidence(Exception):
    """The text is no evidence of ours, or of another version of it. `line` is where reading ended."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class Damaged(Exception):
    """The text is evidence, but not as it was written."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule and what it is said to end in. `goroutines` are names; `kind` and `name` as in an audit's claim."""

    lowering: str
    choices: tuple[int, ...]
    kind: str
    name: str
    goroutines: tuple[str, ...]
    loop: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A property as it was judged; `any_number` is its verdict for any number of goroutines, or empty."""

    name: str
    kind: str
    verdict: str
    any_number: str
    schedule: Schedule | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run that can be checked again."""

    tool: str
    model: str
    path: str
    text: str
    sha256: str
    counts: tuple[tuple[str, int], ...]
    properties: tuple[Judged, ...]
    certificate: Certificate | None
    sources: tuple[tuple[str, str], ...] = ()
    """The Go files of the model: name as the model gives it, text."""
    scheme: str = ""
    """The protection scheme of a workload, as `--scheme` names it; the last `scheme_files` of `sources` are it."""
    scheme_files: int = 0
    result: Result | None = None
    """Everything the run found out, without the certificate, which is kept by itself; no older evidence has it."""

    pictures: tuple[Picture, ...] = ()
    """State graphs as the engine drew them, for the page: nobody checks them again."""

    @property
    def sha256_of_all(self) -> str:
        """The digest that stands in the file."""
        return digest(_body(self))


def settled(result: Result) -> Result:
    """The result without what is not the same in every run of one model: how long it took."""
    return replace(result, explored=replace(result.explored, seconds=0.0))


def whole(found: Evidence) -> Result | None:
    """The result that was kept, with its certificate; None in older evidence."""
    proof = found.result.any_number if found.result is not None else None
    if found.result is None or proof is None or found.certificate is None:
        return found.result
    return replace(found.result, any_number=replace(proof, certificate=found.certificate))


def _kept(result: Result) -> Result:
    proof = result.any_number
    bare = result if proof is None else replace(result, any_number=replace(proof, certificate=None))
    return settled(bare)


def evidence(result: Result, document: Document, certificate: Certificate | None = None) -> Evidence:
    """What a run leaves behind."""
    text = "\n".join(document.lines)
    return Evidence(
        tool=__version__,
        model=result.model,
        path=result.path,
        text=text,
        sha256=document.sha256,
        counts=result.overrides,
        properties=tuple(_judged(p) for p in result.properties),
        certificate=certificate,
        sources=tuple((s.name, s.text.value) for s in document.sources),
        scheme=document.scheme,
        scheme_files=document.scheme_files,
        result=_kept(result),
    )


def dump(result: Result, document: Document, certificate: Certificate | None = None) -> str:
    """The text of an evidence file. Equal runs give equal texts."""
    return render(evidence(result, document, certificate))


def render(given: Evidence) -> str:
    """An evidence as text: sorted keys, and a digest of all the rest."""
    return seal(_body(given))


def load(text: str) -> Evidence:
    """Read what `dump` wrote. Raises NotEvidence, or Damaged when a byte of it was changed."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        if sum(mark in text for mark in _MARKS) >= 4:
            raise Damaged(f"it is no JSON any more (line {line})") from None
        raise NotEvidence("this is no evidence file: it is not JSON", line) from None
    if not isinstance(tree, dict) or sum(mark.strip('"') in tree for mark in _MARKS) < 4:
        raise NotEvidence("this is no evidence file: it was not written by `verify --evidence`")
    wrong = broken(tree, text)
    if wrong:
        raise Damaged(wrong)
    body = opened(tree)
    if body.get("kind") != KIND or body.get("schema") != SCHEMA:
        raise NotEvidence(f"evidence of schema {body.get('schema')!r}; this version reads schema {SCHEMA}")
    try:
        return _evidence(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotEvidence(f"this is no evidence of schema {SCHEMA}: {type(error).__name__}: {error}") from None


def _body(given: Evidence) -> dict[str, Any]:
    c = given.certificate
    kept = {} if given.result is None else {"result": encode(given.result)}
    drawn = {"pictures": encode(given.pictures)} if given.pictures else {}
    return {
        **kept,
        **drawn,
        "kind": KIND,
        "schema": SCHEMA,
        "tool": given.tool,
        "model": _model_body(given),
        "counts": dict(given.counts),
        "properties": [
            {
                "name": p.name,
                "kind": p.kind,
                "verdict": p.verdict,
                "any_number": p.any_number,
                "schedule": _schedule_body(p.schedule),
            }
            for p in given.properties
        ],
        "certificate": None
        if c is None
        else {
            "k": c.k,
            "roles": list(c.roles),
            "exactly": dict(c.exactly),
            "heap": c.heap,
            "reads": c.reads,
            "holds": c.holds,
            "views": c.views,
            "invariant": c.invariant.split("\n"),
            "sha256": c.sha256,
        },
    }


def _model_body(given: Evidence) -> dict[str, Any]:
    body = {"name": given.model, "path": given.path, "sha256": given.sha256, "text": given.text.split("\n")}
    sources = [{"name": name, "text": text.split("\n")} for name, text in given.sources]
    scheme = {"scheme": {"name": given.scheme, "files": given.scheme_files}} if given.scheme else {}
    return {**body, **scheme, "sources": sources} if sources else body


def _schedule_body(s: Schedule | None) -> dict[str, Any] | None:
    if s is None:
        return None
    claim: dict[str, Any] = {"kind": s.kind, "name": s.name, "goroutines": list(s.goroutines)}
    if s.loop:
        claim["loop"] = s.loop
    return {"lowering": s.lowering, "choices": list(s.choices), "claim": claim}


def _evidence(body: dict[str, Any]) -> Evidence:
    model = body["model"]
    text = "\n".join(map(_text, model["text"]))
    sources = tuple((_text(s["name"]), "\n".join(map(_text, s["text"]))) for s in model.get("sources", []))
    if digest_of_model(text, sources) != model["sha256"]:
        raise Damaged("the model's digest does not match its text")
    return Evidence(
        tool=_text(body["tool"]),
        model=_text(model["name"]),
        path=_text(model["path"]),
        text=text,
        sha256=_text(model["sha256"]),
        counts=tuple((_text(k), _number(v)) for k, v in body["counts"].items()),
        properties=tuple(_stored(p) for p in body["properties"]),
        certificate=_certificate(body["certificate"]),
        sources=sources,
        scheme=_text(model["scheme"]["name"]) if "scheme" in model else "",
        scheme_files=_number(model["scheme"]["files"]) if "scheme" in model else 0,
        result=decode(Result, body["result"]) if "result" in body else None,
        pictures=decode(tuple[Picture, ...], body["pictures"]) if "pictures" in body else (),
    )


def _stored(p: dict[str, Any]) -> Judged:
    s = p["schedule"]
    schedule = None
    if s is not None:
        claim = s["claim"]
        names = tuple(map(_text, claim["goroutines"]))
        choices = tuple(map(_number, s["choices"]))
        loop = _number(claim.get("loop", 0))
        schedule = Schedule(_text(s["lowering"]), choices, _text(claim["kind"]), _text(claim["name"]), names, loop)
    return Judged(_text(p["name"]), _text(p["kind"]), _text(p["verdict"]), _text(p["any_number"]), schedule)


def _certificate(c: dict[str, Any] | None) -> Certificate | None:
    if c is None:
        return None
    exactly = tuple((_text(k), _number(v)) for k, v in c["exactly"].items())
    roles = tuple(map(_text, c["roles"]))
    numbers = [_number(c[key]) for key in ("k", "heap", "reads", "holds", "views")]
    k, heap, reads, holds, views = numbers
    found = Certificate(k, roles, exactly, heap, reads, holds, views, "\n".join(map(_text, c["invariant"])))
    if found.sha256 != c["sha256"]:
        raise Damaged("the certificate's digest does not match its content")
    return found


def _judged(p: Property) -> Judged:
    any_number = p.any_number.verdict.value if p.any_number is not None else ""
    return Judged(p.name, p.kind, p.verdict.value, any_number, _schedule(p, p.trace) if p.trace else None)


def _schedule(p: Property, trace: Trace) -> Schedule:
    """What the trace of a property claims at its end."""
    name = p.name
    goroutines: tuple[str, ...] = ()
    match p.kind:
        case "race":
            name = trace.race[0].location if trace.race else ""
            goroutines = tuple(a.goroutine for a in trace.race)
        case "ordered":
            return Schedule(trace.lowering, trace.choices, "always", p.name, ())
        case "panic" | "fatal" | "lost-update":
            name = trace.failure
        case "deadlock" | "starvation":
            name, goroutines = "", tuple(dict.fromkeys(w.goroutine for w in trace.waiting))
    return Schedule(trace.lowering, trace.choices, p.kind, name, goroutines, trace.loop)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no number")
    return value
