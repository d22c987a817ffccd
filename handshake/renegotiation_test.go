package handshake_test

import (
	"errors"
	"testing"

	"tacet/handshake"
	"tacet/record"
)

// renewable is a pair up to TLS 1.2 that renegotiates, and is secure.
func renewable(t *testing.T) *pair {
	c := baseConfig(t)
	for _, side := range []*handshake.Config{&c.client, &c.server} {
		side.MaxVersion, side.Renegotiation = record.TLS12, handshake.AllowRenegotiation
	}
	return newPair(t, c).secure()
}

// TestHelloRequestCrossesHello has both sides begin at once: the client's hello
// counts, and the request that crossed it is passed over once.
func TestHelloRequestCrossesHello(t *testing.T) {
	//= RFC 5246 §7.4.1.1 type=test
	for _, requests := range []int{1, 2} { // of which one goes out: TestBadRenegotiationOrder has two
		p := renewable(t)
		if err := p.c.e.Renegotiate(nil); err != nil {
			t.Fatal(err)
		}
		for range requests {
			if err := p.s.e.Renegotiate(nil); err != nil {
				t.Fatal(err)
			}
		}
		p.c.e.Step(p.now, nil) // says the hello before it hears the request
		p.s.in = p.c.e.AppendOut(p.s.in)
		p.c.in = p.s.e.AppendOut(p.c.in)
		p.secure().echo()
	}
}

// TestRenegotiationAfterClose asks a side that has said close_notify: it says
// nothing more, and the other is heard to its end.
func TestRenegotiationAfterClose(t *testing.T) {
	for _, server := range []bool{false, true} {
		p := renewable(t)
		closed, asks := p.c, p.s
		if server {
			closed, asks = p.s, p.c
		}
		closed.e.CloseWrite()
		closed.e.AppendOut(nil) // which the peer has not heard yet
		if err := asks.e.Renegotiate(nil); err != nil {
			t.Fatal(err)
		}
		asks.e.Step(p.now, nil)
		closed.in = asks.e.AppendOut(closed.in)
		_, ev := closed.e.Step(p.now, closed.in)
		if ev.Kind == handshake.Failed || closed.e.Pending() > 0 || !closed.e.Secure() {
			t.Errorf("server %v: %v, %v, %d bytes are due", server, ev.Kind, closed.e.Err(), closed.e.Pending())
		}
	}
}

// TestPolicyOutlastsRenegotiation sets another policy than the profile's.
func TestPolicyOutlastsRenegotiation(t *testing.T) {
	p := renewable(t)
	p.c.e.SetRenegotiation(handshake.ForbidRenegotiation)
	if err := p.c.e.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	p.secure()
	if err := p.s.e.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	p.turn(p.s, p.c)
	p.turn(p.c, p.s)
	if !errors.Is(p.c.e.Err(), handshake.KindRenegotiationForbidden) {
		t.Errorf("the client: %v", p.c.e.Err())
	}
}

// TestRejoinIsHeededOnce begins a client's own renegotiation when a HelloRequest has
// stopped the receiver: there is one, not two.
func TestRejoinIsHeededOnce(t *testing.T) {
	p := renewable(t)
	r, s, err := p.c.e.Split()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.s.e.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	if _, ev := r.Step(p.now, p.s.e.AppendOut(nil)); ev.Kind != handshake.Rejoin {
		t.Fatal(ev.Kind)
	}
	if p.c.e, err = handshake.Join(r, s); err != nil {
		t.Fatal(err)
	}
	if err := p.c.e.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	p.c.log, p.s.log = nil, nil
	p.run()
	if n := len(p.c.log); !p.c.e.Secure() || n != 2 && n != 1 {
		t.Errorf("client: %v", p.c.log)
	}
}
