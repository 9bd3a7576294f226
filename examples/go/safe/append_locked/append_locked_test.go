// TestAppendLockedStress looks for a contradiction to what `verify models/append-locked.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestAppendLockedStress$' -count=1

//go:build go1.22

package appendlocked

import (
	"math/rand"
	"runtime"
	"sync"
	"testing"
	"time"
)

var mu sync.Mutex
var results []int

func worker() {
	at(1) // append-locked.yaml:15
	mu.Lock()
	at(2) // append-locked.yaml:16
	results = append(results, 7)
	at(3) // append-locked.yaml:17
	mu.Unlock()
}

func reader() {
	at(4) // append-locked.yaml:19
	mu.Lock()
	at(5) // append-locked.yaml:20
	seen := results
	at(6) // append-locked.yaml:21
	mu.Unlock()
	at(7) // append-locked.yaml:22
	for _, r := range seen {
		at(8) // append-locked.yaml:23
		// checking:
		if r != 7 {
			panic("half a result")
		}
		at(7) // append-locked.yaml:22
	}
}

func TestAppendLockedStress(t *testing.T) {
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
	gather(3)
	start(&all, worker)
	start(&all, worker)
	start(&all, reader)
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
	if !(len(results) == 2) {
		t.Fatalf("round %d: nothing is lost: len(results) == 2 does not hold", n)
	}
	return true
}

// reset makes the variables what they are at the start.
func reset() {
	mu = *new(sync.Mutex)
	results = *new([]int)
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
