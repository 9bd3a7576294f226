"""SARIF 2.1.0, for code scanning and for archives: everything that was judged, and nothing greener than it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from verifier import __version__
from verifier.evidence.result import Property
from verifier.report.jsonfile import text
from verifier.report.outcome import Entry, Failed, exit_code
from verifier.report.sarif_flow import Json, location, message
from verifier.report.sarif_result import result, shape
from verifier.report.sarif_rules import INCONCLUSIVE, INTERNAL_ERROR, MODEL_ERROR, RULES, descriptors
from verifier.report.uris import ROOT_ID, Repository
from verifier.verdict import EXIT_INTERNAL, EXIT_UNKNOWN

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(entries: Sequence[Entry], repository: Repository, command: str, full: bool = False) -> str:
    """The log of one run over all entries, in the profile for GitHub or in full.

    The GitHub profile leaves out what is SAFE, since GitHub shows every result as an alert; that it was judged stands
    in `properties` of the run. `command` is how the check was started. Equal runs give equal texts.
    """
    run: dict[str, Json] = {
        "tool": {"driver": {"name": "verify", "semanticVersion": __version__, "rules": descriptors()}},
        # For GitHub the workflow names the category: an id in the file would win over it, and two jobs be one.
        **({"automationDetails": {"id": "verify/"}} if full else {}),
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT_ID: {"description": {"text": "The top of the repository"}}},
        "invocations": [_invocation(entries, repository, command)],
        "artifacts": _artifacts(entries, repository),
        "results": _results(entries, repository, full),
        "properties": {
            "profile": "full" if full else "github",
            "exitCode": exit_code(entries),
            "models": [_model(e) for e in entries],
        },
        **_version(repository),
    }
    return text({"$schema": SCHEMA, "version": "2.1.0", "runs": [doubled(run) if full else run]})


def doubled(node: Json) -> Json:
    """The same with braces doubled in every message, as the standard has it (3.11.5): `{0}` stands for an argument.

    Not in the profile for GitHub, which knows no arguments: Go is full of braces, and people are to read it there.
    """
    if isinstance(node, dict) and "deletedRegion" not in node:
        return {key: _twice(v) if key in ("text", "markdown") else doubled(v) for key, v in node.items()}
    # What a fix inserts is a piece of a file, and no message.
    return [doubled(item) for item in node] if isinstance(node, list) else node


def _twice(held: Json) -> Json:
    # A state may have a variable of that name, and that is an object.
    return held.replace("{", "{{").replace("}", "}}") if isinstance(held, str) else doubled(held)


def _invocation(entries: Sequence[Entry], repository: Repository, command: str) -> Json:
    failed = [e for e in entries if isinstance(e, Failed)]
    return {
        "commandLine": command,
        "exitCode": exit_code(entries),
        # Interrupted is no success either: that would close the alerts of what was not checked.
        "executionSuccessful": not failed,
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": message(f.message),
                "locations": [location(f.span, repository, f.path)],
                "descriptor": {"id": _filed(f)},
            }
            for f in failed
        ],
    }


def _filed(failed: Failed) -> str:
    ids = {EXIT_INTERNAL: INTERNAL_ERROR.id, EXIT_UNKNOWN: INCONCLUSIVE.id}
    return ids.get(failed.exit_code, MODEL_ERROR.id)


def _artifacts(entries: Sequence[Entry], repository: Repository) -> list[Json]:
    return [{"location": repository.artifact(path)} for path in dict.fromkeys(e.path for e in entries)]


def _results(entries: Sequence[Entry], repository: Repository, full: bool) -> list[Json]:
    """All results, each with a fingerprint that no other has, though they may look alike."""
    seen: Counter[tuple[str, str]] = Counter()
    made: list[Json] = []
    for entry in entries:
        for found, print_ in _found(entry, repository, full):
            seen[entry.path, print_] += 1
            unique = f"{print_}:{seen[entry.path, print_]}"
            # The second key is the one that GitHub follows alerts by; it would make one of line contents by itself.
            made.append({**found, "partialFingerprints": {"traceShape/v1": unique, "primaryLocationLineHash": unique}})
    return made


def _found(entry: Entry, repository: Repository, full: bool) -> list[tuple[dict[str, Json], str]]:
    if isinstance(entry, Failed):
        return [(_not_checked(entry, repository, full), _filed(entry))]
    if not entry.properties:
        failed = Failed(entry.model, entry.path, "nothing was checked", EXIT_UNKNOWN)
        return [(_not_checked(failed, repository, full), "nothing")]
    pairs = [(result(entry, p, repository, full), shape(entry, p)) for p in entry.properties]
    return [(made, print_) for made, print_ in pairs if made is not None]


def _not_checked(failed: Failed, repository: Repository, full: bool) -> dict[str, Json]:
    """A result for a model without a verdict: without one, GitHub would take its earlier alerts for mended."""
    id_ = _filed(failed)
    index = next(n for n, r in enumerate(RULES) if r.id == id_)
    undecided = full and failed.exit_code == EXIT_UNKNOWN
    return {
        "ruleId": id_,
        "ruleIndex": index,
        "kind": "open" if undecided else "fail",
        "level": "none" if undecided else RULES[index].level,
        "message": message(f"{failed.model}: nothing is known about this model. {failed.first}"),
        "locations": [location(failed.span, repository, failed.path)],
        "properties": {"model": failed.model, "verdict": failed.verdict.value},
    }


def _model(entry: Entry) -> Json:
    """What was judged, whether or not there is a result for it."""
    if isinstance(entry, Failed):
        return {"model": entry.model, "path": entry.path, "exitCode": entry.exit_code, "properties": []}
    return {
        "model": entry.model,
        "path": entry.path,
        **({"scheme": entry.scheme} if entry.scheme else {}),
        "sha256": entry.sha256,
        "exitCode": entry.exit_code,
        "verdict": entry.verdict.value,
        "properties": [_property(p) for p in entry.properties],
        "assumptions": list(entry.rests_on),
        "notShown": list(entry.not_shown),
    }


def _property(prop: Property) -> Json:
    return {
        "name": prop.name,
        "kind": prop.kind,
        "verdict": prop.verdict.value,
        "expected": prop.expected.value if prop.expected else None,
        "asExpected": prop.as_expected,
    }


def _version(repository: Repository) -> dict[str, Json]:
    """Which version was checked, where the surroundings say so."""
    if not repository.url:
        return {}
    known = {"revisionId": repository.revision, "branch": repository.branch}
    details = {"repositoryUri": repository.url, **{k: v for k, v in known.items() if v}}
    return {"versionControlProvenance": [{**details, "mappedTo": {"uriBaseId": ROOT_ID}}]}
