package handshake_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
)

// plaintext gives a handshake message as unprotected records.
func plaintext(m []byte) (out []byte) {
	for len(m) > 0 {
		n := min(len(m), record.MaxPlaintext)
		out = append(out, byte(record.TypeHandshake), 3, 3, byte(n>>8), byte(n))
		out, m = append(out, m[:n]...), m[n:]
	}
	return out
}

// helloOf is the ClientHello that a client says first.
func helloOf(t *testing.T, e *handshake.Engine) *msg.ClientHello {
	t.Helper()
	e.Step(credtest.Now, nil)
	var h msg.ClientHello
	if err := h.Parse(e.AppendOut(nil)[record.HeaderLen+msg.HeaderLen:]); err != nil {
		t.Fatal(err)
	}
	return &h
}

// TestCookieTooLong: a cookie that a second ClientHello has no room for fails
// the handshake; any other comes back.
func TestCookieTooLong(t *testing.T) {
	for _, tc := range []struct {
		n    int
		fits bool
	}{{1, true}, {60_000, true}, {65_500, false}} {
		p := newPair(t, baseConfig(t))
		h := helloOf(t, p.c.e)
		retry := msg.ServerHello{Version: record.TLS12, Random: msg.RetryRandom, SessionID: h.SessionID, Suite: 0x1301}
		retry.Ext.SelectedVersion, retry.Ext.Cookie = record.TLS13, make([]byte, tc.n)
		retry.Ext.Set(msg.ExtSupportedVersions)
		retry.Ext.Set(msg.ExtCookie)
		p.c.in = plaintext(retry.Append(nil))
		p.turn(p.c, p.s)
		if err := p.c.e.Err(); tc.fits != (err == nil) || err != nil && !errors.Is(err, record.AlertIllegalParameter) {
			t.Errorf("cookie of %d bytes: %v", tc.n, err)
		}
	}
}

// TestTicketTooLong: a ticket that a ClientHello has no room for is not offered.
func TestTicketTooLong(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, tc := range []struct {
			n    int
			fits bool
		}{{60, true}, {60_000, true}, {65_400, false}, {65_535, false}} {
			c := baseConfig(t)
			c.client.MaxVersion = v
			p := newPair(t, c).secure()
			p.run()
			s := *p.c.sess[0]
			s.Ticket = bytes.Repeat([]byte("ticket"), tc.n/6+1)[:tc.n]
			c.session = &s
			p = newPair(t, c)
			p.c.e.Step(p.now, nil)
			p.c.ans(p.c.e, p.c.e.Query())
			if got := bytes.Contains(p.c.e.AppendOut(nil), s.Ticket[:min(tc.n, 100)]); got != tc.fits {
				t.Errorf("%v, %d bytes: offered %v", v, tc.n, got)
			}
		}
	}
}

// vhosts is a server of two names with the same ticket keys, whose profiles a
// HelloQuery chooses between.
type vhosts map[string]*handshake.ServerProfile

func (v vhosts) answer(t *testing.T) func(*handshake.Engine, handshake.Query) bool {
	return func(e *handshake.Engine, q handshake.Query) bool {
		switch q := q.(type) {
		case *handshake.HelloQuery:
			if err := e.Answer(q.Choose(handshake.HelloChoice{Profile: v[q.ServerName]})); err != nil {
				t.Fatal(err)
			}
			return true
		case *handshake.VerifyQuery:
			e.Answer(q.Accept(nil))
			return true
		}
		return false
	}
}

// TestSessionOfAnotherHost: a client authenticated at one virtual host is not
// taken for authenticated at another, though both open the same tickets.
func TestSessionOfAnotherHost(t *testing.T) {
	ca, other := credtest.CA(t), credtest.Root(t, "another root", credtest.P256)
	leaf := ca.Leaf(t, credtest.P256, "a.example", "b.example")
	host := func(f func(c *handshake.Config)) *handshake.ServerProfile {
		c := handshake.Config{Credentials: []*cred.Credential{leaf}, TicketKeys: []session.TicketKey{ticketKey}}
		f(&c)
		p, err := c.CompileServer()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a := host(func(c *handshake.Config) { c.ClientAuth, c.Verifier = handshake.RequireClientCert, ca.Verifier() })
	for _, tc := range []struct {
		name string
		b    *handshake.ServerProfile
	}{
		{"asks for none", host(func(*handshake.Config) {})},
		{"records", host(func(c *handshake.Config) {
			c.ClientAuth, c.Verify, c.Verifier = handshake.RequestClientCert, handshake.VerifyRecord, other.Verifier()
		})},
		{"does not look", host(func(c *handshake.Config) { c.ClientAuth, c.Verify = handshake.RequestClientCert, handshake.VerifyNone })},
		{"asks the application", host(func(c *handshake.Config) { c.ClientAuth, c.AskVerify = handshake.RequireClientCert, true })},
	} {
		for _, v := range []record.Version{record.TLS12, record.TLS13} {
			t.Run(tc.name+"/"+v.String(), func(t *testing.T) {
				hosts := vhosts{"a.example": a, "b.example": tc.b}
				c := baseConfig(t)
				c.name, c.client.MaxVersion = "a.example", v
				c.client.Credentials = []*cred.Credential{ca.Leaf(t, credtest.P256, "client")}
				c.server.AskHello = true
				p := newPair(t, c)
				p.s.ans = hosts.answer(t)
				p.secure().run()
				if st := p.s.e.State(); !st.Verified || len(p.c.sess) == 0 {
					t.Fatal("the client is not verified, or got no session")
				}
				// The client is the attacker: it offers the session to another name.
				s := *p.c.sess[0]
				s.ServerName = "b.example"
				c.name, c.session, c.seed = "b.example", &s, 1
				c.client.Verify = handshake.VerifyNone
				p = newPair(t, c)
				p.s.ans = hosts.answer(t)
				p.run()
				if st := p.s.e.State(); !p.s.e.Secure() || st.Resumed {
					t.Errorf("resumed %v, verified %v, %v", st.Resumed, st.Verified, p.s.e.Err())
				}
			})
		}
	}
}

// TestResumedVerdict: with VerifyRecord what is told of a resumed peer is what
// this profile makes of it.
func TestResumedVerdict(t *testing.T) {
	ca, other := credtest.CA(t), credtest.Root(t, "another root", credtest.P256)
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, tc := range []struct {
			name          string
			first, second *cred.Verifier
			verified      bool
		}{
			{"trusted, then not", ca.Verifier(), other.Verifier(), false},
			{"never trusted", other.Verifier(), other.Verifier(), false},
			{"trusted", ca.Verifier(), ca.Verifier(), true},
		} {
			t.Run(v.String()+"/"+tc.name, func(t *testing.T) {
				c := baseConfig(t)
				c.client.MaxVersion, c.client.Verify, c.client.Verifier = v, handshake.VerifyRecord, tc.first
				p := newPair(t, c).secure()
				p.run()
				c.session, c.seed, c.client.Verifier = p.c.sess[0], 1, tc.second
				p = newPair(t, c).secure()
				st := p.c.e.State()
				if !st.Resumed || st.Verified != tc.verified || (st.VerifyError == nil) != tc.verified {
					t.Errorf("resumed %v, verified %v, %v", st.Resumed, st.Verified, st.VerifyError)
				}
			})
		}
	}
}

// TestApplicationsVerdict: what an application accepted, a verifier has not.
func TestApplicationsVerdict(t *testing.T) {
	c := baseConfig(t)
	other := credtest.Root(t, "another root", credtest.P256).Verifier()
	c.client.Verifier, c.client.AskVerify = other, true
	p := newPair(t, c)
	p.c.ans = func(e *handshake.Engine, q handshake.Query) bool {
		return e.Answer(q.(*handshake.VerifyQuery).Accept(nil)) == nil
	}
	p.secure().run()
	c.session, c.seed, c.client.AskVerify = p.c.sess[0], 1, false
	p = newPair(t, c)
	p.run()
	if p.c.e.Err() == nil {
		t.Error("a session that the verifier never saw was resumed in its name")
	}
}

// TestExportLimits: there is material or an error.
func TestExportLimits(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		c := baseConfig(t)
		c.client.MaxVersion = v
		p := newPair(t, c).secure()
		for _, n := range []int{1, 255 * 32, 255*32 + 1, 255*48 + 1, handshake.MaxExport} {
			if out, err := p.c.e.Export("EXPERIMENTAL", nil, n); err == nil && len(out) != n {
				t.Errorf("%v: %d bytes of %d and no error", v, len(out), n)
			}
		}
	}
}

// TestManyShares: a ClientHello full of groups and shares costs no more than another of its
// size, beyond what it takes to read them. How long that is, the machine and its load decide.
func TestManyShares(t *testing.T) {
	const groups, shares, id = 16000, 6400, 0x8000
	many, one := sharesHello(groups), sharesHello(groups)
	for i := groups - shares; i < groups; i++ {
		many.Ext.KeyShares = msg.AppendKeyShare(many.Ext.KeyShares, uint16(id+i), []byte{1})
	}
	one.Ext.KeyShares = msg.AppendKeyShare(nil, id+groups-1, make([]byte, len(many.Ext.KeyShares)-4))
	took := func(h *msg.ClientHello) time.Duration {
		p := newPair(t, baseConfig(t))
		p.s.in = plaintext(h.Append(nil))
		start := time.Now()
		p.turn(p.s, p.c)
		d := time.Since(start)
		if err := p.s.e.Err(); !errors.Is(err, handshake.KindNoCommonGroup) {
			t.Fatal(err)
		}
		return d
	}
	const most = 100 // 10 it is, and 700 where each share searches all groups
	ours, others := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for range 20 { // the least of some: one may be interrupted
		ours, others = min(ours, took(many)), min(others, took(one))
		if ours <= most*others {
			return
		}
	}
	t.Errorf("took %v, and another hello of its size %v", ours, others)
}

// sharesHello is a ClientHello of so many groups that nobody knows, without shares.
func sharesHello(groups int) *msg.ClientHello {
	h := &msg.ClientHello{Version: record.TLS12, Suites: msg.AppendUint16s(nil, 0x1301), Compression: []byte{0}}
	x := &h.Ext
	x.SupportedVersions = msg.AppendUint16s(nil, uint16(record.TLS13))
	x.SignatureAlgorithms = msg.AppendUint16s(nil, 0x0403)
	for i := range groups {
		x.SupportedGroups = msg.AppendUint16s(x.SupportedGroups, uint16(0x8000+i))
	}
	for _, id := range []msg.Ext{msg.ExtSupportedVersions, msg.ExtSignatureAlgorithms, msg.ExtSupportedGroups, msg.ExtKeyShare} {
		x.Set(id)
	}
	return h
}

// TestPlaintextAlertWindow: once a client has shown that it has keys, no alert
// without them counts.
func TestPlaintextAlertWindow(t *testing.T) {
	ca := credtest.CA(t)
	c := baseConfig(t)
	c.server.ClientAuth, c.server.Verifier = handshake.RequireClientCert, ca.Verifier()
	c.client.Credentials = []*cred.Credential{ca.Leaf(t, credtest.P256, "client")}
	p := newPair(t, c)
	if err := p.c.e.SetMaxSendFragment(handshake.MinSendFragment); err != nil {
		t.Fatal(err)
	}
	p.turn(p.c, p.s)
	p.turn(p.s, p.c)
	p.turn(p.c, p.s)
	for i := 0; i < 2; i++ { // the CCS and the first part
		n := record.HeaderLen + int(p.s.in[3])<<8 + int(p.s.in[4])
		k, ev := p.s.e.Step(p.now, p.s.in[:n])
		if k != n || ev.Kind != handshake.NeedInput {
			t.Fatal(k, n, ev.Kind)
		}
		p.s.in = p.s.in[n:]
	}
	if len(p.s.in) == 0 {
		t.Fatal("the flight was one record")
	}
	p.s.e.Step(p.now, []byte{byte(record.TypeAlert), 3, 3, 0, 2, 2, byte(record.AlertAccessDenied)})
	if err := p.s.e.Err(); !errors.Is(err, handshake.KindPlaintextRecord) {
		t.Error(err)
	}
}

// TestFailedIsNotVerified: whoever takes a session up without its secret has
// proved nothing.
func TestFailedIsNotVerified(t *testing.T) {
	c := baseConfig(t)
	p := newPair(t, c).secure()
	p.run()
	c.session, c.seed = p.c.sess[0], 1
	p = newPair(t, c)
	p.c.e.Step(p.now, nil)
	p.c.ans(p.c.e, p.c.e.Query())
	var h msg.ClientHello
	if err := h.Parse(p.c.e.AppendOut(nil)[record.HeaderLen+msg.HeaderLen:]); err != nil {
		t.Fatal(err)
	}
	x25519 := kx.ByID(kx.X25519)
	peer, _ := h.Ext.KeyShares.Find(uint16(kx.X25519))
	share, _, err := x25519.Encapsulate(make([]byte, x25519.EncapsulateSeedLen()), peer)
	if err != nil {
		t.Fatal(err)
	}
	m := msg.ServerHello{Version: record.TLS12, SessionID: h.SessionID, Suite: uint16(c.session.Suite)}
	m.Ext.SelectedVersion = record.TLS13
	m.Ext.ServerShare = msg.KeyShare{Group: uint16(kx.X25519), Data: share}
	for _, id := range []msg.Ext{msg.ExtSupportedVersions, msg.ExtKeyShare, msg.ExtPreSharedKey} {
		m.Ext.Set(id)
	}
	p.c.in = append(plaintext(m.Append(nil)), append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...)...)
	p.turn(p.c, p.s)
	if err := p.c.e.Err(); !errors.Is(err, handshake.KindBadRecordMAC) {
		t.Fatal(err)
	}
	if st := p.c.e.State(); st.Verified || st.Resumed {
		t.Error("a peer without the secret is verified")
	}
}

// TestStapleTooLong: what does not fit its extension is found by compiling.
func TestStapleTooLong(t *testing.T) {
	ca := credtest.CA(t)
	for _, f := range []func(c *cred.Credential){
		func(c *cred.Credential) { c.Staple = make([]byte, 70_000) },
		func(c *cred.Credential) { c.SCTs = [][]byte{make([]byte, 40_000), make([]byte, 40_000)} },
		func(c *cred.Credential) { c.Staple, c.SCTs = make([]byte, 40_000), [][]byte{make([]byte, 40_000)} },
	} {
		one := *ca.Leaf(t, credtest.P256, "example.org")
		f(&one)
		_, err := handshake.Config{Credentials: []*cred.Credential{&one}}.CompileServer()
		if bad := (*handshake.ConfigError)(nil); !errors.As(err, &bad) || bad.Field != "Credentials" {
			t.Error(err)
		}
	}
	names := make([]string, 65_000/256)
	for i := range names {
		names[i] = string(bytes.Repeat([]byte{byte(i)}, 255))
	}
	_, err := handshake.Config{ALPN: names, Verify: handshake.VerifyNone}.CompileClient()
	if bad := (*handshake.ConfigError)(nil); !errors.As(err, &bad) || bad.Field != "ALPN" {
		t.Error(err)
	}
}

// TestLongestFlights sends as much in one step as can be, with everything
// reported: what a step leaves to the driver is bounded, and going past the
// bound panics.
func TestLongestFlights(t *testing.T) {
	ca := credtest.CA(t)
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, retry := range []bool{false, true} {
			c := baseConfig(t)
			for _, side := range []*handshake.Config{&c.client, &c.server} {
				side.Trace, side.KeyLog, side.ALPN, side.Verifier = true, true, []string{"h2"}, ca.Verifier()
			}
			one := *ca.Leaf(t, credtest.P256, "example.org")
			one.Staple, one.SCTs = []byte("staple"), [][]byte{[]byte("sct")}
			c.client.Credentials = []*cred.Credential{ca.Leaf(t, credtest.P256, "client")}
			c.client.MaxVersion, c.client.RequestOCSP = v, true
			c.server.Credentials, c.server.ClientAuth, c.server.Tickets = []*cred.Credential{&one}, handshake.RequireClientCert, 16
			if retry {
				c.server.Groups = []kx.Group{kx.ByID(kx.P384)}
			}
			p := newPair(t, c).secure()
			p.echo()
			renewing := session.TicketKey{9}
			c.session, c.seed, c.server.TicketKeys = p.c.sess[0], 1, []session.TicketKey{renewing, ticketKey}
			p = newPair(t, c).secure()
			p.echo()
			if !p.s.e.State().Resumed {
				t.Error(v, retry, "not resumed")
			}
		}
	}
}
