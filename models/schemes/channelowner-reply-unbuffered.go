package schemes

// newReply of channelowner.go: the owner waits until the client has taken the answer. As safe, but a client that
// gives up would block it for ever.
func newReply() chan response {
	return make(chan response)
}
