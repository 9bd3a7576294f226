// TestSyncMapLoadOrStoreStress looks for a contradiction to what `verify models/sync-map-load-or-store.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestSyncMapLoadOrStoreStress$' -count=1

//go:build go1.22

package syncmaploadorstore

import (
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type Session struct{ ID int }

var sessions sync.Map
var built, stored atomic.Int32

func newSession() *Session {
	at(1) // sync-map-load-or-store.yaml:14
	built.Add(1)
	return &Session{ID: 1}
}

func login() {
	at(2) // sync-map-load-or-store.yaml:21
	v, loaded := sessions.LoadOrStore("alice", newSession())
	if !loaded {
		at(3) // sync-map-load-or-store.yaml:23
		stored.Add(1)
	}
	s := v.(*Session)
	at(4) // sync-map-load-or-store.yaml:26
	if s.ID != 1 {
		panic("half built")
	}
}

func TestSyncMapLoadOrStoreStress(t *testing.T) {
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
	gather(2)
	start(&all, login)
	start(&all, login)
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
	if !(stored.Load() <= 1) {
		t.Fatalf("round %d: at most one is stored: stored.Load() <= 1 does not hold", n)
	}
	if !(stored.Load() == 1) {
		t.Fatalf("round %d: one session is stored: stored.Load() == 1 does not hold", n)
	}
	return true
}

// reset makes the variables what they are at the start.
func reset() {
	sessions = *new(sync.Map)
	built = *new(atomic.Int32)
	stored = *new(atomic.Int32)
}

const (
	budget   = 500 * time.Millisecond
	patience = 5 * time.Second // of a round
)

// From here on every test of this kind is the same; what it does not need is left out.

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

// at lets a goroutine be late now and then.
func at(int) {
	switch rand.Intn(8) {
	case 0:
		runtime.Gosched()
	case 1:
		time.Sleep(time.Duration(rand.Intn(50)) * time.Microsecond)
	}
}
