"""Odds and suggested fixes in every report that shows them: nothing unless asked, and no reason left out."""

from __future__ import annotations

import json
from dataclasses import replace

from verifier.evidence.fix import Fix, Fixes
from verifier.evidence.mutant import Mutant
from verifier.evidence.odds import Odds
from verifier.report import jsonfile, terminal
from verifier.report.html.page import html_page
from verifier.verdict import Verdict

from .builders import at, prop, race_trace, result

RACE = result(prop("race", Verdict.UNSAFE, trace=race_trace()))
FIX = Fix("guard line 9 with mu", "--- m\n+++ m\n@@ -9,1 +9,2 @@\n+mu.Lock()\n m[k] = v", "every interleaving", 4)
SEEN = Odds("race", "race", 750_000, 4, meaning="have nothing to order them", silent=("reports it in those",))


def test_nobody_asked() -> None:
    for text in (terminal.render(RACE), jsonfile.render([RACE]), html_page(RACE)):
        for word in ("    schedules   ", "one fix", '"odds"', '"fixes"'):
            assert word not in text


def test_odds() -> None:
    text = terminal.render(replace(RACE, odds=(SEEN,)))
    assert (
        "    schedules   75 % have nothing to order them\n" in text and "    -race       reports it in those\n" in text
    )
    open_ = replace(SEEN, share=None, reason="goroutines go round in circles")
    assert "    schedules   not counted: goroutines go round in circles\n" in terminal.render(
        replace(RACE, odds=(open_,))
    )
    made = json.loads(jsonfile.render([replace(RACE, odds=(SEEN,))]))
    assert made["odds"][0]["share_millionths"] == 750_000


def test_a_fix_is_a_suggestion_with_its_scope() -> None:
    fixed = replace(RACE, fixes=Fixes((FIX,), 3, 5))
    text = terminal.render(fixed)
    assert "one fix    guard line 9 with mu: SAFE, checked\n" in text and "\n@@ -9,1 +9,2 @@\n" in text
    assert "suggestion, checked by verify: all 4 properties SAFE within\n           every interleaving" in text
    assert text.rstrip().split("\n")[-1] == "exit status 1", "a fix makes nothing green"
    none = replace(RACE, fixes=Fixes((), 5, 5, "none of 5 single edits verifies"))
    assert "one fix    not found: none of 5 single edits verifies\n" in terminal.render(none)
    assert json.loads(jsonfile.render([fixed]))["fixes"]["suggestions"][0]["verdict"] == "SAFE"


def test_a_mutant_that_is_not_decided_is_not_noticed_nor_fine() -> None:
    open_ = Mutant("mu.Lock(): removed", at(9), Verdict.UNKNOWN, note="race: 3 states reached", step="mu.Lock()")
    safe = result(prop("race", Verdict.SAFE), mutants=(open_,))
    text = terminal.render(safe)
    assert "mutants    0 of 1 edit of protective steps are noticed, 1 not decided\n" in text
    assert "not decided\n" in text and "race: 3 states reached" in text
