package schemes

// A plain map and nothing else: what happens without a protection scheme.

type Map struct {
	m map[Key]Value
}

func NewMap() *Map {
	return &Map{m: map[Key]Value{}}
}

func (m *Map) Load(key Key) (value Value, ok bool) {
	value, ok = m.m[key]
	return
}

func (m *Map) Store(key Key, value Value) {
	m.m[key] = value
}

func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	actual, loaded = m.m[key]
	if !loaded {
		actual = value
		m.m[key] = value
	}
	return
}

func (m *Map) LoadAndDelete(key Key) (value Value, loaded bool) {
	value, loaded = m.m[key]
	delete(m.m, key)
	return
}

func (m *Map) Delete(key Key) {
	delete(m.m, key)
}

func (m *Map) Swap(key Key, value Value) (previous Value, loaded bool) {
	previous, loaded = m.m[key]
	m.m[key] = value
	return
}

func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	if value, ok := m.m[key]; ok && value == old {
		m.m[key] = new
		swapped = true
	}
	return
}

func (m *Map) CompareAndDelete(key Key, old Value) (deleted bool) {
	if value, ok := m.m[key]; ok && value == old {
		delete(m.m, key)
		deleted = true
	}
	return
}

func (m *Map) Clear() {
	clear(m.m)
}

func (m *Map) Range(yield func(key Key, value Value) bool) {
	for key, value := range m.m {
		if !yield(key, value) {
			return
		}
	}
}

func (m *Map) Len() int {
	return len(m.m)
}
