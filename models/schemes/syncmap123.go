package schemes

// sync.Map of Go 1.23 and before: src/sync/map.go of golang/go before it became the hash trie (commit 01c351e5, but
// for Clear, which is that of Go 1.23). Functions have the names they have there.
//
// Keys live in two maps: `read`, which is replaced and never changed, and `dirty`, guarded by mu. Both lead to
// entries, which change atomically. A key of `dirty` alone makes `read` amended; after enough misses `dirty` becomes
// `read`.
//
// One more file belongs to it: syncmap123-expunge.go says what happens to deleted entries when `dirty` is made.

import (
	"sync"
	"sync/atomic"
)

type Map struct {
	mu     sync.Mutex
	read   atomic.Pointer[readOnly]
	dirty  map[Key]*entry // guarded by mu
	misses int            // guarded by mu
}

// readOnly never changes once it is published.
type readOnly struct {
	m       map[Key]*entry
	amended bool // dirty has a key that m has not
}

// entry is what both maps lead to. A nil p is a deleted key, one that equals `expunged` a deleted key that is not in
// dirty.
type entry struct {
	p atomic.Pointer[Value]
}

var expunged = new(Value)

func NewMap() *Map {
	m := &Map{}
	m.read.Store(&readOnly{})
	return m
}

func newEntry(value Value) *entry {
	e := &entry{}
	e.p.Store(&value)
	return e
}

func (m *Map) Load(key Key) (value Value, ok bool) {
	read := m.read.Load()
	e, ok := read.m[key]
	if !ok && read.amended {
		m.mu.Lock()
		read = m.read.Load()
		e, ok = read.m[key]
		if !ok && read.amended {
			e, ok = m.dirty[key]
			m.missLocked()
		}
		m.mu.Unlock()
	}
	if !ok {
		return value, false
	}
	return e.load()
}

func (e *entry) load() (value Value, ok bool) {
	p := e.p.Load()
	if p == nil || p == expunged {
		return value, false
	}
	return *p, true
}

func (m *Map) Store(key Key, value Value) {
	_, _ = m.Swap(key, value)
}

func (m *Map) Clear() {
	read := m.read.Load()
	if len(read.m) == 0 && !read.amended {
		return
	}
	m.mu.Lock()
	read = m.read.Load()
	if len(read.m) > 0 || read.amended {
		m.read.Store(&readOnly{})
	}
	clear(m.dirty)
	m.misses = 0
	m.mu.Unlock()
}

func (e *entry) tryCompareAndSwap(old, new Value) bool {
	p := e.p.Load()
	if p == nil || p == expunged || *p != old {
		return false
	}
	nc := new
	for {
		if e.p.CompareAndSwap(p, &nc) {
			return true
		}
		p = e.p.Load()
		if p == nil || p == expunged || *p != old {
			return false
		}
	}
}

// unexpungeLocked: the key must be put into dirty before mu is unlocked.
func (e *entry) unexpungeLocked() (wasExpunged bool) {
	return e.p.CompareAndSwap(expunged, nil)
}

func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	read := m.read.Load()
	if e, ok := read.m[key]; ok {
		actual, loaded, ok := e.tryLoadOrStore(value)
		if ok {
			return actual, loaded
		}
	}
	m.mu.Lock()
	read = m.read.Load()
	if e, ok := read.m[key]; ok {
		if e.unexpungeLocked() {
			m.dirty[key] = e
		}
		actual, loaded, _ = e.tryLoadOrStore(value)
	} else if e, ok := m.dirty[key]; ok {
		actual, loaded, _ = e.tryLoadOrStore(value)
		m.missLocked()
	} else {
		m.insertLocked(read, key, value)
		actual, loaded = value, false
	}
	m.mu.Unlock()
	return actual, loaded
}

// insertLocked puts a new key into dirty: what LoadOrStore and Swap do at their ends.
func (m *Map) insertLocked(read *readOnly, key Key, value Value) {
	if !read.amended {
		// The first new key in dirty: make dirty, and say that read is incomplete.
		m.dirtyLocked()
		m.read.Store(&readOnly{m: read.m, amended: true})
	}
	m.dirty[key] = newEntry(value)
}

// tryLoadOrStore: it does nothing to an expunged entry and says so.
func (e *entry) tryLoadOrStore(value Value) (actual Value, loaded, ok bool) {
	p := e.p.Load()
	if p == expunged {
		return actual, false, false
	}
	if p != nil {
		return *p, true, true
	}
	ic := value
	for {
		if e.p.CompareAndSwap(nil, &ic) {
			return value, false, true
		}
		p = e.p.Load()
		if p == expunged {
			return actual, false, false
		}
		if p != nil {
			return *p, true, true
		}
	}
}

func (m *Map) LoadAndDelete(key Key) (value Value, loaded bool) {
	read := m.read.Load()
	e, ok := read.m[key]
	if !ok && read.amended {
		m.mu.Lock()
		read = m.read.Load()
		e, ok = read.m[key]
		if !ok && read.amended {
			e, ok = m.dirty[key]
			delete(m.dirty, key)
			m.missLocked()
		}
		m.mu.Unlock()
	}
	if ok {
		return e.delete()
	}
	return value, false
}

func (m *Map) Delete(key Key) {
	_, _ = m.LoadAndDelete(key)
}

func (e *entry) delete() (value Value, ok bool) {
	for {
		p := e.p.Load()
		if p == nil || p == expunged {
			return value, false
		}
		if e.p.CompareAndSwap(p, nil) {
			return *p, true
		}
	}
}

// trySwap: it does nothing to an expunged entry and says so.
func (e *entry) trySwap(value *Value) (previous *Value, ok bool) {
	for {
		p := e.p.Load()
		if p == expunged {
			return nil, false
		}
		if e.p.CompareAndSwap(p, value) {
			return p, true
		}
	}
}

func (m *Map) Swap(key Key, value Value) (previous Value, loaded bool) {
	read := m.read.Load()
	if e, ok := read.m[key]; ok {
		if v, ok := e.trySwap(&value); ok {
			if v == nil {
				return previous, false
			}
			return *v, true
		}
	}
	m.mu.Lock()
	read = m.read.Load()
	if e, ok := read.m[key]; ok {
		if e.unexpungeLocked() {
			// The entry was expunged, so there is a dirty map, and it has not got the key.
			m.dirty[key] = e
		}
		if v := e.p.Swap(&value); v != nil {
			previous, loaded = *v, true
		}
	} else if e, ok := m.dirty[key]; ok {
		if v := e.p.Swap(&value); v != nil {
			previous, loaded = *v, true
		}
	} else {
		m.insertLocked(read, key, value)
	}
	m.mu.Unlock()
	return previous, loaded
}

func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	read := m.read.Load()
	if e, ok := read.m[key]; ok {
		return e.tryCompareAndSwap(old, new)
	} else if !read.amended {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	read = m.read.Load()
	if e, ok := read.m[key]; ok {
		swapped = e.tryCompareAndSwap(old, new)
	} else if e, ok := m.dirty[key]; ok {
		swapped = e.tryCompareAndSwap(old, new)
		m.missLocked()
	}
	return swapped
}

func (m *Map) CompareAndDelete(key Key, old Value) (deleted bool) {
	read := m.read.Load()
	e, ok := read.m[key]
	if !ok && read.amended {
		m.mu.Lock()
		read = m.read.Load()
		e, ok = read.m[key]
		if !ok && read.amended {
			e, ok = m.dirty[key]
			m.missLocked()
		}
		m.mu.Unlock()
	}
	for ok {
		p := e.p.Load()
		if p == nil || p == expunged || *p != old {
			return false
		}
		if e.p.CompareAndSwap(p, nil) {
			return true
		}
	}
	return false
}

// Range: dirty becomes read first, so that one look at read is enough.
func (m *Map) Range(yield func(key Key, value Value) bool) {
	read := m.read.Load()
	if read.amended {
		m.mu.Lock()
		read = m.read.Load()
		if read.amended {
			read = &readOnly{m: m.dirty}
			m.read.Store(read)
			m.dirty = nil
			m.misses = 0
		}
		m.mu.Unlock()
	}
	for key, e := range read.m {
		value, ok := e.load()
		if !ok {
			continue
		}
		if !yield(key, value) {
			break
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

func (m *Map) missLocked() {
	m.misses++
	if m.misses < len(m.dirty) {
		return
	}
	m.read.Store(&readOnly{m: m.dirty})
	m.dirty = nil
	m.misses = 0
}

// dirtyLocked: dirty gets the keys of read that are not deleted.
func (m *Map) dirtyLocked() {
	if m.dirty != nil {
		return
	}
	read := m.read.Load()
	m.dirty = map[Key]*entry{}
	for key, e := range read.m {
		if !e.tryExpungeLocked() {
			m.dirty[key] = e
		}
	}
}
