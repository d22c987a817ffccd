package handshake

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
)

// This file keeps what BoringSSL's test runner (vectors/bogo) found in the
// engine, one test for each defect, named for the runner's own.

// duo is two engines face to face, of which a test sees and alters every flight.
type duo struct {
	t     *testing.T
	c, s  *Engine
	reply func(Query) Answer // nil: nothing may be asked
}

func newDuo(t *testing.T, set func(client, server *Config)) *duo {
	t.Helper()
	ca := credtest.CA(t)
	client := Config{Verifier: ca.Verifier()}
	server := Config{Credentials: []*cred.Credential{ca.Leaf(t, credtest.P256, "example.org")}}
	set(&client, &server)
	cp, err := client.CompileClient()
	if err != nil {
		t.Fatal(err)
	}
	sp, err := server.CompileServer()
	if err != nil {
		t.Fatal(err)
	}
	return &duo{t: t, c: NewClient(cp, "example.org", SeededEnv([32]byte{'c'})), s: NewServer(sp, SeededEnv([32]byte{'s'}))}
}

// say gives in to e and returns what it says.
func (d *duo) say(e *Engine, in []byte) []byte {
	d.t.Helper()
	for {
		n, ev := e.Step(credtest.Now, in)
		in = in[n:]
		switch ev.Kind {
		case QueryPending:
			if d.reply == nil {
				d.t.Fatalf("query in %s", e.StateName())
			}
			if err := e.Answer(d.reply(e.Query())); err != nil {
				return e.AppendOut(nil)
			}
		case NeedInput, Failed, PeerClosed:
			return e.AppendOut(nil)
		}
	}
}

// fails checks how e ended.
func (d *duo) fails(e *Engine, want Kind, alert record.Alert) {
	d.t.Helper()
	var own *Error
	if !errors.As(e.Err(), &own) || own.Kind != want || own.Alert != alert {
		d.t.Errorf("%s: %v; want %v, %v", e.StateName(), e.Err(), want, alert)
	}
}

func tls12(client, server *Config) { client.MaxVersion = record.TLS12 }

// stray is the head of a message that no one asked for.
var stray = []byte{byte(msg.TypeHelloRequest), 0, 0}

// grow puts extra into the record that ends flight, which must be unprotected.
func grow(flight, extra []byte) []byte {
	last := 0
	for i := 0; i < len(flight); i += record.HeaderLen + int(binary.BigEndian.Uint16(flight[i+3:])) {
		last = i
	}
	flight = append(flight, extra...)
	binary.BigEndian.PutUint16(flight[last+3:], uint16(len(flight)-last-record.HeaderLen))
	return flight
}

// PartialNewSessionTicketWithServerHelloDone: the server's flight ends there.
func TestExcessAfterServerHelloDone(t *testing.T) {
	d := newDuo(t, tls12)
	flight := d.say(d.s, d.say(d.c, nil))
	d.say(d.c, grow(flight, stray))
	d.fails(d.c, KindExcessHandshakeData, record.AlertUnexpectedMessage)
}

// PartialServerHelloWithHelloRetryRequest: nothing may come before the second hello.
func TestExcessAfterHelloRetryRequest(t *testing.T) {
	//= RFC 9846 §5.1 type=test
	d := newDuo(t, func(client, server *Config) {
		client.Groups = []kx.Group{kx.ByID(kx.X25519), kx.ByID(kx.P384)}
		client.NoCompatibility = true
		server.Groups = []kx.Group{kx.ByID(kx.P384)}
	})
	retry := d.say(d.s, d.say(d.c, nil))
	d.say(d.c, grow(retry, stray))
	d.fails(d.c, KindExcessHandshakeData, record.AlertUnexpectedMessage)
}

// TrailingDataWithFinished-Client-TLS12 and -Server-TLS12: bytes that follow
// Finished in its record were dropped in silence.
func TestExcessAfterFinished12(t *testing.T) {
	d := newDuo(t, tls12)
	hello := d.say(d.s, d.say(d.c, nil))
	flight := d.say(d.c, hello)

	client := d.c.hs.state.(*waitServerCCS12)
	server := d.s.Fork()
	d.say(server, append([]byte(nil), flight...))
	reply := sealedAnew(client.keys.server, server.State().Finished)
	d.say(d.c, reply)
	d.fails(d.c, KindExcessHandshakeData, record.AlertUnexpectedMessage)

	n := record.HeaderLen + int(binary.BigEndian.Uint16(flight[3:])) // ClientKeyExchange
	d.say(d.s, flight[:n])
	d.say(d.s, sealedAnew(client.keys.client, d.c.State().Finished))
	d.fails(d.s, KindExcessHandshakeData, record.AlertUnexpectedMessage)
}

// sealedAnew is change_cipher_spec and a record of Finished with more behind it.
func sealedAnew(keys record.Protection, verify []byte) []byte {
	var seal record.Sealer
	seal.SetVersion(record.TLS12)
	out := seal.Seal(nil, record.TypeChangeCipherSpec, []byte{1})
	seal.Install(keys)
	return seal.Seal(out, record.TypeHandshake, append((&msg.Finished{Verify: verify}).Append(nil), stray...))
}

// FallbackSCSV: a client that fell back below all that the server speaks did
// fall back.
func TestFallbackBelowEveryVersion(t *testing.T) {
	//= RFC 7507 §3 type=test
	d := newDuo(t, func(*Config, *Config) {})
	hello := &msg.ClientHello{Version: record.TLS11, Compression: []byte{0}}
	hello.Suites = msg.AppendUint16s(hello.Suites, 0xc02b, fallbackSCSV)
	var seal record.Sealer
	d.say(d.s, seal.Seal(nil, record.TypeHandshake, hello.Append(nil)))
	d.fails(d.s, KindFallback, record.AlertInappropriateFallback)
}

// CheckLeafCurve: up to TLS 1.2 a server's certificate keeps to the curves that
// the client named; an ordinary server does so by itself.
func TestLeafCurve12(t *testing.T) {
	//= RFC 8422 §5.3 type=test
	d := newDuo(t, func(client, server *Config) {
		tls12(client, server)
		client.Groups = []kx.Group{kx.ByID(kx.X25519), kx.ByID(kx.P256)}
	})
	hello := d.say(d.c, nil)
	d.c.hs.fx.profile.groups = d.c.hs.fx.profile.groups[:1] // what the hello should have said
	d.say(d.c, d.say(d.s, hello))
	d.fails(d.c, KindWrongGroup, record.AlertIllegalParameter)
}

// ExtensionTrailingData-*-Client-TLS13 and some forty others: an alert that is a
// client's first protected record has change_cipher_spec before it.
func TestCCSBeforeEarlyAlert(t *testing.T) {
	d := newDuo(t, func(*Config, *Config) {})
	flight := d.say(d.s, d.say(d.c, nil))
	flight[len(flight)-1] ^= 1
	out := d.say(d.c, flight)
	d.fails(d.c, KindBadRecordMAC, record.AlertBadRecordMAC)
	if want := []byte{byte(record.TypeChangeCipherSpec), 3, 3, 0, 1, 1, byte(record.TypeApplicationData)}; !bytes.HasPrefix(out, want) {
		t.Errorf("%x does not begin with %x", out, want)
	}
}

// connect runs the handshake to its end.
func (d *duo) connect() {
	d.t.Helper()
	var toServer, toClient []byte
	for range 4 {
		toServer = d.say(d.c, toClient)
		toClient = d.say(d.s, toServer)
	}
	if !d.c.Secure() || !d.s.Secure() {
		d.t.Fatal(d.c.Err(), d.s.Err())
	}
}

// records counts the records in b.
func records(b []byte) (n int) {
	for ; len(b) > 0; n++ {
		b = b[record.HeaderLen+int(binary.BigEndian.Uint16(b[3:])):]
	}
	return n
}

// KeyUpdate-Requested: many requests while there is nothing to say are answered
// once, before the next data.
func TestKeyUpdatesAnsweredOnce(t *testing.T) {
	d := newDuo(t, func(*Config, *Config) {})
	d.connect()
	for range 5 {
		if err := d.s.UpdateKeys(true); err != nil {
			t.Fatal(err)
		}
	}
	if out := d.say(d.c, d.s.AppendOut(nil)); len(out) > 0 {
		t.Errorf("said %x before it had data", out)
	}
	for want := 2; want > 0; want-- { // KeyUpdate and data, then data alone
		out, err := d.c.Seal(nil, []byte("data"))
		if err != nil || records(out) != want {
			t.Fatalf("%d records, not %d: %v", records(out), want, err)
		}
		if d.say(d.s, out); d.s.Err() != nil {
			t.Fatal(d.s.Err())
		}
	}
}

// TLS13-Client-ClientAuth-ECDSA: the names in a CertificateRequest are a hint. A
// client without a certificate of those authorities sends what it has.
func TestAuthoritiesAreAHint(t *testing.T) {
	for _, set := range []func(*Config, *Config){tls12, func(*Config, *Config) {}} {
		d := newDuo(t, func(client, server *Config) {
			set(client, server)
			client.Credentials = []*cred.Credential{credtest.Root(t, "another root", credtest.P256).Leaf(t, credtest.P256, "client")}
			server.ClientAuth, server.Verify, server.Verifier = RequireClientCert, VerifyRecord, credtest.CA(t).Verifier()
		})
		d.connect()
		if len(d.s.State().PeerCertificates) == 0 {
			t.Error("no certificate came")
		}
	}
}

// ECDSAKeyUsage-*: a key that may not sign has signed.
func TestKeyUsageForSignatures(t *testing.T) {
	template := credtest.LeafTemplate("example.org")
	template.KeyUsage = x509.KeyUsageKeyAgreement
	for _, set := range []func(*Config, *Config){tls12, func(*Config, *Config) {}} {
		d := newDuo(t, func(client, server *Config) {
			set(client, server)
			server.Credentials = []*cred.Credential{credtest.CA(t).Credential(t, template, credtest.P256)}
		})
		d.say(d.c, d.say(d.s, d.say(d.c, nil)))
		d.fails(d.c, KindWrongCertificateType, record.AlertIllegalParameter)
	}
}
