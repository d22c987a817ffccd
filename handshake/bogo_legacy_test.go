package handshake

import (
	"slices"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/record"
	"tacet/suites"
)

// What BoringSSL's runner found up to TLS 1.2, and of tickets; see bogo_regress_test.go.

func renegotiating(client, server *Config) {
	tls12(client, server)
	client.Renegotiation, server.Renegotiation = AllowRenegotiation, AllowRenegotiation
}

// messages are those of a flight without protection.
func messages(t *testing.T, flight []byte) (list []msg.Raw) {
	t.Helper()
	var open record.Opener
	var hand msg.Reassembler
	for len(flight) > 0 {
		o, err := open.OpenInto(nil, flight)
		if err != nil {
			t.Fatal(err)
		}
		flight = flight[o.N:]
		hand.Add(o.Payload)
	}
	for {
		m, err := hand.Next()
		if m == nil || err != nil {
			return list
		}
		list = append(list, slices.Clone(m))
	}
}

// Renegotiation-ForbidALPN: a protocol is for the whole connection. It is not
// offered again, nor answered, and stays what it was.
func TestProtocolStands(t *testing.T) {
	//= RFC 7301 §3.2 type=test
	d := newDuo(t, func(client, server *Config) {
		renegotiating(client, server)
		client.ALPN, server.ALPN = []string{"h2", "http/1.1"}, []string{"http/1.1"}
		client.Trace = true
	})
	d.connect()
	if err := d.c.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	offered := false
	for n, ev := d.c.Step(credtest.Now, nil); ev.Kind != NeedInput; n, ev = d.c.Step(credtest.Now, nil) {
		var hello msg.ClientHello
		if m := msg.Raw(ev.Data); n == 0 && m.Type() == msg.TypeClientHello && hello.Parse(m.Body()) == nil {
			offered = offered || hello.Ext.Have(msg.ExtALPN)
		}
	}
	if offered {
		t.Error("ALPN was offered again")
	}
	toServer := d.c.AppendOut(nil)
	for range 4 {
		toServer = d.say(d.c, d.say(d.s, toServer))
	}
	if c, s := d.c.State(), d.s.State(); !d.c.Secure() || c.ALPN != "http/1.1" || s.ALPN != "http/1.1" {
		t.Errorf("client %q, server %q, error %v", c.ALPN, s.ALPN, d.c.Err())
	}
}

// ExtendedMasterSecret-Renego-Upgrade and -Downgrade: no stack learns or forgets
// the extended master secret within a connection.
func TestExtendedMasterSecretStands(t *testing.T) {
	//= RFC 7627 §5.4 type=test
	for _, before := range []bool{false, true} {
		for _, client := range []bool{false, true} {
			d := newDuo(t, renegotiating)
			d.connect()
			e := d.s
			if client {
				e = d.c
			}
			e.origin.conn.ExtendedMasterSecret = before
			if err := d.c.Renegotiate(nil); err != nil {
				t.Fatal(err)
			}
			flight := d.say(d.c, nil)
			flight = d.say(d.s, flight)
			d.say(d.c, flight)
			if before {
				continue // all is as it was
			}
			d.fails(e, KindExtendedMasterSecret, record.AlertHandshakeFailure)
		}
	}
}

// Shutdown-Shim-HelloRequest-CannotHandshake: after close_notify there is no way
// to say a hello. The wish is passed over, and reading goes on.
func TestHelloRequestAfterClose(t *testing.T) {
	d := newDuo(t, renegotiating)
	d.connect()
	d.c.CloseWrite()
	d.c.AppendOut(nil)
	if err := d.s.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	in, err := d.s.Seal(d.s.AppendOut(nil), []byte("still here"))
	if err != nil {
		t.Fatal(err)
	}
	refused, data := false, ""
	for {
		n, ev := d.c.Step(credtest.Now, in)
		in = in[n:]
		refused, data = refused || ev.Kind == RenegotiationRefused, data+string(ev.Data)
		if ev.Kind == NeedInput || ev.Kind == Failed {
			break
		}
	}
	if out := d.c.AppendOut(nil); !refused || data != "still here" || len(out) > 0 || d.c.Err() != nil {
		t.Errorf("refused %v, data %q, said %x, error %v", refused, data, out, d.c.Err())
	}
}

// Renegotiate-Client-Forbidden, Renegotiate-ForbidAfterHandshake: the policy can
// change, and the alert says what is not wanted.
func TestSetRenegotiation(t *testing.T) {
	d := newDuo(t, renegotiating)
	d.connect()
	d.c.SetRenegotiation(ForbidRenegotiation)
	if err := d.s.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	d.say(d.c, d.s.AppendOut(nil))
	d.fails(d.c, KindRenegotiationForbidden, record.AlertNoRenegotiation)
}

// TLS12-NoTicket-NoOffer: a client that wants no tickets neither asks nor offers.
func TestClientWithoutTickets(t *testing.T) {
	//= RFC 5077 §3.2 type=test
	kept := &session.Session{
		Version: record.TLS12, Suite: suites.ByName("ECDHE-ECDSA-AES128-GCM-SHA256").ID, Secret: make([]byte, 48),
		ServerName: "example.org", Created: credtest.Now, Lifetime: time.Hour, Ticket: []byte("ticket"),
	}
	for _, tickets := range []int{0, -1} {
		d := newDuo(t, func(client, server *Config) {
			tls12(client, server)
			client.Tickets, client.AskSession, client.Verify = tickets, true, VerifyNone
		})
		d.reply = func(q Query) Answer { return q.(*SessionQuery).Offer(kept) }
		var hello msg.ClientHello
		if err := hello.Parse(messages(t, d.say(d.c, nil))[0].Body()); err != nil {
			t.Fatal(err)
		}
		if asks := hello.Ext.Have(msg.ExtSessionTicket); asks != (tickets == 0) || (string(hello.Ext.SessionTicket) == "ticket") != asks {
			t.Errorf("tickets %d: asked for %v, offered %q", tickets, asks, hello.Ext.SessionTicket)
		}
	}
}

// ServerNameExtensionServer-NoACK: a name that made no difference is not answered.
func TestUnacknowledgedName(t *testing.T) {
	//= RFC 6066 §3 type=test
	for _, quiet := range []bool{false, true} {
		d := newDuo(t, func(client, server *Config) {
			tls12(client, server)
			server.AskHello = true
		})
		d.reply = func(q Query) Answer { return q.(*HelloQuery).Choose(HelloChoice{Unacknowledged: quiet}) }
		var hello msg.ServerHello
		if err := hello.Parse(messages(t, d.say(d.s, d.say(d.c, nil)))[0].Body()); err != nil {
			t.Fatal(err)
		}
		if hello.Ext.Have(msg.ExtServerName) == quiet || d.s.State().ServerName != "example.org" {
			t.Errorf("Unacknowledged %v: answered %v, name %q", quiet, hello.Ext.Have(msg.ExtServerName), d.s.State().ServerName)
		}
	}
}

// EmptyECDHEPSKHint: up to TLS 1.2 an identity may be empty.
func TestEmptyPSKIdentity(t *testing.T) {
	//= RFC 4279 §2 type=test
	list, err := suites.Parse("ECDHE-PSK-AES128-CBC-SHA")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		d := newDuo(t, func(client, server *Config) {
			client.MaxVersion = version
			client.Suites = append(client.Suites, list.Suites...)
			server.Suites, client.AskPSK, server.AskPSK = client.Suites, true, true
		})
		d.reply = func(q Query) Answer {
			if q, ok := q.(*PSKLookup); ok {
				return q.Found(0, []byte("key"))
			}
			return q.(*PSKQuery).Offer([]byte{}, []byte("key"))
		}
		if version == record.TLS12 {
			d.connect()
			continue
		}
		d.c.Step(credtest.Now, nil)
		if err := d.c.Answer(d.reply(d.c.Query())); err == nil {
			t.Error("an empty identity was taken in TLS 1.3")
		}
	}
}

// TLS13-TicketAgeSkew: a server tells how far the client's clock is from its own,
// and tickets after a resumption live no longer than the first did.
func TestTicketsAfterResumption(t *testing.T) {
	//= RFC 9846 §4.7.1 type=test
	//= RFC 9846 §8.3 type=test
	now, lag := credtest.Now, time.Duration(0)
	var kept *session.Session
	lifetimes := []time.Duration{time.Hour, 50 * time.Minute, 40 * time.Minute}
	for i, want := range lifetimes {
		d := newDuo(t, func(client, server *Config) {
			client.AskSession = true
			server.TicketKeys, server.ResumptionTickets, server.SessionLifetime = []session.TicketKey{{1}}, 1, time.Hour
		})
		var toServer, toClient []byte
		for range 4 {
			toServer = step(t, d.c, now.Add(lag), toClient, kept)
			toClient = step(t, d.s, now, toServer, nil)
		}
		if st := d.s.State(); !d.c.Secure() || st.Resumed != (i > 0) || st.TicketAgeSkew() != lag {
			t.Fatalf("connection %d: %v, resumed %v, skew %v", i, d.c.Err(), st.Resumed, st.TicketAgeSkew())
		}
		if kept = d.c.Session(); kept == nil || kept.Lifetime != want {
			t.Fatalf("connection %d: %+v, want a ticket for %v", i, kept, want)
		}
		kept.Created = now
		now, lag = now.Add(10*time.Minute), 7*time.Second
	}
}

// step is duo.say at a time of one's own, with a session to offer.
func step(t *testing.T, e *Engine, now time.Time, in []byte, kept *session.Session) []byte {
	t.Helper()
	for {
		n, ev := e.Step(now, in)
		in = in[n:]
		switch ev.Kind {
		case QueryPending:
			if err := e.Answer(e.Query().(*SessionQuery).Offer(kept)); err != nil {
				t.Fatal(err)
			}
		case NeedInput, Failed:
			return e.AppendOut(nil)
		}
	}
}
