package schemes

// The hash trie behind sync.Map since Go 1.24, as internal/sync/hashtriemap.go of Go 1.27 has it, with two levels of
// two slots instead of sixteen levels of sixteen. Line numbers below are of that file.
//
// The user gives `func hash(key Key) int` with values 0 to 3 (without a body it is any function): the first bit selects
// the slot in the root, the second one the slot below it. Two keys of one model must not have the same hash: the chains
// of colliding entries (entry.overflow, line 566) are left out here; syncmap127chains.go has them.
//
// Two more files belong to it: syncmap127-entry.go says what an entry is and how CompareAndSwap changes it,
// syncmap127-check.go what a writer checks once it has the lock.

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
	if n != nil && n.key == key {
		return n.get(), true
	}
	return
}

// LoadOrStore, line 88.
func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	for {
		i, level, n := m.descend(key)
		if n != nil && n.key == key {
			return n.get(), true
		}
		i.mu.Lock() // line 127: then look again
		n = i.children[index(key, level)].Load()
		if !i.usable(n) {
			i.mu.Unlock()
			continue
		}
		if n != nil && n.key == key {
			actual, loaded = n.get(), true
		} else {
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
	// expand, line 167: both go into a new branch, which is published last.
	if index(n.key, level+1) == index(key, level+1) {
		panic("two keys with one hash: give them different ones")
	}
	below := &branch{parent: i}
	below.children[index(n.key, level+1)].Store(n)
	below.children[index(key, level+1)].Store(newEntry(key, value))
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
		if n != nil && n.key == key {
			previous, loaded = n.get(), true
			i.children[index(key, level)].Store(newEntry(key, value))
		} else {
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
		if n == nil || n.key != key {
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
	if n != nil && n.key == key {
		value, loaded = n.get(), true
		i = i.remove(key, level)
	}
	i.mu.Unlock()
	return
}

// CompareAndDelete, line 368. It compares the value under the lock only.
func (m *Map) CompareAndDelete(key Key, old Value) (deleted bool) {
	i, level, n := m.find(key)
	if i == nil {
		return
	}
	if n != nil && n.key == key && n.get() == old {
		deleted = true
		i = i.remove(key, level)
	}
	i.mu.Unlock()
	return
}

// remove empties the slot of key in a locked branch and takes branches without children out of the trie, lines 337
// to 355.
// It returns the branch that is locked at the end.
func (i *branch) remove(key Key, level int) *branch {
	i.children[index(key, level)].Store(nil)
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
			if !yield(n.key, n.get()) {
				return
			}
			continue
		}
		for k := range n.branch.children {
			e := n.branch.children[k].Load()
			if e != nil && !yield(e.key, e.get()) {
				return
			}
		}
	}
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
