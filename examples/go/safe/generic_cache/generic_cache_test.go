// TestGenericCacheStress looks for a contradiction to what `verify models/generic-cache.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestGenericCacheStress$' -count=1

//go:build go1.22

package genericcache

import (
	"math/rand"
	"runtime"
	"sync"
	"testing"
	"time"
)

type User struct{ Age int }
type Cache[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]V
}

func New[K comparable, V any]() *Cache[K, V] {
	return &Cache[K, V]{m: map[K]V{}}
}

func (c *Cache[K, V]) Get(k K) (V, bool) {
	at(1) // generic-cache.yaml:17
	c.mu.Lock()
	defer c.mu.Unlock()
	defer at(2) // generic-cache.yaml:18
	at(3)       // generic-cache.yaml:19
	v, ok := c.m[k]
	return v, ok
}

func (c *Cache[K, V]) Put(k K, v V) {
	at(4) // generic-cache.yaml:23
	c.mu.Lock()
	at(5) // generic-cache.yaml:24
	c.m[k] = v
	at(6) // generic-cache.yaml:25
	c.mu.Unlock()
}

func (c *Cache[K, V]) Update(k K, f func(V) V) {
	at(7) // generic-cache.yaml:28
	c.mu.Lock()
	defer c.mu.Unlock()
	defer at(8) // generic-cache.yaml:29
	at(9)       // generic-cache.yaml:30
	c.m[k] = f(c.m[k])
}

var users = New[string, *User]()
var online = New[string, bool]()

func login() {
	users.Put("alice", &User{Age: 30})
	online.Update("alice", func(was bool) bool { return !was })
}

func reader() {
	if u, ok := users.Get("alice"); ok {
		at(10) // generic-cache.yaml:44
		// found:
		_ = u.Age
	}
}

func TestGenericCacheStress(t *testing.T) {
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
	start(&all, login)
	start(&all, login)
	start(&all, reader)
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
	if !(online.m["alice"] == false) {
		t.Fatalf("round %d: each login flips the flag once: online.m[\"alice\"] == false does not hold", n)
	}
	return true
}

// reset makes the variables what they are at the start.
func reset() {
	users = New[string, *User]()
	online = New[string, bool]()
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
