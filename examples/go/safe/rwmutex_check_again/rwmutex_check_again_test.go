// TestRwmutexCheckAgainStress looks for a contradiction to what `verify models/rwmutex-check-again.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestRwmutexCheckAgainStress$' -count=1

//go:build go1.22

package rwmutexcheckagain

import (
	"math/rand"
	"runtime"
	"sync"
	"testing"
	"time"
)

type Session struct{ ID int }

var mu sync.RWMutex
var sessions = map[string]*Session{}

func get(user string) *Session {
	at(1) // rwmutex-check-again.yaml:14
	mu.RLock()
	at(2) // rwmutex-check-again.yaml:15
	s := sessions[user]
	at(3) // rwmutex-check-again.yaml:16
	mu.RUnlock()
	if s != nil {
		return s
	}
	at(4) // rwmutex-check-again.yaml:20
	mu.Lock()
	defer mu.Unlock()
	defer at(5) // rwmutex-check-again.yaml:21
	at(6)       // rwmutex-check-again.yaml:22
	s = sessions[user]
	if s == nil {
		s = &Session{ID: 1}
		at(7) // rwmutex-check-again.yaml:25
		sessions[user] = s
	}
	return s
}

func login() {
	s := get("alice")
	at(8) // rwmutex-check-again.yaml:34
	_ = s.ID
}

func TestRwmutexCheckAgainStress(t *testing.T) {
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
	return true
}

// reset makes the variables what they are at the start.
func reset() {
	mu = *new(sync.RWMutex)
	sessions = map[string]*Session{}
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
