// TestAtomicValueStress looks for a contradiction to what `verify models/atomic-value.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestAtomicValueStress$' -count=1

//go:build go1.22

package atomicvalue

import (
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var mu sync.Mutex
var routes atomic.Value

func add(path string, weight int) {
	at(1) // atomic-value.yaml:13
	mu.Lock()
	defer mu.Unlock()
	defer at(2) // atomic-value.yaml:14
	next := map[string]int{}
	at(3) // atomic-value.yaml:16
	old, _ := routes.Load().(map[string]int)
	at(4) // atomic-value.yaml:17
	for k, v := range old {
		at(5) // atomic-value.yaml:18
		next[k] = v
		at(4) // atomic-value.yaml:17
	}
	at(6) // atomic-value.yaml:20
	next[path] = weight
	at(7) // atomic-value.yaml:21
	routes.Store(next)
}

func api() {
	add("/api", 8)
}

func log() {
	add("/log", 9)
}

func reader() {
	at(8) // atomic-value.yaml:29
	table, _ := routes.Load().(map[string]int)
	at(9) // atomic-value.yaml:30
	// reading:
	_ = table["/api"]
}

func TestAtomicValueStress(t *testing.T) {
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
	start(&all, api)
	start(&all, log)
	start(&all, reader)
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
	if !(routes.Load().(map[string]int)["/api"] == 8 && routes.Load().(map[string]int)["/log"] == 9) {
		t.Fatalf("round %d: both are there: routes.Load().(map[string]int)[\"/api\"] == 8 && routes.Load().(map[string]int)[\"/log\"] == 9 does not hold", n)
	}
	return true
}

// reset makes the variables what they are at the start.
func reset() {
	mu = *new(sync.Mutex)
	routes = *new(atomic.Value)
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
