"""docs/mutants.md: it is about every SAFE model, every step stands in its line, and nothing survives unexplained."""

from __future__ import annotations

import re

from catalogue import CATALOGUE, ROOT, document, is_safe

from verifier.mutate.catalogue import weakened
from verifier.mutate.reasons import NO_REASON
from verifier.pipeline import Options, read_front

HOW = "run `python docs/mutants.py`"
ROW = re.compile(r"\| (?:\[(?P<model>[\w-]+)\]\(\S+\) )?\| (?P<line>\d+) \| `(?P<step>.*?)` \| (?P<rest>.*) \|")


def rows() -> list[tuple[str, int, str, str, str]]:
    out = []
    model = ""
    for line in (ROOT / "docs" / "mutants.md").read_text("utf-8").splitlines():
        found = ROW.fullmatch(line.replace("\\|", "¦"))
        if found is not None:
            model = found["model"] or model
            edit, _, said = found["rest"].rpartition(" | ")
            step, edit, said = (x.replace("¦", "|") for x in (found["step"], edit, said))
            out.append((model, int(found["line"]), step, edit, said))
    return out


def test_it_is_about_every_edit_of_every_safe_model() -> None:
    listed = {(model, line, step, edit) for model, line, step, edit, _ in rows()}
    made = {
        (path.stem, e.span.line, e.step, e.what)
        for path in CATALOGUE
        if is_safe(path)
        for e in weakened(read_front(document(path), Options()))
    }
    assert listed <= made, HOW
    # What is no Go program is an edit but no mutant.
    assert {m for m, *_ in listed} == {p.stem for p in CATALOGUE if is_safe(p)}, HOW
    assert len(made - listed) <= 3, HOW


def test_nothing_survives_unexplained() -> None:
    survivors = [said for *_, said in rows() if said.startswith("*not")]
    assert survivors and not [s for s in survivors if NO_REASON in s or s.endswith(": ") or "not decided" in s]
