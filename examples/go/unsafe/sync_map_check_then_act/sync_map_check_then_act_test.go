// TestSyncMapCheckThenActOneSessionIsCreated shows on the real runtime what `verify models/sync-map-check-then-act.yaml` found:
//
//	one session is created: created.Load() == 1 does not hold
//
// Its goroutines run in the order of a schedule: at(n) holds each of them before its n-th place until it
// is its turn. The same steps, one by one:
//
//	verify replay models/sync-map-check-then-act.yaml 0/1/0/0/0/0
//
// Put this file into a directory of its own and run
//
//	go test -run '^TestSyncMapCheckThenActOneSessionIsCreated$' -count=1

//go:build go1.22

package syncmapcheckthenact

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type Session struct{ ID int }

var sessions sync.Map
var created atomic.Int32

func login() {
	at(1) // sync-map-check-then-act.yaml:16
	if _, ok := sessions.Load("alice"); !ok {
		at(2) // sync-map-check-then-act.yaml:17
		sessions.Store("alice", &Session{ID: 1})
		at(3) // sync-map-check-then-act.yaml:18
		created.Add(1)
	}
}

func TestSyncMapCheckThenActOneSessionIsCreated(t *testing.T) {
	start("login1", login)
	start("login2", login)
	play(t)
	finished.Wait()
	if !holds(func() bool { return created.Load() == 1 }) {
		t.Fatal("one session is created: created.Load() == 1 does not hold")
	}
}

var schedule = []turn{
	{"login1", 1, runs}, // step 1: _, ok := sessions.Load("alice")
	{"login2", 1, runs}, // step 2: _, ok := sessions.Load("alice")
	{"login1", 2, runs}, // step 3: sessions.Store("alice", &Session{ID: 1})
	{"login1", 3, runs}, // step 4: created.Add(1)
	{"login2", 2, runs}, // step 5: sessions.Store("alice", &Session{ID: 1})
	{"login2", 3, runs}, // step 6: created.Add(1)
}

var goroutines = []*goroutine{
	{name: "login1", role: "login", open: -1},
	{name: "login2", role: "login", open: -1},
}

// From here on every test of this kind is the same; what it does not need is left out.

// A turn lets one goroutine go on from one at(n).
type turn struct {
	who   string
	place int
	mode  int
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
}

// A channel or a lock would order the goroutines and hide a race from the detector: they look at plain variables,
// in functions that it does not look into.
var (
	now      = after(-1) // the turn that is due
	ready    time.Time   // and not before
	released bool        // nobody waits any more
)

const (
	settle   = 20 * time.Millisecond // for a goroutine to begin waiting in a Lock, a receive, …
	patience = 10 * time.Second      // for a turn to be taken
	pause    = 50 * time.Microsecond
)

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

var finished sync.WaitGroup

// start runs the body of a goroutine.
func start(name string, body func()) {
	finished.Add(1)
	go func() {
		enter(name)
		body()
		finished.Done()
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
			t.Fatalf("cannot be forced: %s does not come to at(%d), or not past it\n\n%s", s.who, s.place, stacks())
		}
	}
}

func stacks() []byte {
	text := make([]byte, 1<<20)
	return text[:runtime.Stack(text, true)]
}

// holds says whether a clause is true; one that panics is not.
func holds(clause func() bool) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return clause()
}
