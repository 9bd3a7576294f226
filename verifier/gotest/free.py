"""Tests whose goroutines run freely, round after round: where nothing can be forced, or nothing should happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from verifier.golang import syntax as ast
from verifier.gotest import randomcalls
from verifier.gotest.edits import Edits
from verifier.gotest.gofile import GoTest, declarations, file, quoted, role_functions
from verifier.gotest.head import comment, head
from verifier.gotest.instrument import Names, instrumented
from verifier.gotest.layout import indented
from verifier.gotest.naming import Rename, functions as functions_of, renaming
from verifier.gotest.request import Request, camel
from verifier.gotest.sites import children
from verifier.gotest.slots import Slots, roots
from verifier.gotest.unwritten import without_body, write_any
from verifier.model.document import ClauseText
from verifier.pipeline.load import Front
from verifier.records import replace

ROUNDS = """\
func TEST(t *testing.T) {
	for begun, n := time.Now(), 1; time.Since(begun) < budget; n++ {
		reset()
		if !round(t, n) {
			return
		}
	}
}

// round runs every goroutine once; it says whether they all returned.
func round(t *testing.T, n int) bool {
	var all sync.WaitGroup
	opened = false
	variant = rand.Uint32()
STARTS
	release()
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
CLAUSES
	return true
}

// start runs the body of a goroutine as soon as all of them are there.
func start(all *sync.WaitGroup, body func()) {
	all.Add(1)
	go func() {
		defer all.Done()
		together()
		body()
	}()
}

// A plain variable that the race detector does not look at: it must not order the goroutines.
var opened bool

//go:norace
func together() {
	for i := 0; !opened; i++ {
		if i%64 == 63 {
			runtime.Gosched()
		}
	}
}

//go:norace
func release() {
	opened = true
}

// returned waits for the goroutines, but not for ever.
func returned(all *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(5 * time.Second):
		return false
	}
}
"""

PROCESSES = """\
func TEST(t *testing.T) {
	if os.Getenv("GOTEST_ROUND") != "" {
		round(t, 1)
		return
	}
	// Nobody sees the end of a goroutine that the model starts: every round is a process of its own.
	for begun, n := time.Now(), 1; time.Since(begun) < budget; n++ {
		again := exec.Command(os.Args[0], "-test.run=^TEST$", "-test.count=1")
		again.Env = append(os.Environ(), "GOTEST_ROUND=1")
		if output, err := again.CombinedOutput(); err != nil {
			t.Fatalf("round %d: %v\\n%s", n, err, output)
		}
	}
}
"""

JITTER = """\
// at lets a goroutine be late now and then.
func at(int) {
	switch rand.Intn(8) {
	case 0:
		runtime.Gosched()
	case 1:
		time.Sleep(time.Duration(rand.Intn(50)) * time.Microsecond)
	}
}
"""

PASS = """\
// pass is at for a condition.
func pass(n int) bool {
	at(n)
	return true
}
"""


Bodies = Callable[[list[Edits]], None]


def hammer(front: Front, asked: Request, bodies: Bodies) -> GoTest:
    """The test that runs a model until something happens that no test can force."""
    name = "Test" + camel(front.document.name, asked.property.name)
    rename = renaming(front)
    parts = _parts(front, None, name, 30_000, (), rename, bodies)
    text = file(front, head(front.document.argument, asked, name, ()), parts)
    lines: tuple[tuple[int, int], ...] = ()
    return GoTest(text, name, asked.race(), lines, (), False)


def stress(front: Front, slots: Slots, clauses: Sequence[ClauseText], milliseconds: int) -> GoTest:
    """The test that looks for a contradiction to SAFE: `clauses` are asked when all goroutines have returned."""
    name = "Test" + camel(front.document.name, "stress")
    rename = renaming(front)
    bodies = partial(write_any, front=front, variant=rename("variant")) if without_body(front) else None
    parts = _parts(front, replace(slots, conds=(), calls=(), splits=()), name, milliseconds, clauses, rename, bodies)
    if bodies is not None:
        about_it = "// variant makes another function of each that has no body in the model."
        parts.append(f"{about_it}\nvar {rename('variant')} uint32\n")
    about = [f"{name} looks for a contradiction to what `verify {front.document.path}` found: SAFE.", ""]
    about += [
        "Its goroutines run for a while, round after round, each a little late now and then. That nothing happens"
    ]
    about += ["proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict."]
    about += ["Put this file into a directory of its own and run", "", f"    go test -race -run '^{name}$' -count=1"]
    return GoTest(file(front, comment(about), parts), name, True, (), (), False)


def _parts(
    front: Front,
    slots: Slots | None,
    name: str,
    milliseconds: int,
    clauses: Sequence[ClauseText],
    rename: Rename,
    bodies: Bodies | None,
) -> list[str]:
    names = Names(rename("at"), rename("pass"), "rand.Intn", rename("relock"))
    declared, texts = instrumented(front, slots, names, bodies)
    functions = functions_of(front)
    alone = any(_starts(root) for root in roots(front))
    if front.client is not None:
        starts = [randomcalls.start(front.client, rename)]
        asked = randomcalls.check(front.client, rename)
    else:
        starts = [f"\t{rename('start')}(&all, {functions[role]})" for role, n in front.counts for _ in range(n)]
        asked = [line for c in clauses for line in _asked(c, rename)]
    rounds = ROUNDS.split("// round runs", 1)
    frame = (PROCESSES if alone else rounds[0].rstrip() + "\n") + "\n// round runs" + rounds[1]
    if slots is None or not without_body(front):
        frame = frame.replace("\tvariant = rand.Uint32()\n", "")
    frame = rename.text(frame).replace("TEST", name)
    frame = frame.replace("STARTS", "\n".join(starts)).replace("CLAUSES\n", "".join(f"{x}\n" for x in asked))
    parts = [*declarations(declared), *role_functions(functions, texts), frame]
    budget = f"{milliseconds // 1000} * time.Second" if milliseconds >= 1000 else f"{milliseconds} * time.Millisecond"
    parts.append(rename.text(f"const budget = {budget}\n"))
    if not alone:
        parts.append(_reset(front, rename))
    if front.client is not None:
        parts += randomcalls.parts(front, front.client, rename)
    if slots is not None:
        parts.append(rename.text(JITTER))
        if any(p.kind == "cond" for p in slots.held):
            parts.append(rename.text(PASS))
    return parts


def _starts(node: object) -> bool:
    return isinstance(node, ast.Go) or any(_starts(child) for child in children(node))


def _asked(clause: ClauseText, rename: Rename) -> list[str]:
    text = " ".join(clause.text.value.split())
    return [
        f"\tif !({text}) {{",
        f"\t\tt.Fatalf({quoted(f'round %d: {clause.name}: ' + text.replace('%', '%%') + ' does not hold')}, n)",
        "\t}",
    ]


def _reset(front: Front, rename: Rename) -> str:
    """A function that makes the package as it was at the start."""
    texts = [Edits(t) for t in (*(s.text for s in front.document.sources), front.document.declare) if t is not None]
    rows: list[str] = []
    for variables, spec in front.package.variables:
        names = ", ".join(v.name for v in variables)
        edits = next((t for t in texts if t.holds(spec.span)), None)
        if edits is None:
            continue
        if spec.values:
            values = ", ".join(edits.slice(v.span) for v in spec.values)
            rows.append(f"{names} = {values}")
        elif spec.type is not None:
            rows += [f"{v.name} = *new({edits.slice(spec.type.span)})" for v in variables if v.name != "_"]
    if front.client is not None:
        rows.append(randomcalls.reset(front, front.client, rename))
    body = indented("\n".join(rows), 1)
    about = f"// {rename('reset')} makes the variables what they are at the start.\n"
    return f"{about}func {rename('reset')}() {{\n{body}\n}}\n"
