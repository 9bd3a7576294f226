package schemes

// LoadOrStore of rwmutex.go, broken: it looks under the read lock and inserts under the lock without looking again.
// Between the two another goroutine may have stored the key, and both callers believe that theirs was the first.

func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	m.mu.RLock()
	actual, loaded = m.m[key]
	m.mu.RUnlock()
	if loaded {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m[key] = value
	return value, false
}
