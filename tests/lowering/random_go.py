"""Random sequential Go functions: expressions with side effects in every position, closures, defers, loops, panics.

Every function leaves its outcome in r0 … r5. What the compiled program prints must be what the model ends with.
python -m tests.lowering.random_go COUNT [FIRST_SEED]
"""

# ruff: noqa: E501 (the templates of Go are lines of Go)

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path

from verifier.verdict import Verdict

from .models import judge
from .test_toolchain import Snippet, as_function, model

DECLARE = """type P struct{ a, b int; q *P }
type A [3]int
var g, h int
var arr A
var two [2]P
var pp = &P{a: 1, q: &P{b: 2}}
var mm = map[string]int{"x": 1}
func inc() int { g++; return g }
func set(v int) int { h = v; return v + 1 }
func flip() bool { g = -g; return g < h }
func swap() *P { pp, pp.q = &P{a: g, q: pp}, pp; return pp }
func idx(v int) int { g += v; return (v%3 + 3) % 3 }
func pair() (int, int) { h++; return h, g }
func (p P) val() int { g += p.a; return p.a }
func (p *P) bump() int { p.a++; h += p.a; return p.b }
func key() string { if h%2 == 0 { return "x" }; return "y" }
"""


class Maker:
    """One random function body. `ints`: the local integer variables in scope."""

    def __init__(self, r: random.Random) -> None:
        self.r = r
        self.ints: list[str] = []
        self.reads: list[str] = []
        self.fresh = 0
        self.depth = 0
        self.calls = 0

    def name(self) -> str:
        self.fresh += 1
        return f"v{self.fresh}"

    def index(self) -> str:
        return self.r.choice(["0", "1", "2", "idx(1)", "idx(g)", f"({self.integer(1)}%3+3)%3"])

    def pointer(self) -> str:
        return self.r.choice(["pp", "pp", "swap()", "pp.q", "&two[0]", "&two[1]", "&P{a: " + self.integer(1) + "}"])

    def place(self) -> str:
        r = self.r
        return r.choice(
            [
                "g", "h", f"arr[{self.index()}]", "pp.a", "pp.b", f"two[{r.choice(['0', '1', 'idx(g)%2'])}].{r.choice('ab')}",
                'mm["x"]', "mm[key()]", f"({self.pointer()}).a" if r.random() < 0.5 else "swap().b", "pp.q.a", *self.ints,
            ]
        )  # fmt: skip

    def integer(self, deep: int) -> str:
        r = self.r
        if deep <= 0:
            return r.choice(["g", "h", "1", "2", "-1", "3", *self.ints, *self.ints, *self.reads, *self.reads])
        match r.randrange(16):
            case 0 | 1:
                return self.integer(0)
            case 2 | 3:
                return f"({self.integer(deep - 1)} {r.choice(['+', '-', '+', '*', '&', '|', '^'])} {self.integer(deep - 1)})"
            case 4:
                return "inc()"
            case 5:
                return f"set({self.integer(deep - 1)})"
            case 6:
                return f"arr[{self.index()}]"
            case 7:
                return r.choice(
                    [
                        "pp.a",
                        "pp.b",
                        "pp.val()",
                        "pp.bump()",
                        "swap().bump()",
                        "two[1].val()",
                        "(*pp).a",
                        "two[0].bump()",
                    ]
                )
            case 8:
                return r.choice(['mm["x"]', "mm[key()]", "len(mm)"])
            case 9:
                return f"func() int {{ {self.simple()}; return {self.integer(deep - 1)} }}()"
            case 10:
                return f"[3]int{{{self.integer(0)}, {self.integer(deep - 1)}, {self.integer(0)}}}[{self.index()}]"
            case 11:
                return f"P{{{self.integer(0)}, {self.integer(deep - 1)}, nil}}.{r.choice('ab')}"
            case 12:
                return f"{r.choice(['min', 'max'])}({self.integer(0)}, {self.integer(deep - 1)}, {self.integer(0)})"
            case 13:
                return f"({self.integer(deep - 1)} {r.choice(['/', '%'])} {r.choice(['2', '3', self.integer(0)])})"
            case 14:
                return f'map[string]int{{"x": {self.integer(0)}, "y": {self.integer(deep - 1)}}}[key()]'
            case _:
                return f"[]int{{{self.integer(0)}, {self.integer(deep - 1)}}}[{r.choice(['0', '1', 'idx(h)'])}]"

    def boolean(self, deep: int) -> str:
        r = self.r
        match r.randrange(6):
            case 0 | 1 | 2:
                return f"{self.integer(deep)} {r.choice(['<', '==', '!=', '>=', '>'])} {self.integer(deep - 1)}"
            case 3 if deep > 0:
                return f"({self.boolean(deep - 1)} {r.choice(['&&', '||'])} {self.boolean(deep - 1)})"
            case 4:
                return "flip()"
            case _:
                return f"!({self.integer(0)} < {self.integer(1)})"

    def simple(self) -> str:
        r = self.r
        match r.randrange(9):
            case 0 | 1 | 2:
                return f"{self.place()} = {self.integer(2)}"
            case 3:
                return f"{self.place()} {r.choice(['+=', '-=', '*=', '^='])} {self.integer(2)}"
            case 4:
                return f"{self.place()}{r.choice(['++', '--'])}"
            case 5:
                return f"{self.place()}, {self.place()} = {self.integer(1)}, {self.integer(2)}"
            case 6:
                return f"{self.place()}, {self.place()} = pair()"
            case 7:
                return f"pp = {self.pointer()}"
            case _:
                return r.choice(["two[0] = two[1]", "two[0], two[1] = two[1], two[0]", "arr[0], arr[2] = arr[2], arr[0]", 'delete(mm, key())',
                                 "pp, pp.a = pp.q, 4", "g, arr[idx(g)] = 1, 2", "*pp = two[0]", "swap()"])  # fmt: skip

    def block(self, n: int) -> str:
        before = list(self.ints)
        self.depth += 1
        text = "\n".join(self.statement() for _ in range(n))
        self.depth -= 1
        self.ints = before
        return text

    def statement(self) -> str:
        r = self.r
        if self.depth > 3:
            return self.simple()
        match r.randrange(20):
            case 0 | 1:
                made = self.name()
                text = f"{made} := {self.integer(2)}"
                self.ints.append(made)
                return f"{text}; _ = {made}"
            case 2:
                a, b = self.name(), self.name()
                text = f"{a}, {b} := {self.integer(1)}, {self.integer(2)}; _, _ = {a}, {b}"
                self.ints += [a, b]
                return text
            case 3 | 4:
                return f"if {self.boolean(2)} {{\n{self.block(2)}\n}} else {{\n{self.block(1)}\n}}"
            case 5:
                i = self.name()
                self.reads.append(i)
                text = f"for {i} := 0; {i} < {r.choice('23')}; {i}++ {{\n{self.loop_body(i)}\n}}"
                self.reads.remove(i)
                return text
            case 6:
                i, v = self.name(), self.name()
                self.ints += [i, v]
                text = f"for {i}, {v} := range {r.choice(['arr', '&arr', '[]int{g, inc(), h}', 'arr', 'A{1, g, 2}'])} {{ _, _ = {i}, {v}\n{self.loop_body(i)}\n}}"
                self.ints.remove(i), self.ints.remove(v)
                return text
            case 7:
                return f"switch {self.integer(1)} {{\ncase {self.integer(1)}, 1: {self.simple()}\ncase {self.integer(1)}:\n{self.block(1)}; {r.choice(['fallthrough', ''])}\ndefault: {self.simple()}\n}}"
            case 8:
                return (
                    f"switch {{\ncase {self.boolean(1)}: {self.simple()}\ncase {self.boolean(1)}: {self.simple()}\n}}"
                )
            case 9 | 10:
                return self.deferred()
            case 11:
                return f"func() {{\n{self.block(2)}\n}}()"
            case 12:
                f = self.name()
                return f"{f} := func(k int) int {{ {self.simple()}; k += {self.integer(1)}; return k }}; h = {f}({self.integer(1)}) + {f}(g)"
            case 13:
                f, p = self.name(), self.name()
                return f"{f} := {r.choice(['pp.val', 'pp.bump', 'two[1].bump', 'two[0].val'])}; {self.simple()}; {p} := pp; {self.simple()}; g += {f}() + {p}.a"
            case 14:
                p = self.name()
                return f"{p} := {r.choice(['&arr[1]', '&arr[idx(g)]', '&pp.a', '&g', '&two[1].b', *(f'&{v}' for v in self.ints)])}; {self.simple()}; *{p} = {self.integer(1)}; {self.simple()}; h += *{p}"
            case _:
                return self.simple()

    def loop_body(self, i: str) -> str:
        way = self.r.choice(["", "", f"if {i} == 1 {{ continue }}\n", f"if {self.integer(0)} > 3 {{ break }}\n"])
        return way + self.block(2)

    def deferred(self) -> str:
        r = self.r
        return r.choice(
            [
                f"defer func() {{ {self.simple()} }}()",
                f"defer func(k int) {{ g += k; {self.simple()} }}({self.integer(1)})",
                f"defer set({self.integer(1)})",
                f"defer pp.{r.choice(['val', 'bump'])}()",
                f"defer two[1].{r.choice(['val', 'bump'])}()",
            ]
        )

    def body(self) -> str:
        inner = f"func() {{\n{self.block(self.r.randint(3, 7))}\n}}()\n"
        return (
            inner
            + 'r0, r1, r2 = g, h, arr[0]+3*arr[1]+7*arr[2]\nr3, r4 = two[0].a+3*two[0].b+7*two[1].a+11*two[1].b, mm["x"]+3*mm["y"]\nif pp != nil { r5 = pp.a + 3*pp.b }'
        )


def snippet(seed: int) -> Snippet:
    """The random function of a seed."""
    return Snippet(f"seed {seed}", DECLARE, Maker(random.Random(seed)).body(), False)


def run_go(snippets: list[Snippet], folder: Path) -> dict[int, str]:
    """What the compiled snippets print; those that do not compile are left out."""
    left = dict(enumerate(snippets))
    while True:
        functions = "\n".join(as_function(i, s) for i, s in left.items())
        calls = "\n".join(f"run_{i}()" for i in left)
        source = folder / "main.go"
        source.write_text(f'package main\nimport "fmt"\n{functions}\nfunc main() {{\n{calls}\n}}\n', encoding="utf-8")
        run = subprocess.run(["go", "run", "-gcflags=-e", str(source)], capture_output=True, text=True, timeout=600)
        if run.returncode == 0:
            return {int(k): v for k, v in (line.split(" ", 1) for line in run.stdout.splitlines())}
        bad = {
            int(line.split(":")[1])
            for line in run.stderr.splitlines()
            if line.count(":") >= 3 and line.split(":")[1].isdigit()
        }
        rows = source.read_text().split("\n")
        gone = set()
        for b in bad:
            up = next(k for k in range(b - 1, 0, -1) if rows[k].startswith("func run_"))
            gone.add(int(rows[up].split("_")[1].split("(")[0]))
        if not gone:
            raise AssertionError(run.stderr[:3000])
        left = {i: s for i, s in left.items() if i not in gone}


def differences(s: Snippet, told: str) -> list[str] | None:
    """What differs from Go; None when a bound of the model was hit."""
    if told.startswith("panic"):
        found = next(p for p in judge(model(s, ())).properties if p.name == "panic")
        if found.verdict is Verdict.UNKNOWN:
            return None
        return [] if found.verdict is Verdict.UNSAFE else [f"{told}: {found.verdict.value} {found.reason}"]
    ends = tuple(map(int, told.split()))
    properties = judge(model(s, ends)).properties
    if any(p.verdict is Verdict.UNKNOWN and "bound" in p.reason for p in properties):
        return None
    return [
        f"{p.name}: {p.verdict.value} {p.reason or p.sentence}" for p in properties if p.verdict is not Verdict.SAFE
    ]


def main(arguments: list[str]) -> None:
    count, first = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0
    snippets = [snippet(seed) for seed in range(first, first + count)]
    with tempfile.TemporaryDirectory() as folder:
        told = run_go(snippets, Path(folder))
    same = unknown = wrong = 0
    for i, text in told.items():
        try:
            found = differences(snippets[i], text)
        except Exception as e:
            found = [f"{type(e).__name__}: {str(e)[:300]}"]
        if found is None:
            unknown += 1
        elif not found:
            same += 1
        else:
            wrong += 1
            if wrong < 8:
                print(f"--- {snippets[i].name}: go says {text}\n    {found}\n{snippets[i].body}", flush=True)
    print(
        f"{len(snippets)} made, {len(told)} compiled, {same} the same, {unknown} unknown, {wrong} different; panics {sum(t.startswith('panic') for t in told.values())}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
