package schemes

// publish of copyonwrite.go, broken: whoever stores last wins, and what others stored since `old` was loaded is lost.
func (m *Map) publish(old, next *table) bool {
	m.p.Store(next)
	return true
}
