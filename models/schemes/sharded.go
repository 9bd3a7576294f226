package schemes

// Shards: a key belongs to one of two maps, each with a lock of its own. Which one, the user's `func hash(key Key) int`
// says; without a body that is any function.
//
// Clear, Range and Len take one shard after the other: what they do is no single step for somebody who looks at several
// keys. A shard is locked while Range calls yield.

import "sync"

const shardCount = 2

type shard struct {
	mu sync.RWMutex
	m  map[Key]Value // guarded by mu
}

type Map struct {
	shards [shardCount]shard
}

func NewMap() *Map {
	m := &Map{}
	for i := range m.shards {
		m.shards[i].m = map[Key]Value{}
	}
	return m
}

func (m *Map) of(key Key) *shard {
	return &m.shards[hash(key)%shardCount]
}

func (m *Map) Load(key Key) (value Value, ok bool) {
	s := m.of(key)
	s.mu.RLock()
	defer s.mu.RUnlock()
	value, ok = s.m[key]
	return
}

func (m *Map) Store(key Key, value Value) {
	s := m.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[key] = value
}

func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	s := m.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	actual, loaded = s.m[key]
	if !loaded {
		actual = value
		s.m[key] = value
	}
	return
}

func (m *Map) LoadAndDelete(key Key) (value Value, loaded bool) {
	s := m.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	value, loaded = s.m[key]
	delete(s.m, key)
	return
}

func (m *Map) Delete(key Key) {
	s := m.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, key)
}

func (m *Map) Swap(key Key, value Value) (previous Value, loaded bool) {
	s := m.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	previous, loaded = s.m[key]
	s.m[key] = value
	return
}

func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	s := m.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, ok := s.m[key]; ok && value == old {
		s.m[key] = new
		swapped = true
	}
	return
}

func (m *Map) CompareAndDelete(key Key, old Value) (deleted bool) {
	s := m.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, ok := s.m[key]; ok && value == old {
		delete(s.m, key)
		deleted = true
	}
	return
}

func (m *Map) Clear() {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		clear(s.m)
		s.mu.Unlock()
	}
}

func (m *Map) Range(yield func(key Key, value Value) bool) {
	for i := range m.shards {
		if !m.shards[i].each(yield) {
			return
		}
	}
}

func (s *shard) each(yield func(key Key, value Value) bool) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for key, value := range s.m {
		if !yield(key, value) {
			return false
		}
	}
	return true
}

func (m *Map) Len() int {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		n += len(s.m)
		s.mu.RUnlock()
	}
	return n
}
