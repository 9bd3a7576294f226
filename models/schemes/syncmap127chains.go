package schemes

// The hash trie behind sync.Map since Go 1.24, as internal/sync/hashtriemap.go of Go 1.27 has it, with two levels of
// two slots instead of sixteen levels of sixteen. Line numbers below are of that file.
//
// As syncmap127.go, but whole: with the chains of colliding entries (entry.overflow, line 566), which are changed in place.
//
// The user gives `func hash(key Key) int` with values 0 to 3 (without a body it is any function): the first bit selects
// the slot in the root, the second one the slot below it. Keys may have the same hash: their entries form a chain.

import (
	"sync"
	"sync/atomic"
)

const levels = 2

type Map struct {
	root atomic.Pointer[branch] // line 24
}

// branch is an inner node (`indirect`, line 541).
type branch struct {
	dead     atomic.Bool
	mu       sync.Mutex // protects the children
	parent   *branch
	children [2]atomic.Pointer[node]
}

// node is an entry, or leads to a branch (lines 564 and 706 to 718).
type node struct {
	branch   *branch
	key      Key
	value    Value
	overflow atomic.Pointer[node] // the next entry with the same hash
}

func newEntry(key Key, value Value) *node {
	return &node{key: key, value: value}
}

// usable, lines 129, 237 and 463: the path of a key still ends in this slot, and the branch is part of the trie.
func (i *branch) usable(n *node) bool {
	return (n == nil || n.branch == nil) && !i.dead.Load()
}

// lookup, line 579.
func (n *node) lookup(key Key) (value Value, ok bool) {
	for e := n; e != nil; e = e.overflow.Load() {
		if e.key == key {
			return e.value, true
		}
	}
	return
}

// swap, line 603: an entry that is replaced at the head makes a new head, one further back is replaced in its chain.
func (n *node) swap(key Key, value Value) (head *node, old Value, swapped bool) {
	if n.key == key {
		e := newEntry(key, value)
		e.overflow.Store(n.overflow.Load())
		return e, n.value, true
	}
	i := &n.overflow
	for e := i.Load(); e != nil; e = i.Load() {
		if e.key == key {
			next := newEntry(key, value)
			next.overflow.Store(e.overflow.Load())
			i.Store(next)
			return n, e.value, true
		}
		i = &e.overflow
	}
	return n, old, false
}

// loadAndDelete, line 660: the head of what is left of the chain.
func (n *node) loadAndDelete(key Key) (value Value, head *node, loaded bool) {
	if n.key == key {
		return n.value, n.overflow.Load(), true
	}
	i := &n.overflow
	for e := i.Load(); e != nil; e = i.Load() {
		if e.key == key {
			i.Store(e.overflow.Load())
			return e.value, n, true
		}
		i = &e.overflow
	}
	return value, n, false
}

// NewMap is init (lines 30 to 56) done ahead of time: a zero Map of ours has no root.
func NewMap() *Map {
	m := &Map{}
	m.root.Store(&branch{})
	return m
}

func index(key Key, level int) int {
	if level == 0 {
		return hash(key) % 4 / 2
	}
	return hash(key) % 2
}

// descend follows the path of key to where it ends: in a slot that is empty or holds an entry.
func (m *Map) descend(key Key) (i *branch, level int, n *node) {
	i = m.root.Load()
	for level < levels {
		n = i.children[index(key, level)].Load()
		if n == nil || n.branch == nil {
			return
		}
		i = n.branch
		level++
	}
	panic("internal/sync.HashTrieMap: ran out of hash bits while iterating")
}

// Load, line 64.
func (m *Map) Load(key Key) (value Value, ok bool) {
	_, _, n := m.descend(key)
	return n.lookup(key)
}

// LoadOrStore, line 88.
func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	for {
		i, level, n := m.descend(key)
		if actual, loaded = n.lookup(key); loaded {
			return
		}
		i.mu.Lock() // line 127: then look again
		n = i.children[index(key, level)].Load()
		if !i.usable(n) {
			i.mu.Unlock()
			continue
		}
		if actual, loaded = n.lookup(key); !loaded {
			actual = value
			i.insert(n, key, value, level)
		}
		i.mu.Unlock()
		return
	}
}

// insert puts an entry for a new key into a slot, line 151. A locked slot has n in it: nothing or another key.
func (i *branch) insert(n *node, key Key, value Value, level int) {
	if n == nil {
		i.children[index(key, level)].Store(newEntry(key, value))
		return
	}
	// expand, line 167.
	e := newEntry(key, value)
	if hash(n.key)%4 == hash(key)%4 {
		e.overflow.Store(n)
		i.children[index(key, level)].Store(e)
		return
	}
	// The path of both goes on as far as their hashes agree; what is new is published last.
	below := &branch{parent: i}
	below.children[index(n.key, level+1)].Store(n)
	below.children[index(key, level+1)].Store(e)
	i.children[index(key, level)].Store(&node{branch: below})
}

// Store, line 199.
func (m *Map) Store(key Key, value Value) {
	_, _ = m.Swap(key, value)
}

// Swap, line 205. It takes the lock in any case.
func (m *Map) Swap(key Key, value Value) (previous Value, loaded bool) {
	for {
		i, level, _ := m.descend(key)
		i.mu.Lock()
		n := i.children[index(key, level)].Load()
		if !i.usable(n) {
			i.mu.Unlock()
			continue
		}
		if n != nil {
			head, old, swapped := n.swap(key, value)
			if swapped {
				i.children[index(key, level)].Store(head)
				previous, loaded = old, true
			}
		}
		if !loaded {
			i.insert(n, key, value, level)
		}
		i.mu.Unlock()
		return
	}
}

// find looks for an entry of key, line 426: the branch it is in comes locked, or is nil where there is none.
// With the lock it may have gone.
func (m *Map) find(key Key) (i *branch, level int, n *node) {
	for {
		i, level, n = m.descend(key)
		if _, ok := n.lookup(key); !ok {
			return nil, 0, nil
		}
		i.mu.Lock()
		n = i.children[index(key, level)].Load()
		if i.usable(n) {
			return
		}
		i.mu.Unlock()
	}
}

// LoadAndDelete, line 309.
func (m *Map) LoadAndDelete(key Key) (value Value, loaded bool) {
	i, level, n := m.find(key)
	if i == nil {
		return
	}
	if n != nil {
		v, head, ok := n.loadAndDelete(key)
		if ok {
			value, loaded = v, true
			i = i.remove(key, level, head)
		}
	}
	i.mu.Unlock()
	return
}

// CompareAndSwap, line 280: without the lock it only finds out that there is nothing to do.
func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	for {
		i, level, n := m.descend(key)
		if value, ok := n.lookup(key); !ok || value != old {
			return false
		}
		i.mu.Lock()
		n = i.children[index(key, level)].Load()
		if !i.usable(n) {
			i.mu.Unlock()
			continue
		}
		if value, ok := n.lookup(key); ok && value == old {
			head, _, _ := n.swap(key, new)
			i.children[index(key, level)].Store(head)
			swapped = true
		}
		i.mu.Unlock()
		return
	}
}

// CompareAndDelete, line 368. It compares the value under the lock only.
func (m *Map) CompareAndDelete(key Key, old Value) (deleted bool) {
	i, level, n := m.find(key)
	if i == nil {
		return
	}
	if value, ok := n.lookup(key); ok && value == old {
		_, head, _ := n.loadAndDelete(key)
		deleted = true
		i = i.remove(key, level, head)
	}
	i.mu.Unlock()
	return
}

// remove puts what is left of a chain into the slot of key in a locked branch, and takes branches without children out
// of the trie, lines 329 to 355. It returns the branch that is locked at the end.
func (i *branch) remove(key Key, level int, head *node) *branch {
	i.children[index(key, level)].Store(head)
	if head != nil {
		return i
	}
	for level > 0 && i.empty() {
		level--
		parent := i.parent
		parent.mu.Lock()
		i.dead.Store(true)
		parent.children[index(key, level)].Store(nil)
		i.mu.Unlock()
		i = parent
	}
	return i
}

func (i *branch) empty() bool {
	return i.children[0].Load() == nil && i.children[1].Load() == nil
}

// Delete, line 359.
func (m *Map) Delete(key Key) {
	_, _ = m.LoadAndDelete(key)
}

// Clear, line 522: who has loaded the old root goes on there.
func (m *Map) Clear() {
	m.root.Store(&branch{})
}

// Range, line 493: every slot is loaded once, and nothing is locked.
func (m *Map) Range(yield func(key Key, value Value) bool) {
	i := m.root.Load()
	for j := range i.children {
		n := i.children[j].Load()
		if n == nil {
			continue
		}
		if n.branch == nil {
			if !n.each(yield) {
				return
			}
			continue
		}
		for k := range n.branch.children {
			if !n.branch.children[k].Load().each(yield) {
				return
			}
		}
	}
}

func (n *node) each(yield func(key Key, value Value) bool) bool {
	for e := n; e != nil; e = e.overflow.Load() {
		if !yield(e.key, e.value) {
			return false
		}
	}
	return true
}

// Len counts the keys that Range visits; a sync.Map has no such method.
func (m *Map) Len() int {
	n := 0
	m.Range(func(Key, Value) bool {
		n++
		return true
	})
	return n
}
