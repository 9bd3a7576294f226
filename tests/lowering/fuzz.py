"""Mutated models: whatever Go we are given, the answer is a program or a located error, never a crash.

python -m tests.lowering.fuzz COUNT [FIRST_SEED]
"""

from __future__ import annotations

import random
import re
import sys
import traceback
from collections import Counter
from dataclasses import replace

from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.pipeline import Options, read_front, verify
from verifier.pipeline.load import program
from verifier.source import ModelError
from verifier.verdict import Verdict

from .models import MODELS, document
from .test_cases import CASES
from .test_toolchain import SNIPPETS, model

STATES = 300
"""States explored of a mutant at most: enough to run most of its code once."""

STATEMENTS = (
    "x := 1; _ = x",
    "defer func() { panic(1) }()",
    "go func() {}()",
    "for i := range 2 { _ = i }",
    "for { break }",
    "return",
    "var f func(int) int; _ = f(1)",
    "var f func(); f = func() { f() }; f()",
    "f := func() int { return 1 }; defer f()",
    "type T struct { f func(); n int }; var t T; _ = t.n",
    "type T struct { f func() }; t := T{f: func() {}}; t.f()",
    "var a [2]func(); a[0]()",
    'm := map[string]func(){}; m["a"]()',
    "var e any = struct{ a, b int }{1, 2}; _ = e",
    "type E struct{}; var e any = E{}; _, ok := e.(E); _ = ok",
    "type P struct{ a, b int }; var e any; _, ok := e.(P); _ = ok",
    "var e any = [1]int{1}; _ = e",
    "var e any; switch e.(type) { case error: ; case int: }",
    'var e any = 1; switch e { case 1: ; case "a": ; case nil: }',
    "var p **int; _ = **p",
    "x := 1; p := &x; q := &p; **q = 2",
    "var s []int; s[0] = 1; _ = len(s)",
    "s := [][]int{{1}, {2, 3}}; _ = s[1][1]",
    "m := map[bool]map[int]int{true: {1: 2}}; m[true][1]++",
    'var m map[string]*sync.Mutex; m["a"].Lock()',
    "var mu *sync.Mutex; mu.Lock()",
    "var mus [2]sync.RWMutex; i := rand.Intn(2); mus[i].RLock(); mus[i].RUnlock()",
    "var once sync.Once; once.Do(nil)",
    "var o sync.Once; f := o.Do; f(func() {})",
    "var wg sync.WaitGroup; wg.Add(-1)",
    "var p atomic.Pointer[[2]int]; p.Store(&[2]int{1, 2}); _ = p.Load()[1]",
    "var p atomic.Pointer[atomic.Int32]; p.Store(new(atomic.Int32)); p.Load().Add(1)",
    "type L struct { next *L }; var l L; l.next = &l; _ = l.next.next",
    "x := [2][2]int{{1}}; y := x; y[1][0] = x[0][0]; _ = x == y",
    "var b byte = 'a'; _ = b",
    "const c = 1 << 70 >> 68; _ = c",
    "var u uint8 = 255; u++; _ = u",
    "L: for { for { break L } }",
    "L: if true { for { break } }; goto L",
    "switch x := 1; { case x == 1: fallthrough; default: }",
    "func() (a, b int) { return 1, 2 }()",
    "a, b := func() (int, func()) { return 1, func() {} }(); b(); _ = a",
    "var f func() = nil; if f != nil { f() }",
    "x, y := 1, 2; x, y = y, x; _, _ = x, y",
    "new(int)",
    "_ = new(5)",
    "_ = min(1, 2)",
    "_ = len([3]int{})",
    'for i, c := range "abc" { _, _ = i, c }',
    "for range func(yield func() bool) {} { }",
    "var c chan int; c <- 1",
    "recover()",
    "append([]int{}, 1)",
    "s := make([]int, 2); _ = s[:1]",
    "s := make([]int, 0); for range s { }",
    "s := make([]struct{}, 2); _ = len(s)",
    "m := map[struct{}]int{}; _ = m",
    "m := map[[2]int]int{}; m[[2]int{}] = 1",
    "m := map[any]int{}; m[1] = 1",
    'var m map[string]struct{}; _, ok := m["a"]; _ = ok',
    'm := map[string]struct{}{}; m["a"] = struct{}{}; for k := range m { _ = k }',
    "var i interface{ Lock() } = new(sync.Mutex); i.Lock()",
    'print(1, "a")',
    "fmt.Println(1, nil, [2]int{})",
    "time.Sleep(1)",
    "{ }",
    ";",
)


def documents() -> list[Document]:
    out = [read_model(str(p)) for p in MODELS]
    out += [document(c.model) for c in CASES]
    out += [document(model(s, ())) for s in SNIPPETS]
    return out


def mutate(text: str, other: str, r: random.Random) -> str:
    """A text with one to three small changes."""
    for _ in range(r.randint(1, 3)):
        lines = text.split("\n")
        at = r.randrange(len(lines))
        words = [*re.finditer(r"\w+|[-+*/%&|^<>=!:.,]+|[\[\](){}]", text)]
        match r.randrange(9):
            case 0:
                lines.insert(at, r.choice(STATEMENTS))
                text = "\n".join(lines)
            case 1:
                del lines[at]
                text = "\n".join(lines)
            case 2:
                lines.insert(at, r.choice(lines))
                text = "\n".join(lines)
            case 3:
                lines.insert(at, r.choice(other.split("\n")))
                text = "\n".join(lines)
            case 4 if len(words) > 1:
                a, b = r.choice(words), r.choice(words)
                text = text[: a.start()] + b[0] + text[a.end() :]
            case 5 if words:
                a = r.choice(words)
                text = text[: a.start()] + r.choice(WORDS) + text[a.end() :]
            case 6 if words:
                a = r.choice(words)
                text = text[: a.start()] + text[a.end() :]
            case 7:
                lines[at] = r.choice(WRAPPERS) % lines[at]
                text = "\n".join(lines)
            case _:
                other_at = r.randrange(len(lines))
                lines[at], lines[other_at] = lines[other_at], lines[at]
                text = "\n".join(lines)
    return text


WORDS = (
    "x",
    "0",
    "1",
    "nil",
    "true",
    '"a"',
    "int",
    "&",
    "*",
    "func() {}",
    "go",
    "defer",
    "any",
    "[2]int{}",
    "f()",
    "map[string]int{}",
    ":=",
    "=",
    "==",
    "-1",
    "len",
    "struct{}{}",
    "uint8",
    "any(1)",
    "new(int)",
    "!",
    "+=",
)
WRAPPERS = (
    "go func() { %s }()",
    "defer func() { %s }()",
    "for range 2 { %s }",
    "if true { %s }",
    "func() { %s }()",
    "for { %s; break }",
    "switch { default: %s }",
    "L: for { %s; continue L }",
    "once.Do(func() { %s })",
    "wg.Go(func() { %s })",
    "{ %s }",
)


def mutant(base: Document, other: Document, r: random.Random) -> Document:
    """A document with a changed body or changed declarations."""
    k = r.randrange(len(base.roles) + (base.declare is not None))
    if k == len(base.roles):
        assert base.declare is not None
        text = mutate(base.declare.value, r.choice(other.roles).body.value, r)
        return replace(base, declare=_told(base.declare, text))
    role = base.roles[k]
    text = mutate(role.body.value, r.choice(other.roles).body.value, r)
    changed = replace(role, body=_told(role.body, text))
    return replace(base, roles=(*base.roles[:k], changed, *base.roles[k + 1 :]))


def _told(text, value):  # type: ignore[no-untyped-def]
    rows = value.count("\n") + 1
    return replace(text, value=value, columns=(text.columns * rows)[:rows] if text.columns else (1,) * rows)


def outcome(d: Document, lowering: str) -> str:
    """What became of a mutant. Raises what no user should ever see."""
    try:
        front = read_front(d, Options())
    except ModelError:
        return "refused by the checker"
    try:
        program(front, lowering)
    except ModelError as e:
        return f"refused by the lowering: {str(e).split(': ')[1][:60]}"
    result = verify(d, Options(max_states=STATES, any_number=False))
    assert all(p.verdict is not Verdict.ERROR for p in result.properties), [p.reason for p in result.properties]
    return "judged"


def main(arguments: list[str]) -> None:
    count, first = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0
    base = documents()
    tally: Counter[str] = Counter()
    for seed in range(first, first + count):
        r = random.Random(seed)
        d = mutant(r.choice(base), r.choice(base), r)
        try:
            tally[outcome(d, r.choice(("abstract", "abstract", "runtime")))] += 1
        except Exception as e:  # what the fuzzing is looking for
            frame = traceback.extract_tb(e.__traceback__)[-1]
            key = f"CRASH {type(e).__name__} {str(e)[:50]} {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
            if key not in tally:
                print(f"--- seed {seed} {key}")
                for part in ([d.declare] if d.declare else []) + [x.body for x in d.roles]:
                    print("   " + part.value.replace("\n", "\n   "), "\n   ---")
                print("".join(traceback.format_exception(e)[-6:]), flush=True)
            tally[key] += 1
    for key, n in tally.most_common():
        print(n, key)


if __name__ == "__main__":
    main(sys.argv[1:])
