package schemes

// publish of copyonwrite.go: only in place of the map that was copied.
func (m *Map) publish(old, next *table) bool {
	return m.p.CompareAndSwap(old, next)
}
