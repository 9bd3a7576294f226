"""The front page of evidence about several models: a row a model, a link to its folder, and those without a verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from verifier.evidence.result import Result
from verifier.evidence.sealed import broken, seal
from verifier.records import dataclass
from verifier.report.folder import slug, sums as digests
from verifier.report.markup import block, link, plain, table
from verifier.report.outcome import Entry, Failed, exit_code, judged
from verifier.verdict import Verdict, combine

INDEX = "index.json"
PAGE = "index.md"
KIND = "verify evidence index"


@dataclass(frozen=True, slots=True)
class Listed:
    """A model with evidence: the folder of it, and the digest that the evidence there must have."""

    folder: str
    digest: str


@dataclass(frozen=True, slots=True)
class Index:
    """What a directory holds: evidence, and the models that got no verdict."""

    listed: tuple[Listed, ...]
    failed: tuple[Failed, ...]


def files(index: Index, results: Sequence[Result]) -> dict[str, str]:
    """The index for programs, and the page; `results` are those listed, in their order."""
    return {INDEX: _text(index), PAGE: page(index, results)}


def sums(made: Mapping[str, str], below: Mapping[str, str]) -> str:
    """Digests of the index and of the digests of every folder."""
    return digests({**made, **below})


def _text(index: Index) -> str:
    body = {
        "kind": KIND,
        "schema": 1,
        "evidence": [{"folder": e.folder, "digest": e.digest} for e in index.listed],
        "failed": [
            {"model": f.model, "path": f.path, "message": f.message, "exit_code": f.exit_code} for f in index.failed
        ],
    }
    return seal(body)


def load(text: str) -> Index:
    """Read an index. Raises ValueError when it is none, or was changed."""
    tree = json.loads(text)
    if not isinstance(tree, dict) or tree.get("kind") != KIND:
        raise ValueError("this is no index of evidence")
    if wrong := broken(tree, text):
        raise ValueError(wrong)
    listed = tuple(Listed(str(e["folder"]), str(e["digest"])) for e in tree["evidence"])
    if any(e.folder != slug(e.folder) for e in listed):
        raise ValueError("it names a folder that is none of ours")
    failed = tuple(
        Failed(str(f["model"]), str(f["path"]), str(f["message"]), int(f["exit_code"])) for f in tree["failed"]
    )
    return Index(listed, failed)


def page(index: Index, results: Sequence[Result]) -> str:
    """The page: what became of every model."""
    entries: list[Entry] = [*results, *index.failed]
    code = exit_code(entries)
    rows = [
        (
            link(f"{e.folder}/evidence.md", f"{e.folder}/evidence.md"),
            plain(r.model),
            f"**{r.verdict.value}**",
            _fine(r),
            plain(", ".join(f"{p.name} {p.verdict.value}" for p in r.properties if p.verdict is not Verdict.SAFE)),
            f"{r.explored.states:,}",
        )
        for e, r in zip(index.listed, results, strict=True)
    ]
    rows += [("", plain(f.model), f"**{f.verdict.value}**", "no", "no verdict: see below", "") for f in index.failed]
    lines = ["# Evidence", "", f"{len(entries)} models, exit status {code}.", ""]
    lines += table(("evidence", "model", "verdict", "as expected", "not SAFE", "states"), rows)
    for f in index.failed:
        lines += ["", f"## {plain(f.model)}: no verdict", "", *block(f.message.split("\n"))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _fine(result: Result) -> str:
    return "yes" if combine(judged(p) for p in result.properties) is Verdict.SAFE else "**no**"
