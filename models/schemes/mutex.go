package schemes

// One sync.Mutex around everything.

import "sync"

type Map struct {
	mu sync.Mutex
	m  map[Key]Value // guarded by mu
}

func NewMap() *Map {
	return &Map{m: map[Key]Value{}}
}

func (m *Map) Load(key Key) (value Value, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok = m.m[key]
	return
}

func (m *Map) Store(key Key, value Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m[key] = value
}

func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	actual, loaded = m.m[key]
	if !loaded {
		actual = value
		m.m[key] = value
	}
	return
}

func (m *Map) LoadAndDelete(key Key) (value Value, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, loaded = m.m[key]
	delete(m.m, key)
	return
}

func (m *Map) Delete(key Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.m, key)
}

func (m *Map) Swap(key Key, value Value) (previous Value, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	previous, loaded = m.m[key]
	m.m[key] = value
	return
}

func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.m[key]; ok && value == old {
		m.m[key] = new
		swapped = true
	}
	return
}

func (m *Map) CompareAndDelete(key Key, old Value) (deleted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.m[key]; ok && value == old {
		delete(m.m, key)
		deleted = true
	}
	return
}

func (m *Map) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.m)
}

// Range holds the lock while it calls yield, which therefore may not call a method of the map.
func (m *Map) Range(yield func(key Key, value Value) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, value := range m.m {
		if !yield(key, value) {
			return
		}
	}
}

func (m *Map) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.m)
}
