package handshake_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
)

// What a server staples when the application is asked (RFC 6066 §8, RFC 9846 §4.5.1.1).

// twoKeys gives a server an RSA certificate before its ECDSA one.
func twoKeys(t testing.TB, c *config) {
	rsa := credtest.CA(t).Leaf(t, credtest.RSA2048, "example.org")
	c.server.Credentials = []*cred.Credential{rsa, c.server.Credentials[0]}
}

// ownKey is the application's answer of the PSK queries of both sides.
func ownKey(_ *handshake.Engine, q handshake.Query) (handshake.Answer, bool) {
	switch q := q.(type) {
	case *handshake.PSKQuery:
		return q.Offer([]byte(pskIdentity), []byte("a key")), true
	case *handshake.PSKLookup:
		return q.Found(0, []byte("a key")), true
	}
	return handshake.Answer{}, false
}

// TestStapleQuery counts what is asked of whom.
func TestStapleQuery(t *testing.T) {
	//= RFC 6066 §8 type=test
	//= RFC 9846 §4.5.1.1 type=test
	const v12, v13 = record.TLS12, record.TLS13
	silent := func(_ testing.TB, c *config) { c.client.RequestOCSP = false }
	unasked := func(_ testing.TB, c *config) { c.server.AskStaple = false }
	ecdsa := func(_ testing.TB, c *config) { c.client.Schemes = []cred.Scheme{cred.ECDSAP256SHA256} }
	ecdsaSuite, rsaSuite := suited("ECDHE-ECDSA-AES128-GCM-SHA256"), suited("AES128-GCM-SHA256")
	for _, row := range []struct {
		name   string
		v      record.Version
		set    func(testing.TB, *config)
		answer string
		asked  x509.PublicKeyAlgorithm // of the certificate that is asked about; 0: nothing is asked
		got    string
	}{
		{"asked", v12, ecdsaSuite, "answer", x509.ECDSA, "answer"},
		{"asked", v13, stapled, "answer", x509.ECDSA, "answer"},
		{"nothing to staple", v12, ecdsaSuite, "", x509.ECDSA, ""},
		{"nothing to staple, whatever the credential has", v12, stapled, "", x509.ECDSA, ""},
		{"nothing to staple, whatever the credential has", v13, stapled, "", x509.ECDSA, ""},
		{"the client does not ask", v12, silent, "answer", 0, ""},
		{"the client does not ask", v13, silent, "answer", 0, ""},
		{"the credential's, if the profile does not ask", v12, and(stapled, unasked), "answer", 0, "an OCSP response"},
		{"the credential's, if the profile does not ask", v13, and(stapled, unasked), "answer", 0, "an OCSP response"},
		{"the first of two", v13, twoKeys, "answer", x509.RSA, "answer"},
		{"the second of two, by the client's schemes", v13, and(twoKeys, ecdsa), "answer", x509.ECDSA, "answer"},
		{"the first of two, by the suite", v12, and(twoKeys, rsaSuite), "answer", x509.RSA, "answer"},
		{"the second of two, by the suite", v12, and(twoKeys, ecdsaSuite), "answer", x509.ECDSA, "answer"},
		{"the longest", v12, nil, string(make([]byte, 1<<15)), x509.ECDSA, string(make([]byte, 1<<15))},
		{"the longest", v13, nil, string(make([]byte, 1<<15)), x509.ECDSA, string(make([]byte, 1<<15))},
		{"retry", v13, retried, "answer", x509.ECDSA, "answer"},
		{"a key in place of a certificate", v13, externalKey(pskIdentity), "answer", 0, ""},
		{"a key in place of a certificate", v12, and(suited("PSK-AES128-CBC-SHA256"), nobody, secretly("", pskIdentity)), "answer", 0, ""},
		{"a key beside a certificate", v12, and(suited("RSA-PSK-AES128-CBC-SHA256"), withRSA, secretly("", pskIdentity)), "answer", x509.RSA, "answer"},
	} {
		t.Run(fmt.Sprintf("%v %s", row.v, row.name), func(t *testing.T) {
			c := baseConfig(t)
			c.client.MaxVersion, c.client.RequestOCSP, c.server.AskStaple = row.v, true, true
			if row.set != nil {
				row.set(t, &c)
			}
			p := newPair(t, c)
			asked := countStaples(t, p, row.answer)
			if p.secure(); string(p.c.e.State().OCSPResponse) != row.got {
				t.Errorf("the client got %d bytes, want %d", len(p.c.e.State().OCSPResponse), len(row.got))
			}
			if row.asked == 0 && len(*asked) == 0 {
				return
			}
			if len(*asked) != 1 || (*asked)[0] != p.s.e.State().Credential {
				t.Fatalf("asked %d times", len(*asked))
			}
			if got := (*asked)[0].Leaf.PublicKeyAlgorithm; got != row.asked {
				t.Errorf("asked about a certificate of %v, want %v", got, row.asked)
			}
		})
	}
}

// countStaples answers all queries of a pair, and keeps the credentials asked about.
func countStaples(t *testing.T, p *pair, answer string) *[]*cred.Credential {
	var asked []*cred.Credential
	ans := func(e *handshake.Engine, q handshake.Query) bool {
		a, ok := ownKey(e, q)
		if q, is := q.(*handshake.StapleQuery); is {
			asked, ok = append(asked, q.Credential), true
			given := []byte(answer)
			defer scribble(given)
			a = q.Staple(given)
		}
		if ok {
			if err := e.Answer(a); err != nil {
				t.Error(err)
			}
		}
		return ok
	}
	p.s.ans = ans
	if p.c.ans == nil {
		p.c.ans = ans
	}
	return &asked
}

// TestStapleOnResumption: a session that is resumed shows no certificate, so nothing is asked.
func TestStapleOnResumption(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MaxVersion, c.client.RequestOCSP, c.server.AskStaple = v, true, true
		p := newPair(t, c)
		full := countStaples(t, p, "answer")
		c.session, c.seed = p.secure().c.sess[0], 1
		p = newPair(t, c)
		short := countStaples(t, p, "answer")
		if p.secure(); !p.s.e.State().Resumed || len(*full) != 1 || len(*short) != 0 {
			t.Errorf("%v: resumed %v, asked %d times and %d", v, p.s.e.State().Resumed, len(*full), len(*short))
		}
	}
}

// TestStapleAnswers: an answer that does not fit is misuse, after which another is
// taken; one that refuses ends the handshake before anything but the alert is said.
func TestStapleAnswers(t *testing.T) {
	refusal := errors.New("no responder")
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, row := range []struct {
			name  string
			err   error
			alert record.Alert // 0: it goes on
		}{
			{"given late", nil, 0},
			{"refused", refusal, record.AlertHandshakeFailure},
			{"refused with an alert", record.AlertInternalError, record.AlertInternalError},
		} {
			t.Run(fmt.Sprintf("%v %s", v, row.name), func(t *testing.T) {
				c := baseConfig(t)
				one := *c.server.Credentials[0]
				one.SCTs = [][]byte{make([]byte, 1000)}
				c.server.Credentials = []*cred.Credential{&one}
				c.client.MaxVersion, c.client.RequestOCSP, c.server.AskStaple = v, true, true
				p := newPair(t, c)
				p.run()
				q, ok := p.s.e.Query().(*handshake.StapleQuery)
				if !ok || p.s.e.Pending() > 0 || len(p.c.in) > 0 {
					t.Fatalf("in %s, %d bytes are due, %d were sent", p.s.e.StateName(), p.s.e.Pending(), len(p.c.in))
				}
				for _, a := range []handshake.Answer{q.Staple(make([]byte, 1<<15-1001)), new(handshake.StapleQuery).Staple(nil), {}} {
					if err := p.s.e.Answer(a); classOf(err) != handshake.Misuse || p.s.e.Query() != q {
						t.Fatal(err)
					}
				}
				if row.alert == 0 {
					if err := p.s.e.Answer(q.Staple([]byte("late"))); err != nil {
						t.Fatal(err)
					}
					if p.secure(); string(p.c.e.State().OCSPResponse) != "late" {
						t.Errorf("%q", p.c.e.State().OCSPResponse)
					}
					return
				}
				err := p.s.e.Answer(q.Refuse(row.err))
				var own *handshake.Error
				if !errors.As(err, &own) || !errors.Is(err, row.err) || own.Kind != handshake.KindRefused || own.Alert != row.alert {
					t.Fatal(err)
				}
				if out := p.s.e.AppendOut(nil); !bytes.Equal(out, []byte{21, 3, 3, 0, 2, 2, byte(row.alert)}) {
					t.Errorf("sent %x", out)
				}
			})
		}
	}
}

// TestStapleAgain: a renegotiation shows the certificate anew, and so asks anew.
func TestStapleAgain(t *testing.T) {
	c := baseConfig(t)
	c.client.MaxVersion, c.client.RequestOCSP, c.server.AskStaple = record.TLS12, true, true
	c.server.Renegotiation = handshake.AllowRenegotiation
	p := newPair(t, c)
	asked := countStaples(t, p, "answer")
	if err := p.secure().c.e.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	if p.secure(); len(*asked) != 2 || string(p.c.e.State().OCSPResponse) != "answer" {
		t.Errorf("asked %d times; the client has %q", len(*asked), p.c.e.State().OCSPResponse)
	}
}

// TestStapleOfOtherStatus: a client that asks for a status that is no OCSP response
// is given none, in either version.
func TestStapleOfOtherStatus(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, typ := range []byte{1, 2} { // ocsp, ocsp_multi
			c := baseConfig(t)
			stapled(t, &c)
			c.client.MaxVersion, c.server.Trace = v, true
			p := newPair(t, c)
			p.turn(p.c, p.s)
			request := []byte{0, byte(msg.ExtStatusRequest), 0, 5, 1, 0, 0, 0, 0}
			at := bytes.Index(p.s.in, request)
			if at < 0 {
				t.Fatal("the client does not ask")
			}
			p.s.in[at+4] = typ
			got := false
			for kind := handshake.QueryPending; kind != handshake.NeedInput; {
				n, ev := p.s.e.Step(p.now, p.s.in)
				p.s.in, kind = p.s.in[n:], ev.Kind
				got = got || kind == handshake.MessageSent && bytes.Contains(ev.Data, []byte("an OCSP response"))
				if kind == handshake.Failed {
					t.Fatal(p.s.e.Err())
				}
			}
			if got != (typ == 1) {
				t.Errorf("%v, status_type %d: stapled %v", v, typ, got)
			}
		}
	}
}

// TestStapleForks: forks that are given different staples sign different handshakes.
func TestStapleForks(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.server.Credentials = hide(c.server.Credentials)
		c.client.MaxVersion, c.client.RequestOCSP, c.server.AskStaple = v, true, true
		p := newPair(t, c)
		p.run()
		elder, twin := p.s.e, p.s.e.Fork()
		staple := func(e *handshake.Engine, text string) *handshake.SignQuery {
			if err := e.Answer(e.Query().(*handshake.StapleQuery).Staple([]byte(text))); err != nil {
				t.Fatal(err)
			}
			return e.Query().(*handshake.SignQuery)
		}
		asked := staple(elder, "the elder's")
		before := bytes.Clone(asked.Content)
		if other := staple(twin, "the twin's"); other == asked || elder.Query() != asked || !bytes.Equal(asked.Content, before) {
			t.Errorf("%v: what the elder signs is the twin's", v)
		}
	}
}
