package handshake_test

import (
	"testing"

	"tacet/handshake"
)

// TestVerifiersVerdictIsNotTheApplications: where the application is asked about
// chains, a session that a verifier judged is not resumed unseen.
func TestVerifiersVerdictIsNotTheApplications(t *testing.T) {
	p := newPair(t, baseConfig(t)).secure()
	c := baseConfig(t)
	c.session, c.seed, c.client.AskVerify = p.c.sess[0], 1, true
	p = newPair(t, c)
	asked := false
	offer := p.c.ans
	p.c.ans = func(e *handshake.Engine, q handshake.Query) bool {
		if v, ok := q.(*handshake.VerifyQuery); ok {
			asked = true
			return e.Answer(v.Accept(nil)) == nil
		}
		return offer(e, q)
	}
	p.secure()
	if !asked || p.c.e.State().Resumed {
		t.Errorf("asked %v, resumed %v", asked, p.c.e.State().Resumed)
	}
	// The application's own verdict stands.
	c.session, c.seed = p.c.sess[0], 2
	p = newPair(t, c)
	if p.secure(); !p.c.e.State().Resumed {
		t.Error("not resumed by the application's own verdict")
	}
}

// TestChosenProfileSizesRecords: a profile that a HelloQuery is answered with is
// in force for records too.
func TestChosenProfileSizesRecords(t *testing.T) {
	c := baseConfig(t)
	other := c.server
	other.MaxSendFragment = 512
	chosen, err := other.CompileServer()
	if err != nil {
		t.Fatal(err)
	}
	c.server.AskHello = true
	p := newPair(t, c)
	p.s.ans = func(e *handshake.Engine, q handshake.Query) bool {
		h, ok := q.(*handshake.HelloQuery)
		return ok && e.Answer(h.Choose(handshake.HelloChoice{Profile: chosen})) == nil
	}
	p.secure()
	out, err := p.s.e.Seal(nil, make([]byte, 2000))
	if err != nil {
		t.Fatal(err)
	}
	if n := int(out[3])<<8 | int(out[4]); n > 512+17 {
		t.Errorf("a record of %d bytes", n)
	}
}
