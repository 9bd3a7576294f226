package schemes

// Map is a map under one sync.Mutex.
type Map struct {
	mu sync.Mutex
	m  map[Key]Value
}

func NewMap() *Map { return &Map{m: map[Key]Value{}} }

func (m *Map) Load(k Key) (Value, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.m[k]
	return v, ok
}

func (m *Map) Store(k Key, v Value) {
	m.mu.Lock()
	m.m[k] = v
	m.mu.Unlock()
}

func (m *Map) LoadOrStore(k Key, v Value) (Value, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.m[k]; ok {
		return old, true
	}
	m.m[k] = v
	return v, false
}
