package schemes

// tryExpungeLocked of syncmap123.go, as sync/map.go of Go 1.23 has it: a deleted entry that dirty does not get is
// marked, so that nobody stores into it before dirty has it again.
func (e *entry) tryExpungeLocked() (isExpunged bool) {
	p := e.p.Load()
	for p == nil {
		if e.p.CompareAndSwap(nil, expunged) {
			return true
		}
		p = e.p.Load()
	}
	return p == expunged
}
