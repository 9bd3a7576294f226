package schemes

// usable of syncmap127-check.go, broken: a branch that has been taken out of the trie passes for usable. What is stored
// there nobody finds.
func (i *branch) usable(n *node) bool {
	return n == nil || n.branch == nil
}
