package actor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
)

// party is a side of a conversation that is under way while a transport fails, and what
// becomes of its calls.
type party struct {
	*actor.Conn
	client bool
	goOn   chan struct{} // closed when those may go on who ran into a deadline
	calls  sync.WaitGroup
	ended  map[string]chan struct{}

	mu       sync.Mutex
	errs     map[string]error // of the calls that have ended
	late     map[string]int   // deadlines that calls ran into
	wrote    int              // bytes that Write counted
	received []byte
}

// talked is how much each side sends, in pieces.
const talked, piece = 6000, 500

func newParty(c *actor.Conn, client bool) *party {
	p := &party{Conn: c, client: client, goOn: make(chan struct{}), errs: map[string]error{}, late: map[string]int{}}
	p.ended = map[string]chan struct{}{}
	return p
}

func said(client bool) []byte {
	if client {
		return pattern(talked, 1)
	}
	return pattern(talked, 2)
}

// call runs f in a goroutine of its own and keeps how it ends.
func (p *party) call(name string, f func() error) {
	ended := make(chan struct{})
	p.ended[name] = ended
	p.calls.Go(func() {
		err := f()
		p.mu.Lock()
		p.errs[name] = err
		p.mu.Unlock()
		close(ended)
	})
}

// over reports whether a call has ended.
func (p *party) over(name string) bool {
	select {
	case <-p.ended[name]:
		return true
	default:
		return false
	}
}

// talk reads and writes as long as it goes, through deadlines.
func (p *party) talk() {
	p.call("Read", func() error {
		buf := make([]byte, 700)
		for {
			n, err := p.Conn.Read(buf)
			p.mu.Lock()
			p.received = append(p.received, buf[:n]...)
			p.mu.Unlock()
			if err != nil && !p.goesOn("Read", err) {
				return err
			}
		}
	})
	p.call("Write", func() error {
		for data := said(p.client); len(data) > 0; {
			n, err := p.Conn.Write(data[:min(piece, len(data))])
			data = data[n:]
			p.mu.Lock()
			p.wrote += n
			p.mu.Unlock()
			if err != nil && !p.goesOn("Write", err) {
				return err
			}
		}
		for { // of what a deadline has left, if there was one
			if _, err := p.Conn.Write(nil); err == nil || !p.goesOn("Write", err) {
				return err
			}
		}
	})
}

// goesOn waits, after a deadline, until there is none.
func (p *party) goesOn(name string, err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	p.mu.Lock()
	p.late[name]++
	p.mu.Unlock()
	<-p.goOn
	return true
}

// place is where and when a transport fails.
type place struct {
	pumped   bool
	emulated bool // the transports have no deadlines
	byServer bool // a server asks
	starts   bool // it is the transport of who asks
	read     bool
	n        int // of its reads or writes
	fault    fault
}

func (w place) String() string {
	who := map[bool]string{false: "client", true: "server"}
	side := map[bool]string{false: "asked", true: "asking"}
	op := map[bool]string{false: "write", true: "read"}
	kind := map[bool]string{false: "", true: " emulated"}
	return fmt.Sprintf("%s%s by the %s, %s side's %s %d, %v",
		mode(w.pumped)[1:], kind[w.emulated], who[w.byServer], side[w.starts], op[w.read], w.n, w.fault)
}

// scene is a conversation with a renegotiation whose transport has come to the place of its
// fault.
type scene struct {
	place
	asks, asked  *party
	victim, peer *party // by whose transport it is
	valve        *valve
}

// befall plays a conversation until the fault has come and nothing moves, and then f. It
// reports whether there was such a read or write. That all goroutines end is the bubble's to see.
func befall(t *testing.T, w place, f func(t *testing.T, s *scene)) (came bool) {
	p := compile(t, record.TLS12, renewable)
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		s := &scene{place: w, valve: newValve(a, b, w.fault, w.read, w.n)}
		var x, y actor.Transport = s.valve, b
		if w.emulated {
			x, y = bare(x), bare(y)
		}
		cfg := &actor.Config{Pumped: w.pumped}
		if w.byServer == w.starts {
			s.victim, s.peer = newParty(actor.Server(x, p.server, cfg), false), newParty(actor.Client(y, p.client, serverName, cfg), true)
		} else {
			s.victim, s.peer = newParty(actor.Client(x, p.client, serverName, cfg), true), newParty(actor.Server(y, p.server, cfg), false)
		}
		s.asks, s.asked = s.victim, s.peer
		if !w.starts {
			s.asks, s.asked = s.peer, s.victim
		}
		if err := handshakeBoth(s.victim, s.peer); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.valve.arm(true)
		s.asks.call("Renegotiate", func() error { return s.asks.Renegotiate(context.Background(), nil) })
		s.victim.talk()
		s.peer.talk()
		synctest.Wait()
		select {
		case <-s.valve.hit:
			came = true
			f(t, s)
		default:
			s.valve.arm(false)
			s.completes(t)
		}
		s.end()
	})
	return came
}

// end closes all and waits for all calls.
func (s *scene) end() {
	s.valve.release()
	for _, p := range []*party{s.victim, s.peer} {
		p.Close()
		p.calls.Wait()
	}
}

// completes checks that the conversation comes to its good end: all bytes are there.
func (s *scene) completes(t *testing.T) {
	t.Helper()
	synctest.Wait()
	for _, p := range []*party{s.victim, s.peer} {
		for _, name := range []string{"Renegotiate", "Write"} {
			switch ended := p.ended[name]; {
			case ended == nil:
			case !p.over(name):
				t.Errorf("client %v: %s does not end", p.client, name)
			case p.errs[name] != nil:
				t.Errorf("client %v: %s: %v", p.client, name, p.errs[name])
			}
		}
		p.mu.Lock()
		if want := said(!p.client); !bytes.Equal(p.received, want) {
			t.Errorf("client %v: %d bytes of %d, or others", p.client, len(p.received), len(want))
		}
		if p.wrote != talked {
			t.Errorf("client %v: Write counts %d bytes", p.client, p.wrote)
		}
		p.mu.Unlock()
	}
	if a, b := s.victim.State(), s.peer.State(); a == nil || b == nil || a.ClientRandom != b.ClientRandom {
		t.Error("the sides speak of two handshakes")
	}
	s.closesBetween(t)
}

// closesBetween closes one side: the other reads io.EOF.
func (s *scene) closesBetween(t *testing.T) {
	t.Helper()
	if err := s.victim.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	<-s.peer.ended["Read"]
	<-s.victim.ended["Read"]
	if err := s.peer.errs["Read"]; err != io.EOF {
		t.Errorf("Read of a peer that closed: %v", err)
	}
	if err := s.victim.errs["Read"]; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
}

// prefixes checks that nobody was given other bytes than the peer sent.
func (s *scene) prefixes(t *testing.T) {
	t.Helper()
	for _, p := range []*party{s.victim, s.peer} {
		if !bytes.HasPrefix(said(!p.client), p.received) {
			t.Errorf("client %v: other bytes than were sent", p.client)
		}
	}
}

// blameless checks that a call ended by what happened to the transport, or by Close, and not as
// if the peer had sent nonsense.
func blameless(t *testing.T, what string, err error) {
	t.Helper()
	var lost *actor.TransportError
	var e *handshake.Error
	switch {
	case err == nil, err == io.EOF, errors.Is(err, net.ErrClosed), errors.As(err, &lost):
		return
	case errors.As(err, &e):
		for _, k := range []handshake.Kind{handshake.KindTruncated, handshake.KindClosedInHandshake, handshake.KindAlertReceived, handshake.KindReadFailed} {
			if errors.Is(err, k) {
				return
			}
		}
	}
	t.Errorf("%s: %v", what, err)
}

// faultsAt has f see each fault of a list at each read and write of a renegotiation: on both
// sides, asked for by either, in each mode.
func faultsAt(t *testing.T, faults []fault, f func(t *testing.T, s *scene)) {
	for i := range 16 {
		w := place{pumped: i&1 != 0, emulated: i&2 != 0, byServer: i&4 != 0, starts: i&8 != 0}
		for _, w.fault = range faults {
			for _, w.read = range []bool{false, true} {
				if w.read && (w.fault == stallPart || w.fault == failPart) {
					continue
				}
				w.n = 0
				for came := true; came && w.n < 64; w.n++ {
					t.Run(w.String(), func(t *testing.T) { came = befall(t, w, f) })
				}
				if w.n < 4 {
					t.Errorf("%v is too early for an end", w)
				}
				if testing.Short() {
					break
				}
			}
		}
	}
}

// TestRenegotiationStalls goes on after a while as if nothing had been.
func TestRenegotiationStalls(t *testing.T) {
	faultsAt(t, []fault{stall, stallPart}, func(t *testing.T, s *scene) {
		time.Sleep(time.Hour) // of the bubble's: no time is too long
		s.valve.release()
		s.completes(t)
	})
}

// TestRenegotiationOutlastsDeadlines lets a deadline pass in a stall: the calls it is for end,
// and go on without loss once there is time and the transport moves.
func TestRenegotiationOutlastsDeadlines(t *testing.T) {
	faultsAt(t, []fault{stall, stallPart}, func(t *testing.T, s *scene) {
		v := s.victim
		v.SetDeadline(time.Now().Add(time.Second))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		v.mu.Lock()
		if v.late["Read"] != 1 {
			t.Errorf("Read ran into %d deadlines", v.late["Read"])
		}
		if !v.over("Write") && v.late["Write"] != 1 {
			t.Errorf("Write ran into %d deadlines", v.late["Write"])
		}
		v.mu.Unlock()
		v.SetDeadline(time.Time{})
		s.valve.release()
		close(v.goOn)
		s.completes(t)
	})
}

// TestRenegotiationCloses closes in a stall. Close takes no longer than last words may, and all
// calls of that side end with net.ErrClosed.
func TestRenegotiationCloses(t *testing.T) {
	faultsAt(t, []fault{stall, stallPart}, func(t *testing.T, s *scene) {
		begun := time.Now()
		if err := s.victim.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(begun); took > 6*time.Second {
			t.Errorf("Close took %v", took)
		}
		if err := s.victim.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a second Close: %v", err)
		}
		s.victim.calls.Wait()
		for name, err := range s.victim.errs {
			if !errors.Is(err, net.ErrClosed) && (err != nil || name == "Read") {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.peer.calls.Wait()
		for name, err := range s.peer.errs {
			blameless(t, name+" of the peer", err)
		}
		if err := s.peer.errs["Read"]; s.read && err != io.EOF {
			t.Errorf("the peer, to which all was written, is told %v", err)
		}
		s.prefixes(t)
	})
}

// TestRenegotiationLosesTransport has the transport fail, or end: calls say so, and who waits
// for the handshake does not wait for ever. What Write counts was taken by the transport.
func TestRenegotiationLosesTransport(t *testing.T) {
	faultsAt(t, []fault{fail, failPart, stallFail, cut}, func(t *testing.T, s *scene) {
		if s.fault == stallFail {
			s.valve.release()
		}
		time.Sleep(2 * time.Second) // the moment in which a peer may have said why
		synctest.Wait()
		for name := range s.victim.ended {
			ends := name == "Renegotiate" || s.fault == cut || s.read == (name == "Read")
			if ends && !s.victim.over(name) {
				t.Errorf("%s does not end", name)
			}
		}
		s.end()
		for name, err := range s.victim.errs {
			if name == "Read" && err == nil {
				t.Error("Read has no error")
			}
			s.says(t, name, err)
		}
		for name, err := range s.peer.errs {
			blameless(t, name+" of the peer", err)
		}
		s.prefixes(t)
		if !s.read && len(s.peer.received) < s.victim.wrote {
			t.Errorf("Write counts %d bytes, of which %d came", s.victim.wrote, len(s.peer.received))
		}
	})
}

// says checks that an error of the victim names the fault, if it came before Close.
func (s *scene) says(t *testing.T, name string, err error) {
	t.Helper()
	blameless(t, name, err)
	named := errors.Is(err, errFault) || s.fault == cut && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe))
	if err != nil && !named && !errors.Is(err, net.ErrClosed) && !errors.Is(err, handshake.KindReadFailed) {
		t.Errorf("%s: %v", name, err)
	}
	if name == "Renegotiate" && err != nil && !named {
		t.Errorf("Renegotiate: %v", err)
	}
}
