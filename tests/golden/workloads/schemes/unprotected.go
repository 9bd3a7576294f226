package schemes

// Map is a map without any protection.
type Map struct {
	m  map[Key]Value
}

func NewMap() *Map { return &Map{m: map[Key]Value{}} }

func (m *Map) Load(k Key) (Value, bool) {
	v, ok := m.m[k]
	return v, ok
}

func (m *Map) Store(k Key, v Value) {
	m.m[k] = v
}

func (m *Map) LoadOrStore(k Key, v Value) (Value, bool) {
	if old, ok := m.m[k]; ok {
		return old, true
	}
	m.m[k] = v
	return v, false
}
