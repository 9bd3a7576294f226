// TestChannelOwnerStress looks for a contradiction to what `verify models/channel-owner.yaml` found: SAFE.
//
// Its goroutines run for a while, round after round, each a little late now and then. That nothing happens
// proves nothing; a race that Go reports or a clause that fails would refute the model or the verdict.
// Put this file into a directory of its own and run
//
//	go test -race -run '^TestChannelOwnerStress$' -count=1

//go:build go1.22

package channelowner

import (
	"math/rand"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type request struct {
	key   string
	reply chan int
}

var requests = make(chan request)
var done = make(chan struct{})
var visits = map[string]int{}
var wg sync.WaitGroup
var last atomic.Bool

func mainBody() {
	at(1) // channel-owner.yaml:23
	wg.Add(2)
	for range 2 {
		at(2) // channel-owner.yaml:25
		go func() {
			defer wg.Done()
			defer at(3) // channel-owner.yaml:26
			at(4)       // channel-owner.yaml:27
			reply := make(chan int)
			at(5) // channel-owner.yaml:28
			requests <- request{"alice", reply}
			at(6) // channel-owner.yaml:29
			visit := <-reply
			if visit == 2 {
				at(7) // channel-owner.yaml:31
				last.Store(true)
			}
		}()
	}
	at(8) // channel-owner.yaml:35
	wg.Wait()
	at(9) // channel-owner.yaml:36
	close(done)
}

func owner() {
	for {
		at(10) // channel-owner.yaml:41
		select {
		case r := <-requests:
			at(11) // channel-owner.yaml:43
			visits[r.key]++
			at(12) // channel-owner.yaml:44
			r.reply <- visits[r.key]
		case <-done:
			return
		}
	}
}

func TestChannelOwnerStress(t *testing.T) {
	if os.Getenv("GOTEST_ROUND") != "" {
		round(t, 1)
		return
	}
	// Nobody sees the end of a goroutine that the model starts: every round is a process of its own.
	for begun, n := time.Now(), 1; time.Since(begun) < budget; n++ {
		again := exec.Command(os.Args[0], "-test.run=^TestChannelOwnerStress$", "-test.count=1")
		again.Env = append(os.Environ(), "GOTEST_ROUND=1")
		if output, err := again.CombinedOutput(); err != nil {
			os.Stdout.Write(output)
			t.Fatalf("process %d: %v", n, err)
		}
	}
}

// round runs every goroutine once; it says whether they all returned.
func round(t *testing.T, n int) bool {
	var all sync.WaitGroup
	gather(2)
	start(&all, mainBody)
	start(&all, owner)
	if !returned(&all) {
		t.Logf("round %d: a goroutine still runs", n)
		return false
	}
	if !(visits["alice"] == 2 && last.Load()) {
		t.Fatalf("round %d: both visits are counted, and one was told so: visits[\"alice\"] == 2 && last.Load() does not hold", n)
	}
	return true
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
