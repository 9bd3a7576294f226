package schemes

// Map lacks LoadOrStore.
type Map struct{ m sync.Map }

func NewMap() *Map { return &Map{} }

func (m *Map) Load(k Key) (value Value, ok bool) {
	v, ok := m.m.Load(k)
	if ok {
		value = v.(Value)
	}
	return value, ok
}
