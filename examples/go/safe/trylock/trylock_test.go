// TestTrylockStress looks for a contradiction to what `verify models/trylock.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestTrylockStress$' -count=1

//go:build go1.22

package trylock

import (
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var mu sync.Mutex
var runs int
var skipped atomic.Int32

func worker() {
	at(1) // trylock.yaml:15
	if mu.TryLock() {
		at(2) // trylock.yaml:16
		runs++
		at(3) // trylock.yaml:17
		mu.Unlock()
	} else {
		at(4) // trylock.yaml:19
		skipped.Add(1)
	}
}

func TestTrylockStress(t *testing.T) {
	for begun, n := time.Now(), 1; time.Since(begun) < budget; n++ {
		reset()
		if !round(t, n) {
			return
		}
	}
}

// round runs_ every goroutine once; it says whether they all returned.
func round(t *testing.T, n int) bool {
	var all sync.WaitGroup
	opened = false
	start(&all, worker)
	start(&all, worker)
	start(&all, worker)
	release()
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs_", n)
		return false
	}
	if !(runs >= 1) {
		t.Fatalf("round %d: somebody did it: runs >= 1 does not hold", n)
	}
	return true
}

// start runs_ the body of a goroutine as soon as all of them are there.
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

const budget = 500 * time.Millisecond

// reset makes the variables what they are at the start.
func reset() {
	mu = *new(sync.Mutex)
	runs = *new(int)
	skipped = *new(atomic.Int32)
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
