"""A comparison as JSON: the matrix with everything each scheme's report says."""

from __future__ import annotations

from verifier.report.comparison import Comparison, columns, legend, scope
from verifier.report.jsonfile import SCHEMA, Json, entry, text


def render(given: Comparison) -> str:
    """A workload under several schemes; each element of `schemes` is what a model of its own would be."""
    whole: Json = {
        "schema": SCHEMA,
        "workload": given.workload,
        "title": given.title,
        "path": given.path,
        "columns": [{"kind": kind, "name": name} for kind, name in columns(given)],
        "schemes": [{**entry(row.entry), "scheme": row.scheme} for row in given.rows],
        "meaning": dict(legend(given)),
        "scope": dict(scope(given)),
        "exit_code": given.exit_code,
    }
    return text(whole)
