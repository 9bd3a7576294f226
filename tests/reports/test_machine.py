"""`verify show`: state machines in readable words, in three formats."""

from __future__ import annotations

import re

import pytest

from verifier.program.expr import (
    TRUE,
    Expr,
    Fresh,
    Me,
    Op,
    Pc,
    PerInstance,
    Read,
    Table,
    const,
    negate,
    op,
)
from verifier.program.program import Program
from verifier.report.machine import NoSuchRole, show
from verifier.report.words import Words

from .machines import ABSOLUTE_N, HELD, KIND, WRITER, N, P, program


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        (negate(Read(HELD)), "!mu.held"),
        (op("==", Read(P), const(0)), "p == nil"),
        (op("!=", const(2), Read(P)), "&Box#2 != p"),
        (op("==", Read(KIND), const(1)), 'kind == "high"'),
        (op("==", Read(HELD), const(1)), "mu.held == true"),
        (ABSOLUTE_N, "n"),
        (op("*", op("+", Read(N), const(1)), const(2)), "(n + 1) * 2"),
        (op("+", op("*", Read(N), const(3)), const(2)), "n * 3 + 2"),
        (Op("-", (const(3), Op("-", (const(2), Read(N))))), "3 - (2 - n)"),
        (op("neg", op("+", Read(N), const(1))), "-(n + 1)"),
        (op("and", op("or", Read(HELD), op("<", Read(N), const(1))), Read(HELD)), "(mu.held || n < 1) && mu.held"),
        (op("ite", Read(HELD), const(1), Read(N)), "(if mu.held then 1 else n)"),
        (op("==", Read(Pc(2)), const(3)), "pc(writer#2) == 3"),
        (Table((4, 5), Read(P)), "table(4 5)[p]"),
        (Table(tuple(range(20)), Read(P)), "table(20 entries)[p]"),
        (PerInstance(1, (3, 3)), "3"),
        (PerInstance(1, (3, 4)), "each(3, 4)"),
        (op("==", Me(), Fresh()), "me == fresh"),
        (op("==", Read(KIND), const(9)), "kind == ?9"),
        (op("==", Read(P), const(9)), "p == 9"),
    ],
)
def test_expressions_read_like_go(expr: Expr, said: str) -> None:
    assert Words(program()).expr(expr) == said


def test_updates_and_accesses_use_the_names_and_domains_of_their_cells() -> None:
    words = Words(program())
    assert [words.update(*u) for s in WRITER for u in s.updates] == [
        "mu.held = true",
        "box.v[p] = (n + 1) * 2",
        'kind = "high"',
    ]
    assert [words.access(a) for s in WRITER for a in s.accesses] == ["w mu.held (atomic)", "w box.v[p]", "r n if n < 5"]


def test_the_text_shows_every_location_and_step() -> None:
    text = show(program())
    assert "=== writer: 2 goroutines; 5 steps, from L2\n" in text
    assert "=== writer.go: 2 goroutines, started by writer; 1 step, from L2\n" in text
    assert "\nL3  setting:  models/m.yaml:10\n" in text
    assert (
        """  L2 -> L3  mu.Lock()  [acquire]
      when      !mu.held
      sets      mu.held = true
      accesses  w mu.held (atomic)
      sync      lock mu.held
      cite      internal/sync/mutex.go:63
"""
        in text
    )
    assert '  L3 -> panic: nil "p"; no box  p.v = (n + 1) * 2\n      when      p == nil\n' in text
    assert "      in        (*Box).Set\n" in text
    assert "      fused     2 steps\n" in text
    assert "      allocates box\n      starts    writer.go\n" in text
    assert len(re.findall(r"^  L\d+ -> ", text, re.M)) == 6


def test_a_role_is_shown_with_the_goroutines_it_starts() -> None:
    assert show(program(), role="writer") == show(program())
    assert show(program(), role="writer.go").count("===") == 1


def test_an_unknown_role_and_format_are_refused_with_what_there_is() -> None:
    with pytest.raises(NoSuchRole, match=r"writer, writer.go\); did you mean 'writer'"):
        show(program(), role="writter")
    with pytest.raises(ValueError, match="text, mermaid, dot"):
        show(program(), "svg")


def edges(model: Program) -> int:
    return sum(len(t.steps) for t in model.templates)


def test_mermaid_has_an_arrow_per_step_and_labels_without_syntax() -> None:
    text = show(program(), "mermaid")
    arrows = [line for line in text.splitlines() if "-->" in line]
    assert len(arrows) == edges(program()) + 2  # and one into each machine
    for line in arrows[1:]:
        label = line.partition(" : ")[2]
        assert not re.search(r'[:;{}<>"]', re.sub(r"#\d+;", "", label))
    assert 'state "panic#58; nil #34;p#34;#59; no box" as t1_fail2' in text
    assert [line for line in arrows if "--> [*]" in line] == [
        "        t1_L5 --> [*] : #58;12 go helper()",
        "        t2_L2 --> [*] : #58;30 n++",
    ]
    assert text.count("{") == text.count("}") == 2


def test_dot_has_an_edge_per_step_and_every_end_of_one_is_declared() -> None:
    text = show(program(), "dot")
    drawn = re.findall(r"^    (\w+) -> (\w+) \[", text, re.M)
    declared = set(re.findall(r"^    (\w+) \[label=", text, re.M))
    assert len(drawn) == edges(program())
    assert {end for edge in drawn for end in edge} == declared
    assert 'label="panic: nil \\"p\\"; no box", shape=octagon' in text


def test_the_true_guard_is_not_shown() -> None:
    assert WRITER[3].guard == TRUE
    assert "when true" not in show(program(), "dot") and "when      1" not in show(program())
