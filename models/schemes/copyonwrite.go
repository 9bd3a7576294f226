package schemes

// Copy on write: an immutable map behind an atomic.Pointer. Readers load it and look. A writer copies it, changes the
// copy and puts it in place of the one it copied, or begins again if that is no longer the one
// (copyonwrite-publish.go).

import "sync/atomic"

type table = map[Key]Value

type Map struct {
	p atomic.Pointer[table]
}

func NewMap() *Map {
	m := &Map{}
	m.p.Store(&table{})
	return m
}

func copied(old *table) *table {
	next := table{}
	for key, value := range *old {
		next[key] = value
	}
	return &next
}

func (m *Map) Load(key Key) (value Value, ok bool) {
	value, ok = (*m.p.Load())[key]
	return
}

func (m *Map) Store(key Key, value Value) {
	_, _ = m.Swap(key, value)
}

func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	for {
		old := m.p.Load()
		if actual, loaded = (*old)[key]; loaded {
			return
		}
		next := copied(old)
		(*next)[key] = value
		if m.publish(old, next) {
			return value, false
		}
	}
}

func (m *Map) LoadAndDelete(key Key) (value Value, loaded bool) {
	for {
		old := m.p.Load()
		if value, loaded = (*old)[key]; !loaded {
			return
		}
		next := copied(old)
		delete(*next, key)
		if m.publish(old, next) {
			return
		}
	}
}

func (m *Map) Delete(key Key) {
	_, _ = m.LoadAndDelete(key)
}

func (m *Map) Swap(key Key, value Value) (previous Value, loaded bool) {
	for {
		old := m.p.Load()
		previous, loaded = (*old)[key]
		next := copied(old)
		(*next)[key] = value
		if m.publish(old, next) {
			return
		}
	}
}

func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	for {
		now := m.p.Load()
		if value, ok := (*now)[key]; !ok || value != old {
			return false
		}
		next := copied(now)
		(*next)[key] = new
		if m.publish(now, next) {
			return true
		}
	}
}

func (m *Map) CompareAndDelete(key Key, old Value) (deleted bool) {
	for {
		now := m.p.Load()
		if value, ok := (*now)[key]; !ok || value != old {
			return false
		}
		next := copied(now)
		delete(*next, key)
		if m.publish(now, next) {
			return true
		}
	}
}

func (m *Map) Clear() {
	m.p.Store(&table{})
}

// Range works on the map as it was when Range began.
func (m *Map) Range(yield func(key Key, value Value) bool) {
	for key, value := range *m.p.Load() {
		if !yield(key, value) {
			return
		}
	}
}

func (m *Map) Len() int {
	return len(*m.p.Load())
}
