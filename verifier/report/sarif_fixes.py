"""Suggested fixes as SARIF has them: which lines of which file are replaced by what (SARIF 2.1.0, 3.55 to 3.57)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from verifier.evidence.fix import Fix, Fixes
from verifier.report.sarif_flow import Json, message
from verifier.report.uris import Repository

_HUNK = re.compile(r"@@ -(\d+)")


def fixes(found: Fixes | None, repository: Repository) -> list[Json]:
    """The `fixes` of a result; empty where nobody looked or nothing was found."""
    return [_fix(fix, repository) for fix in found.found] if found is not None else []


def _fix(fix: Fix, repository: Repository) -> Json:
    said = f"{fix.what}. A suggestion, checked by verify: {fix.properties} properties SAFE within {fix.scope}"
    changes = [
        {"artifactLocation": repository.artifact(path), "replacements": list(_replacements(lines))}
        for path, lines in _files(fix.diff)
    ]
    return {"description": message(said), "artifactChanges": changes}


def _files(diff: str) -> Iterator[tuple[str, list[str]]]:
    """Each file of a unified diff with the lines of its hunks."""
    for part in re.split(r"^--- .*\n\+\+\+ ", diff, flags=re.MULTILINE)[1:]:
        path, *lines = part.removesuffix("\n").split("\n")
        yield path, lines


def _replacements(lines: list[str]) -> Iterator[Json]:
    """Runs of removed and added lines, each as the region that goes and the text that comes."""
    at = gone = 0
    new: list[str] = []
    for line in [*lines, "@@ -0"]:
        if line.startswith(("+", "-")) and at:
            gone += line[0] == "-"
            new += [line[1:]] if line[0] == "+" else []
            continue
        if gone or new:
            # From the first column of the first line that goes to that of the first one that stays.
            yield {
                "deletedRegion": {"startLine": at, "startColumn": 1, "endLine": at + gone, "endColumn": 1},
                "insertedContent": {"text": "".join(f"{text}\n" for text in new)},
            }
        hunk = _HUNK.match(line)
        at, gone, new = (int(hunk[1]) if hunk else at + gone + 1), 0, []
