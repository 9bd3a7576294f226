package schemes

// What stands in a slot of the trie: internal/sync/hashtriemap.go of Go 1.27, lines 564 to 718.

// node is an entry, or leads to a branch. Go keeps the two apart by a flag and casts (lines 706 to 718); here an
// entry is a node without a branch. Nobody changes a node that has been published.
type node struct {
	branch *branch
	key    Key
	value  Value
}

func newEntry(key Key, value Value) *node {
	return &node{key: key, value: value}
}

func (n *node) get() Value {
	return n.value
}

// CompareAndSwap, line 280: a new entry takes the place of the old one, under the lock of its branch.
func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	for {
		i, level, n := m.descend(key)
		if n == nil || n.key != key || n.get() != old {
			return false // line 444: without the lock
		}
		i.mu.Lock()
		n = i.children[index(key, level)].Load()
		if !i.usable(n) {
			i.mu.Unlock()
			continue
		}
		if n != nil && n.key == key && n.get() == old {
			i.children[index(key, level)].Store(newEntry(key, new))
			swapped = true
		}
		i.mu.Unlock()
		return
	}
}
