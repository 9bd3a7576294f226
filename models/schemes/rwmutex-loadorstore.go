package schemes

// LoadOrStore of rwmutex.go: whoever may insert holds the lock for writing from the look on.

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
