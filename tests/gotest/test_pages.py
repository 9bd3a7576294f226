"""docs/gotest.md and examples/go are what the tool says today. What Go showed is measured by the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import goexamples, gotestpage
from benchmarks.gotestpage import MODELS, Row
from verifier.gotest.make import go_test
from verifier.gotest.request import candidates, refused, request
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.pipeline.load import read_front
from verifier.source import ModelError
from verifier.verdict import Verdict

from .made import ROOT

PAGE = gotestpage.read()
HOW = "run: python -m benchmarks.gotests --write "
REFUSED = [r for r in PAGE.rows if r.how == "refused"]


def failing(document: Document) -> set[str]:
    """The properties that a model expects not to hold: each has a schedule, but for a `sometimes`."""
    never = {c.name for c in document.clauses if c.when == "sometimes"}
    return {name for name, verdict in document.expect if verdict is Verdict.UNSAFE} - never


def test_every_counterexample_of_the_catalogue_has_a_row() -> None:
    wanted = {(m, n) for m in gotestpage.catalogue() for n in failing(read_model(str(MODELS / f"{m}.yaml")))}
    known = {(r.model, r.name) for r in PAGE.rows}
    assert known == wanted, HOW + " ".join(sorted({m for m, _ in known ^ wanted}))


def test_the_page_is_what_its_rows_say() -> None:
    assert gotestpage.text(PAGE) == gotestpage.PAGE.read_text(encoding="utf-8"), HOW


def test_everything_was_shown_ten_times_but_for_the_exceptions_that_have_a_reason() -> None:
    assert all(row.how == "refused" or row.runs >= 10 for row in PAGE.rows)
    fell_short = {(row.model, row.name) for row in PAGE.rows if row.shown < row.runs}
    assert fell_short == set(gotestpage.EXCEPTIONS), "a row without a reason, or a reason without a row"


def test_what_is_refused_is_refused_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for row in REFUSED:
        _refused(row)


def _refused(row: Row) -> None:
    document, options = read_model(str(MODELS / f"{row.model}.yaml")), Options(any_number=False)
    result = verify(document, options)
    if any(p.name == row.name for p in refused(result)):
        return
    prop = next(p for p in candidates(result) if p.name == row.name)
    with pytest.raises(ModelError) as error:
        go_test(read_front(document, options), request(prop))
    assert error.value.diagnostics[0].message == row.remark, HOW


def test_safe_programs_ran_twenty_times() -> None:
    assert [r.model for r in PAGE.safe] == list(goexamples.SAFE), HOW
    assert all(r.shown == r.runs >= 20 for r in PAGE.safe)


@pytest.mark.parametrize("model", [*goexamples.SAFE, *goexamples.UNSAFE])
def test_the_program_of_a_model_is_the_one_that_is_kept(model: str) -> None:
    path, text = goexamples.program(model)
    assert (goexamples.GO / path).read_text(encoding="utf-8") == text, "run: python -m benchmarks.goexamples"


def test_there_are_no_other_programs() -> None:
    found = {p.parent.name for p in goexamples.GO.rglob("*.go")}
    assert found == {m.replace("-", "_") for m in (*goexamples.SAFE, *goexamples.UNSAFE)}
    assert (goexamples.GO / "go.mod").read_text(encoding="utf-8") == goexamples.MODULE
    assert len(found) >= 20 and Path(goexamples.GO / "README.md").exists()
