package schemes

// tryExpungeLocked of syncmap123-expunge.go, broken: a deleted entry is left out of dirty and not marked. Who finds
// it in read stores into it, and the value is lost when dirty becomes read.
func (e *entry) tryExpungeLocked() (isExpunged bool) {
	return e.p.Load() == nil
}
