"""Tests whose goroutines run freely, round after round: where nothing can be forced, or nothing should happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from verifier.golang import syntax as ast
from verifier.gotest import randomcalls
from verifier.gotest.edits import Edits
from verifier.gotest.gofile import GoTest, declarations, file, quoted, role_functions
from verifier.gotest.harness import PASS, SAME, THEN
from verifier.gotest.head import comment, head
from verifier.gotest.instrument import Names, instrumented
from verifier.gotest.layout import indented
from verifier.gotest.naming import Rename, functions as functions_of, renaming
from verifier.gotest.request import Request, camel
from verifier.gotest.sites import below
from verifier.gotest.slots import Slots, roots
from verifier.gotest.unwritten import without_body, write_any
from verifier.model.document import ClauseText
from verifier.pipeline.load import Front
from verifier.records import replace

ROUNDS = """\
for begun, n := time.Now(), 1; time.Since(begun) < budget; n++ {
	reset()
	if !round(t, n) {
		return
	}
}
"""

PROCESSES = """\
if os.Getenv("GOTEST_ROUND") != "" {
CHILD
	return
}
// WHY
for begun, n := time.Now(), 1; time.Since(begun) < budget; n++ {
	again := exec.Command(os.Args[0], "-test.run=^NAME$", "-test.count=1")
	again.Env = append(os.Environ(), "GOTEST_ROUND=1")
	if output, err := again.CombinedOutput(); DIED {
		os.Stdout.Write(output)
		t.Fatalf("process %d: %v", n, err)
	}
}
"""

ALONE = "Nobody sees the end of a goroutine that the model starts: every round is a process of its own."
AGAIN = "A process that dies of something else, or in which a goroutine hangs, is followed by another one."

ROUND = """\
// round runs every goroutine once; it says whether they all returned.
func round(t *testing.T, n int) bool {
	var all sync.WaitGroup
	gather(COUNT)
	variant = rand.Uint32()
STARTS
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
CLAUSES
	return true
}
"""

START = """\
// start runs the body of a goroutine as soon as all of them are there.
func start(all *sync.WaitGroup, body func()) {
	all.Add(1)
	go func() {
		defer all.Done()
		together()
		body()
	}()
}

// Plain variables that the race detector does not look at: they must not order the goroutines.
var gathered, expected int

//go:norace
func gather(n int) {
	gathered, expected = 0, n
}

// together waits for the others of its round, but not for ever. It does not yield: then they run one after another.
//
//go:norace
func together() {
	gathered++
	for i := 0; i < 2000 && missing(); i++ {
	}
}

//go:norace
//go:noinline
func missing() bool {
	return gathered < expected
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
	case <-time.After(patience):
		return false
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

MEET = """\
var arrived atomic.Int64

// at stands before the statements between which it happens: two goroutines go on from there together, give or take a
// little. How long the first one waits is as random: the second may need it to go on.
func at(int) {
	mine := arrived.Add(1)
	for n := rand.Intn(1 << rand.Intn(16)); n > 0 && arrived.Load() < mine+mine%2; n-- {
	}
	for n := rand.Intn(1 << rand.Intn(6)); n > 0; n-- {
		arrived.Load()
	}
}
"""


Bodies = Callable[[list[Edits]], None]


def hammer(front: Front, asked: Request, near: Slots, bodies: Bodies) -> GoTest:
    """The test that runs a model until something happens that no test can force.

    Goroutines come together at the slots `near`: without that they rarely meet in the few nanoseconds that it takes.
    """
    name = "Test" + camel(front.document.name, asked.property.name)
    rename = renaming(front)
    word = {"fatal": "fatal error", "panic": "panic"}.get(asked.property.kind)
    died = f" && strings.Contains(string(output), {quoted(f'{word}: {asked.trace.failure}')})" if word else ""
    # Whatever else kills a process, or hangs in it, must not end the test.
    frame = _processes(name, ROUNDS, AGAIN, died) if word and not _alone(front) else _frame(front, name, died)
    parts = _parts(front, near, frame, name, (30_000, 100), (), rename, bodies)
    parts += [rename.text(MEET)] if near.held or near.calls else []
    parts += [rename.text(THEN)] if near.calls else []
    text = file(front, head(front.document.argument, asked, name, ()), parts)
    return GoTest(text, name, asked.race(), (), (), False)


def stress(front: Front, slots: Slots, clauses: Sequence[ClauseText], milliseconds: int) -> GoTest:
    """The test that looks for a contradiction to SAFE: `clauses` are asked when all goroutines have returned."""
    name = "Test" + camel(front.document.name, "stress")
    rename = renaming(front)
    mixes = bool(without_body(front))
    bodies = partial(write_any, front=front, variant=rename("variant")) if mixes else None
    late = replace(slots, conds=(), calls=(), splits=())
    parts = _parts(front, late, _frame(front, name), name, (milliseconds, 5000), clauses, rename, bodies, mixes)
    parts.append(rename.text(JITTER))
    about = [f"{name} looks for a contradiction to what `verify {front.document.path}` found: SAFE.", ""]
    about += [
        "Its goroutines run for a while, round after round, each a little late now and then. That nothing happens"
    ]
    about += ["proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict."]
    about += ["Put this file into a directory of its own and run", "", f"    go test -race -run '^{name}$' -count=1"]
    return GoTest(file(front, comment(about), parts), name, True, (), (), False)


def _alone(front: Front) -> bool:
    return any(isinstance(node, ast.Go) for root in roots(front) for node in below(root))


def _frame(front: Front, name: str, died: str = "") -> str:
    """The body of the test: rounds, or processes of one round each where a round could not end another one's."""
    return _processes(name, "round(t, 1)\n", ALONE, died) if _alone(front) else ROUNDS


def _processes(name: str, child: str, why: str, died: str) -> str:
    made = PROCESSES.replace("CHILD", indented(child, 1)).replace("WHY", why)
    return made.replace("NAME", name).replace("DIED", f"err != nil{died}")


def _parts(
    front: Front,
    slots: Slots,
    frame: str,
    name: str,
    limits: tuple[int, int],
    clauses: Sequence[ClauseText],
    rename: Rename,
    bodies: Bodies | None,
    varies: bool = False,
) -> list[str]:
    """`limits`, in milliseconds: how long the test runs, and how long a round may take."""
    names = Names(rename("at"), rename("pass"), "rand.Intn", rename("relock"), rename("then"))
    declared, texts = instrumented(front, slots, names, bodies)
    functions = functions_of(front)
    count = sum(n for _, n in front.counts)
    if front.client is not None:
        count = front.client.asked.goroutines
        starts = [randomcalls.start(front.client, rename)]
        asked = randomcalls.check(front.client, rename)
    else:
        starts = [f"\t{rename('start')}(&all, {functions[role]})" for role, n in front.counts for _ in range(n)]
        asked = [line for c in clauses for line in _asked(c, rename)]
    test = f"func {name}(t *testing.T) {{\n{indented(rename.text(frame), 1)}\n}}\n"
    round_ = rename.text(ROUND if varies else ROUND.replace("\tvariant = rand.Uint32()\n", ""))
    round_ = (
        round_.replace("COUNT", str(count))
        .replace("STARTS", "\n".join(starts))
        .replace("CLAUSES\n", "".join(f"{x}\n" for x in asked))
    )
    budget, patience = map(_duration, limits)
    parts = [*declarations(declared), *role_functions(functions, texts), test, round_]
    if "reset()" in frame:
        parts.append(_reset(front, rename))
    parts.append(rename.text(f"const (\n\tbudget   = {budget}\n\tpatience = {patience} // of a round\n)\n"))
    if front.client is not None:
        parts += randomcalls.parts(front, front.client, rename)
    if varies:
        about = "// variant makes another function of each that has no body in the model."
        parts.append(f"{about}\nvar {rename('variant')} uint32\n")
    parts += [SAME, rename.text(START)]
    if any(p.kind == "cond" for p in slots.held):
        parts.append(rename.text(PASS))
    return parts


def _duration(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{milliseconds} * time.Millisecond" if rest else f"{seconds} * time.Second"


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
