"""The part of a generated test that is the same for every model: turns, and goroutines that wait for theirs."""

from __future__ import annotations

SAME = "// From here on every test of this kind is the same; what it does not need is left out.\n"
"""Stands between what a test says of its model and the harness; it is nobody's documentation."""

TYPES = """\
// A turn lets one goroutine go on from one at(n).
type turn struct {
	who   string
	place int
	mode  int
	pick  int // of a select: the case, counted from 1
}

const (
	runs   = iota // does it, and is at its next at(n) before the next turn
	begins        // begins it, and may wait inside: the next turn comes a moment later
	ends          // gets through what it began
	passes        // goes by without a turn
)

// A goroutine of the model.
type goroutine struct {
	name  string
	role  string
	child bool // a go statement of the model starts it
	id    int  // the runtime's number, 0 before it has come to its first at(n)
	next  int  // its next turn is this one or a later one
	open  int  // the turn that it is in, or -1
	site  int  // the at(n) that it waits at, or 0
	ended bool

	choices []int // what rand.Intn gives it

	pick int // the case that its select takes, or -1
}

// A channel or a lock would order the goroutines and hide a race from the detector: they look at plain variables,
// in functions that it does not look into.
var (
	now      = after(-1) // the turn that is due
	ready    time.Time   // and not before
	released bool        // nobody waits any more
	playing  bool        // the package is initialised
)

const (
	settle   = 20 * time.Millisecond // for a goroutine to begin waiting in a Lock, a receive, …
	patience = 10 * time.Second      // for a turn to be taken
	pause    = 50 * time.Microsecond
)
"""

AT = """\
// at holds a goroutine before its n-th place until it is its turn.
//
//go:norace
func at(n int) {
	g := self(n)
	for g == nil {
		time.Sleep(pause)
		if released {
			return
		}
		g = self(n)
	}
	arrive(g)
	i := find(g)
	for i == len(schedule) && !released {
		g.site = n
		time.Sleep(pause)
	}
	g.pick = -1
	if released {
		g.site = 0
		return
	}
	if schedule[i].place != n {
		return
	}
	g.next = i + 1
	if schedule[i].mode == passes {
		return
	}
	g.site = n
	wait(i)
	g.site = 0
	g.open = i
	g.pick = schedule[i].pick - 1
	if schedule[i].mode == begins {
		ready = time.Now().Add(settle)
		now = after(i)
	}
}

// arrive ends the turn of a goroutine that has come to its next at(n), or to its end.
//
//go:norace
func arrive(g *goroutine) {
	if g.open < 0 || released {
		return
	}
	i := g.open
	g.open = -1
	if schedule[i].mode == runs {
		now = after(i)
		return
	}
	for k := g.next; k < len(schedule); k++ {
		if schedule[k].who == g.name {
			if schedule[k].mode == ends {
				wait(k)
				g.next = k + 1
				now = after(k)
			}
			return
		}
	}
}

// wait returns when it is turn i.
//
//go:norace
func wait(i int) {
	for (now != i || time.Now().Before(ready)) && !released {
		time.Sleep(pause)
	}
}

// after gives the turn after turn i.
//
//go:norace
func after(i int) int {
	i++
	for i < len(schedule) && schedule[i].mode == passes {
		i++
	}
	return i
}

// find gives the next turn of a goroutine at a place, len(schedule) when there is none.
//
//go:norace
func find(g *goroutine) int {
	for i := g.next; i < len(schedule); i++ {
		if schedule[i].who == g.name && schedule[i].mode != ends {
			return i
		}
	}
	return len(schedule)
}

// self gives the goroutine that calls it: one that it does not know yet was started by a go statement.
//
//go:norace
func self(n int) *goroutine {
	id := number()
	for _, g := range goroutines {
		if g.id == id {
			return g
		}
	}
	for _, g := range goroutines {
		if g.id == 0 && g.child {
			if i := find(g); i == len(schedule) || schedule[i].place == n {
				g.id = id
				return g
			}
		}
	}
	return nil
}

// number gives the runtime's number of the goroutine that calls it.
//
//go:norace
func number() int {
	var text [64]byte
	length := runtime.Stack(text[:], false)
	id := 0
	for i := len("goroutine "); i < length && text[i] >= '0' && text[i] <= '9'; i++ {
		id = 10*id + int(text[i]-'0')
	}
	return id
}
"""

START = """\
// start runs the body of a goroutine.
func start(name string, body func()) {
	playing = true
	go func() {
		enter(name)
		body()
		leave(name)
	}()
}

//go:norace
func enter(name string) {
	for _, g := range goroutines {
		if g.name == name {
			g.id = number()
		}
	}
}

//go:norace
func leave(name string) {
	for _, g := range goroutines {
		if g.name == name {
			arrive(g)
			g.ended = true
		}
	}
	for !released {
		time.Sleep(pause) // the detector forgets goroutines that have ended
	}
}

// play waits until the last turn is over.
//
//go:norace
func play(t *testing.T) {
	last, since := now, time.Now()
	for now < len(schedule) || time.Now().Before(ready) {
		time.Sleep(time.Millisecond)
		if now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) > patience && now < len(schedule) {
			s := schedule[now]
			t.Fatalf("cannot be forced: %s does not come to at(%d), or not past it\\n\\n%s", s.who, s.place, stacks())
		}
	}
}

func stacks() []byte {
	text := make([]byte, 1<<20)
	return text[:runtime.Stack(text, true)]
}
"""

CHOICES = """\
// choose stands for rand.Intn: it gives what the schedule has chosen.
//
//go:norace
func choose(int) int {
	id := number()
	for _, g := range goroutines {
		if g.id == id && len(g.choices) > 0 {
			first := g.choices[0]
			g.choices = g.choices[1:]
			return first
		}
	}
	return 0
}
"""

ONLY = """\
// only gives the channel of the k-th case of a select if the schedule takes that case; else none that is ever ready.
func only[C any](k int, channel C) C {
	var never C
	if pick := picked(); pick >= 0 && pick != k {
		return never
	}
	return channel
}

//go:norace
func picked() int {
	id := number()
	for _, g := range goroutines {
		if g.id == id {
			return g.pick
		}
	}
	return -1
}
"""

PASS = """\
// pass is at for a condition.
//
//go:norace
func pass(n int) bool {
	at(n)
	return true
}
"""

STUCK = """\
// stuck gives the stack of a goroutine that still waits for something, or nothing.
//
//go:norace
func stuck(name, dump string) string {
	for _, g := range goroutines {
		head := fmt.Sprintf("goroutine %d [", g.id)
		for _, stack := range strings.Split(dump, "\\n\\n") {
			state, found := strings.CutPrefix(stack, head)
			if found && g.name == name && !strings.HasPrefix(state, "run") && !strings.HasPrefix(state, "sleep") {
				return stack
			}
		}
	}
	return ""
}
"""

STANDING = """\
// standing counts the goroutines of a role that wait at at(n).
//
//go:norace
func standing(role string, n int) int {
	count := 0
	for _, g := range goroutines {
		if g.role == role && g.site == n {
			count++
		}
	}
	return count
}
"""

HOLDS = """\
// holds says whether a clause is true; one that panics is not.
func holds(clause func() bool) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return clause()
}
"""

RELOCK = """\
// relock is the lock of a sync.Cond: Wait takes it again when it is its turn.
type relock struct {
	sync.Locker
	place int
}

func (l relock) Lock() {
	at(l.place)
	l.Locker.Lock()
}
"""

THEN = """\
// then is at for what comes after a call in the same statement.
func then[T any](n int, value T) T {
	at(n)
	return value
}
"""
