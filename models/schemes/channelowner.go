package schemes

// One goroutine owns the map; all others send it requests, each with a channel for the answer (channelowner-reply.go).
//
// The owner is a goroutine of the model: a role whose body is `m.Own()`. It serves until somebody calls m.Stop(), which
// must not happen before the last call has returned.

type operation int

const (
	load operation = iota
	store
	loadOrStore
	loadAndDelete
	compareAndSwap
	compareAndDelete
	wipe
	all
)

type request struct {
	op    operation
	key   Key
	old   Value
	value Value
	reply chan response
}

type response struct {
	value Value
	ok    bool
	all   map[Key]Value
}

type Map struct {
	requests chan request
	done     chan struct{}
}

func NewMap() *Map {
	return &Map{requests: make(chan request), done: make(chan struct{})}
}

// Own is the owner: nobody else has the map.
func (m *Map) Own() {
	table := map[Key]Value{}
	for {
		select {
		case r := <-m.requests:
			r.reply <- serve(table, r)
		case <-m.done:
			return
		}
	}
}

// Stop lets the owner return.
func (m *Map) Stop() {
	close(m.done)
}

func serve(table map[Key]Value, r request) response {
	if r.op == all {
		copied := map[Key]Value{}
		for key, value := range table {
			copied[key] = value
		}
		return response{all: copied}
	}
	if r.op == wipe {
		clear(table)
		return response{}
	}
	value, ok := table[r.key]
	switch r.op {
	case store:
		table[r.key] = r.value
	case loadOrStore:
		if !ok {
			value = r.value
			table[r.key] = value
		}
	case loadAndDelete:
		delete(table, r.key)
	case compareAndSwap:
		ok = ok && value == r.old
		if ok {
			table[r.key] = r.value
		}
	case compareAndDelete:
		ok = ok && value == r.old
		if ok {
			delete(table, r.key)
		}
	}
	return response{value: value, ok: ok}
}

func (m *Map) ask(op operation, key Key, old, value Value) response {
	reply := newReply()
	m.requests <- request{op, key, old, value, reply}
	return <-reply
}

func (m *Map) Load(key Key) (value Value, ok bool) {
	a := m.ask(load, key, value, value)
	return a.value, a.ok
}

func (m *Map) Store(key Key, value Value) {
	m.ask(store, key, value, value)
}

func (m *Map) LoadOrStore(key Key, value Value) (actual Value, loaded bool) {
	a := m.ask(loadOrStore, key, value, value)
	return a.value, a.ok
}

func (m *Map) LoadAndDelete(key Key) (value Value, loaded bool) {
	a := m.ask(loadAndDelete, key, value, value)
	return a.value, a.ok
}

func (m *Map) Delete(key Key) {
	_, _ = m.LoadAndDelete(key)
}

func (m *Map) Swap(key Key, value Value) (previous Value, loaded bool) {
	a := m.ask(store, key, value, value)
	return a.value, a.ok
}

func (m *Map) CompareAndSwap(key Key, old, new Value) (swapped bool) {
	return m.ask(compareAndSwap, key, old, new).ok
}

func (m *Map) CompareAndDelete(key Key, old Value) (deleted bool) {
	return m.ask(compareAndDelete, key, old, old).ok
}

func (m *Map) Clear() {
	m.do(wipe)
}

// Range works on a copy that the owner made.
func (m *Map) Range(yield func(key Key, value Value) bool) {
	for key, value := range m.do(all).all {
		if !yield(key, value) {
			return
		}
	}
}

func (m *Map) Len() int {
	return len(m.do(all).all)
}

// do asks for something that is about no key.
func (m *Map) do(op operation) response {
	var key Key
	var value Value
	return m.ask(op, key, value, value)
}
