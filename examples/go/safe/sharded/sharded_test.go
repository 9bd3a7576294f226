// TestShardedStress looks for a contradiction to what `verify models/sharded.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestShardedStress$' -count=1

//go:build go1.22

package sharded

import (
	"math/rand"
	"runtime"
	"sync"
	"testing"
	"time"
)

const S = 2

type shard struct {
	mu sync.RWMutex
	m  map[string]int
}

var shards = [S]shard{{m: map[string]int{}}, {m: map[string]int{}}}

func hash(k string) uint32 {
	// In the model this function has no body: it may be any. This is another one in every round.
	mixed := variant * 3
	for i := 0; i < len(k); i++ {
		mixed = (mixed ^ uint32(k[i])) * 16777619
	}
	return uint32(mixed >> 7 % 2)
}

func shardOf(k string) *shard {
	at(1) // sharded.yaml:22
	return &shards[hash(k)%S]
}

func alice() {
	s := shardOf("alice")
	at(2) // sharded.yaml:29
	s.mu.Lock()
	at(3) // sharded.yaml:30
	// inside:
	s.m["alice"] = 30
	at(4) // sharded.yaml:32
	s.mu.Unlock()
}

func bob() {
	s := shardOf("bob")
	at(5) // sharded.yaml:37
	s.mu.Lock()
	at(6) // sharded.yaml:38
	// inside:
	s.m["bob"] = 25
	at(7) // sharded.yaml:40
	s.mu.Unlock()
}

func reader() {
	s := shardOf("alice")
	at(8) // sharded.yaml:45
	s.mu.RLock()
	at(9) // sharded.yaml:46
	_ = s.m["alice"]
	at(10) // sharded.yaml:47
	s.mu.RUnlock()
	s = shardOf("bob")
	at(11) // sharded.yaml:49
	s.mu.RLock()
	at(12) // sharded.yaml:50
	_ = s.m["bob"]
	at(13) // sharded.yaml:51
	s.mu.RUnlock()
}

func TestShardedStress(t *testing.T) {
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
	variant = rand.Uint32()
	start(&all, alice)
	start(&all, bob)
	start(&all, reader)
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
	if !((shards[0].m["alice"] == 30) != (shards[1].m["alice"] == 30)) {
		t.Fatalf("round %d: alice is stored once: (shards[0].m[\"alice\"] == 30) != (shards[1].m[\"alice\"] == 30) does not hold", n)
	}
	if !((shards[0].m["bob"] == 25) != (shards[1].m["bob"] == 25)) {
		t.Fatalf("round %d: bob is stored once: (shards[0].m[\"bob\"] == 25) != (shards[1].m[\"bob\"] == 25) does not hold", n)
	}
	return true
}

// reset makes the variables what they are at the start.
func reset() {
	shards = [S]shard{{m: map[string]int{}}, {m: map[string]int{}}}
}

const (
	budget   = 500 * time.Millisecond
	patience = 5 * time.Second // of a round
)

// variant makes another function of each that has no body in the model.
var variant uint32

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
