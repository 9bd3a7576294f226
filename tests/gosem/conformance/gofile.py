"""The cases as one Go program: a function for each, run as often as asked, its goroutines pausing now and then."""

from __future__ import annotations

import re
from collections.abc import Sequence

PACKAGES = {
    "atomic": "sync/atomic", "context": "context", "errors": "errors", "fmt": "fmt", "rand": "math/rand",
    "runtime": "runtime", "sync": "sync", "time": "time", "os": "os", "strconv": "strconv",
}  # fmt: skip
NO_PAUSE = ("}", "case ", "default:", ")", "{")

MAIN = """\
// How the goroutines of this round dawdle.
var dawdle_ int

// pause_ is called before every statement.
func pause_() {
	switch dawdle_ {
	case 0:
	case 1:
		for n := rand.Intn(300); n > 0; n-- {
			spun_()
		}
	case 2:
		if rand.Intn(2) == 0 {
			runtime.Gosched()
		}
	case 3:
		if rand.Intn(4) == 0 {
			time.Sleep(time.Duration(rand.Intn(60)) * time.Microsecond)
		}
	default:
		if rand.Intn(6) == 0 {
			time.Sleep(time.Duration(rand.Intn(400)) * time.Microsecond)
		}
	}
}

//go:noinline
func spun_() {}

// all_ runs the goroutines of a round, in any order, and waits for them.
func all_(bodies ...func()) {
	var all sync.WaitGroup
	var there atomic.Int32
	for _, n := range rand.Perm(len(bodies)) {
		all.Add(1)
		go func() {
			there.Add(1)
			// Who yields at once shares a processor with the others, and they run one after another.
			for spins := 0; int(there.Load()) < len(bodies); spins++ {
				if spins > 2000 && spins%64 == 63 {
					runtime.Gosched()
				}
			}
			pause_()
			bodies[n]()
			all.Done()
		}()
	}
	all.Wait()
}

// main: CASE, rounds at least, rounds at most, outcomes after which it is enough, ways to dawdle; and so on.
func main() {
	if limit := os.Getenv("CONFORMANCE_MS"); limit != "" {
		ms, _ := strconv.Atoi(limit)
		time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { os.Exit(3) })
	}
	for a := os.Args[1:]; len(a) > 0; a = a[5:] {
		least, _ := strconv.Atoi(a[1])
		most, _ := strconv.Atoi(a[2])
		enough, _ := strconv.Atoi(a[3])
		ways, _ := strconv.Atoi(a[4])
		fmt.Fprintln(os.Stderr, "CASE", a[0])
		seen := map[string]int{}
		for n := 0; n < most && (n < least || len(seen) < enough); n++ {
			dawdle_ = n % ways
			said := cases_[a[0]]()
			if seen[said]++; seen[said] == 1 {
				fmt.Printf("%s\\t%s\\n", a[0], said)
			}
		}
	}
}
"""


def go_file(cases: Sequence[tuple[str, str, Sequence[str], Sequence[str]]]) -> str:
    """A Go program. Each case: its name, its declarations, its bodies, and what it shows."""
    parts = [_function(n, *case) for n, case in enumerate(cases)]
    table = "".join(f'\t"{name}": case{n}_,\n' for n, (name, *_) in enumerate(cases))
    body = "\n".join([*parts, f"var cases_ = map[string]func() string{{\n{table}}}\n", MAIN])
    code = re.sub(r'"(?:\\.|[^"\\\n])*"|//[^\n]*', "", body)
    used = sorted(path for word, path in PACKAGES.items() if re.search(rf"(?<![\w.]){word}\.[A-Z]", code))
    return "package main\n\nimport (\n" + "".join(f'\t"{p}"\n' for p in used) + ")\n\n" + body


def _function(number: int, name: str, declare: str, bodies: Sequence[str], shows: Sequence[str]) -> str:
    used = "".join(f"\t_ = &{v}\n" for v in _variables(declare))
    shown = "".join(f', " {s}=", {s}' for s in shows)
    run = "".join(f"func() {{\n{with_pauses(b)}}}, " for b in bodies)
    return (
        f"// {name}\nfunc case{number}_() string {{\n{declare}\n{used}\tall_({run})\n"
        f'\treturn fmt.Sprint("end"{shown})\n}}\n'
    )


def _variables(declare: str) -> list[str]:
    """The variables that a declaration names, none of them in groups."""
    out: list[str] = []
    for line in declare.splitlines():
        if line.startswith("var "):
            first, *others = line.removeprefix("var ").split("=")[0].split(",")
            out += [name.split()[0] for name in (first, *others)]
    return [v for v in out if v != "_"]


def with_pauses(body: str) -> str:
    """A pause before every statement that begins a line."""
    out = []
    for line in body.splitlines():
        if line.strip() and not line.lstrip().startswith(NO_PAUSE):
            out.append("pause_()")
        out.append(line)
    return "\n".join(out) + "\n"
