package transport

import "sync"

// SocketEvents are node's events of a socket, as functions that are set before the
// socket is made; nil for those that nobody listens to. Each may take its time, use the
// socket and close it, but for OnKeylog, whose line is there for the call only. Other
// slices are the function's.
type SocketEvents struct {
	// OnSecureConnect is told that the handshake is complete and the peer's
	// certificate good or tolerated, and again after each renegotiation. The first
	// time it is called before Connect, Handshake, Read or Write returns; what Authorized and
	// the like tell is the new handshake's before anything is read under its keys.
	OnSecureConnect func(*Socket)
	// OnSession is told of each session to resume, in the bytes that
	// ConnectionOptions.Session takes: up to TLS 1.2 one of a full handshake, in TLS 1.3
	// one of each ticket, which a server may send at any time. A client alone
	// has it. It is called after OnSecureConnect of its handshake has returned, where that is
	// called, and one at a time.
	//
	// With it the socket reads ahead by a goroutine of its own, so that tickets come
	// while nobody calls Read.
	OnSession func(s *Socket, session []byte)
	// OnOCSPResponse is told, before OnSecureConnect, what the server stapled to its
	// certificate, nil for nothing: with RequestOCSP. It is not called of a resumed
	// session up to TLS 1.2.
	OnOCSPResponse func(s *Socket, response []byte)
	// OnKeylog is told of a line for an NSS key log, with newline. Who has
	// it reads all that is sent. It must not read, write or close.
	OnKeylog func(s *Socket, line []byte)
	// OnTimeout is told that for ConnectionOptions.Timeout nothing was read or written.
	// Nothing else happens then.
	OnTimeout func(*Socket)
}

// queue calls functions one after the other, in a goroutine that lives while there
// are some. It holds them back until it is opened.
type queue struct {
	mu      sync.Mutex
	list    []func()
	opened  bool
	running bool
}

// add has f called after all that were added before.
func (q *queue) add(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, f)
	q.start()
}

// open lets what is held back go.
func (q *queue) open() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.opened = true
	q.start()
}

func (q *queue) start() {
	if q.opened && !q.running && len(q.list) > 0 {
		q.running = true
		go q.run()
	}
}

func (q *queue) run() {
	for {
		q.mu.Lock()
		if len(q.list) == 0 {
			q.list, q.running = nil, false
			q.mu.Unlock()
			return
		}
		f := q.list[0]
		q.list = q.list[1:]
		q.mu.Unlock()
		f()
	}
}
