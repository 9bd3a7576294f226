// TestCondStress looks for a contradiction to what `verify models/cond.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestCondStress$' -count=1

//go:build go1.22

package cond

import (
	"math/rand"
	"runtime"
	"sync"
	"testing"
	"time"
)

var mu sync.Mutex
var changed = sync.NewCond(&mu)
var jobs = map[string]int{}

func put(n int) {
	at(1) // cond.yaml:14
	mu.Lock()
	defer mu.Unlock()
	defer at(2) // cond.yaml:15
	for pass(3) && len(jobs) == 1 {
		at(4) // cond.yaml:17
		changed.Wait()
	}
	at(5) // cond.yaml:19
	jobs["next"] = n
	at(6) // cond.yaml:20
	changed.Broadcast()
}

func take() int {
	at(7) // cond.yaml:24
	mu.Lock()
	defer mu.Unlock()
	defer at(8) // cond.yaml:25
	for pass(9) && len(jobs) == 0 {
		at(10) // cond.yaml:27
		changed.Wait()
	}
	at(11) // cond.yaml:29
	n := jobs["next"]
	at(12) // cond.yaml:30
	delete(jobs, "next")
	at(13) // cond.yaml:31
	changed.Broadcast()
	return n
}

func producer() {
	put(7)
}

func consumer() {
	if take() != 7 {
		panic("no job")
	}
}

func TestCondStress(t *testing.T) {
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
	gather(4)
	start(&all, producer)
	start(&all, producer)
	start(&all, consumer)
	start(&all, consumer)
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
	if !(len(jobs) == 0) {
		t.Fatalf("round %d: all are taken: len(jobs) == 0 does not hold", n)
	}
	return true
}

// reset makes the variables what they are at the start.
func reset() {
	mu = *new(sync.Mutex)
	changed = sync.NewCond(&mu)
	jobs = map[string]int{}
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

// pass is at for a condition.
//
//go:norace
func pass(n int) bool {
	at(n)
	return true
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
