// TestOnceStress looks for a contradiction to what `verify models/once.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestOnceStress$' -count=1

//go:build go1.22

package once

import (
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type Client struct{ Retries int }

var once sync.Once
var client *Client
var made atomic.Int32

func get() *Client {
	at(1) // once.yaml:15
	once.Do(func() {
		at(2) // once.yaml:16
		made.Add(1)
		at(3) // once.yaml:17
		client = &Client{Retries: 3}
	})
	at(4) // once.yaml:19
	return client
}

func caller() {
	c := get()
	at(5) // once.yaml:26
	// using:
	if c.Retries != 3 {
		panic("half built")
	}
}

func TestOnceStress(t *testing.T) {
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
	start(&all, caller)
	start(&all, caller)
	start(&all, caller)
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
	if !(made.Load() == 1) {
		t.Fatalf("round %d: made once: made.Load() == 1 does not hold", n)
	}
	return true
}

// reset makes the variables what they are at the start.
func reset() {
	once = *new(sync.Once)
	client = *new(*Client)
	made = *new(atomic.Int32)
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
