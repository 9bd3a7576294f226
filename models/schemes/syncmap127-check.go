package schemes

// usable says whether a writer may go on that has locked i and then found n in its slot: internal/sync/hashtriemap.go
// of Go 1.27, lines 129, 237 and 463. Else the path of the key leads elsewhere by now: further down, or not through
// i.
func (i *branch) usable(n *node) bool {
	return (n == nil || n.branch == nil) && !i.dead.Load()
}
