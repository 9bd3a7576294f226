package schemes

// syncmap127-entry.go as it was before Go 1.24 was released (golang/go#70970), broken: CompareAndSwap exchanges the
// value inside the entry and does without the lock. LoadAndDelete may have read the old value by then and be about to
// unlink the entry: it returns the old value, CompareAndSwap says true, and the new value is nowhere.

import "sync/atomic"

type node struct {
	branch *branch
	key    Key
	value  atomic.Pointer[Value]
}

func newEntry(key Key, value Value) *node {
	n := &node{key: key}
	n.value.Store(&value)
	return n
}

func (n *node) get() Value {
	return *n.value.Load()
}

func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	_, _, n := m.descend(key)
	if n == nil || n.key != key {
		return false
	}
	for {
		p := n.value.Load()
		if *p != old {
			return false
		}
		if n.value.CompareAndSwap(p, &new) {
			return true
		}
	}
}
