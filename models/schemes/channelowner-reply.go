package schemes

// newReply of channelowner.go: the owner puts the answer down and goes on.
func newReply() chan response {
	return make(chan response, 1)
}
