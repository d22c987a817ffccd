package peers

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"time"

	"tacet/actor"
	"tacet/handshake"
)

// stepped is this module's end of a row of renegotiations: the engine, stepped by
// hand, so that nothing but the engine is put to the test. A goroutine reads at all times.
type stepped struct {
	net.Conn
	row *row
	end *end

	mu         sync.Mutex
	changed    *sync.Cond
	engine     *handshake.Engine
	data       bytes.Buffer
	handshakes int                        // that were completed
	state      *handshake.ConnectionState // of the last of them
	err        error                      // the end of reading: io.EOF if the peer has closed
}

func (r *row) newStepped(nc net.Conn, e *end) *stepped {
	s := &stepped{Conn: nc, row: r, end: e}
	s.changed = sync.NewCond(&s.mu)
	if r.role == client {
		s.engine = handshake.NewServer(r.serverProfile(), actor.RandomEnv())
	} else {
		s.engine = handshake.NewClient(r.clientProfile(), serverName, actor.RandomEnv())
	}
	return s
}

// read feeds the engine until it has failed or the peer has closed.
func (s *stepped) read() {
	s.mu.Lock()
	defer s.mu.Unlock()
	chunk := make([]byte, 32<<10)
	for in := s.step(nil); s.err == nil; in = s.step(in) {
		s.mu.Unlock()
		n, err := s.Conn.Read(chunk)
		s.mu.Lock()
		in = append(in, chunk[:n]...)
		switch {
		case err == io.EOF:
			in = s.step(in)
			s.engine.EOF()
		case err != nil:
			s.err = err
			s.changed.Broadcast()
			return
		}
	}
}

// step consumes what it can, sends what is due, and returns the rest.
func (s *stepped) step(in []byte) []byte {
	defer s.changed.Broadcast()
	for s.err == nil {
		n, ev := s.engine.Step(time.Now(), in)
		in = in[n:]
		s.flush()
		switch ev.Kind {
		case handshake.NeedInput:
			return in
		case handshake.Failed:
			s.err = s.engine.Err()
		case handshake.PeerClosed:
			s.err = io.EOF
		case handshake.Data:
			s.data.Write(ev.Data)
		case handshake.KeyLogged:
			s.end.keys.printf("%s\n", ev.Data)
		case handshake.Secure:
			s.handshakes++
			s.state = s.engine.State()
			s.end.event(ev)
		}
	}
	return in
}

// flush sends what is due. The peer may not be there any more.
func (s *stepped) flush() {
	if out := s.engine.AppendOut(nil); len(out) > 0 {
		_, _ = s.Conn.Write(out)
	}
}

// await waits for the n-th handshake to be complete. The transport's deadline bounds it.
func (s *stepped) await(n int) error {
	for s.handshakes < n {
		if s.err != nil {
			return s.err
		}
		s.changed.Wait()
	}
	return nil
}

func (s *stepped) HandshakeContext(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	go s.read()
	return s.await(1)
}

// Renegotiate makes another handshake.
func (s *stepped) Renegotiate(p handshake.Profile) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.handshakes + 1
	if err := s.engine.Renegotiate(p); err != nil {
		return err
	}
	if s.engine.State().Client {
		s.step(nil) // says hello
	}
	s.flush()
	return s.await(next)
}

func (s *stepped) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.data.Len() == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.changed.Wait()
	}
	return s.data.Read(p)
}

func (s *stepped) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.engine.Secure() { // a renegotiation is under way
		if s.err != nil {
			return 0, s.err
		}
		s.changed.Wait()
	}
	out, err := s.engine.Seal(nil, p)
	if err != nil {
		return 0, err
	}
	if _, err := s.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *stepped) CloseWrite() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engine.CloseWrite()
	s.flush()
	return nil
}

func (s *stepped) Close() error {
	_ = s.CloseWrite()
	return s.Conn.Close()
}

func (s *stepped) UpdateKeys(request bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine.UpdateKeys(request)
}

func (s *stepped) State() *handshake.ConnectionState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *stepped) Export(label string, context []byte, length int) ([]byte, error) {
	return s.State().Export(label, context, length)
}
