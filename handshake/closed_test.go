package handshake

import (
	"errors"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// TestNoSecretOfNothing: were a server ever to come to its ServerHello with neither a
// group nor a pre-shared key, everyone could compute its secrets.
func TestNoSecretOfNothing(t *testing.T) {
	d := newDuo(t, func(client, server *Config) {})
	fx := &d.s.hs.fx
	fx.raw = msg.Raw{byte(msg.TypeClientHello), 0, 0, 0}
	fx.conn.Version, fx.conn.Suite = record.TLS13, suites.ByName("TLS_AES_128_GCM_SHA256")
	a := &answering{hello: &msg.ClientHello{}}
	_, err := a.serverHello13(fx, nil, keys.NewEarly(keys.SHA256, nil), nil)
	if err == nil || fx.n > 0 || len(fx.out) > 0 {
		t.Errorf("%v, %d effects", err, fx.n)
	}
	d.s.fail(err)
	d.fails(d.s, KindInternal, record.AlertInternalError)
}

// TestNoKeyOfNothing: nor does a client take a ServerHello without a share for one that
// does by a pre-shared key, if it picks none.
func TestNoKeyOfNothing(t *testing.T) {
	d := newDuo(t, func(client, server *Config) { client.PSKModes = []PSKMode{PSKKE, PSKDHEKE} })
	secret, err := (&offer{}).agreeKey(&d.c.hs.fx, &msg.ServerHello{})
	if secret != nil || err == nil {
		t.Errorf("%x, %v", secret, err)
	}
}

// TestProfileOfOtherVersions: a renegotiation stays at its version. A profile that does not
// speak it is a wrong answer, after which the question stands, and the profile in force.
func TestProfileOfOtherVersions(t *testing.T) {
	d := newDuo(t, func(client, server *Config) {
		renegotiating(client, server)
		server.AskHello = true
	})
	new13, err := Config{MinVersion: record.TLS13, Credentials: d.s.hs.fx.profile.cfg.Credentials}.CompileServer()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	d.reply = func(q Query) Answer {
		if asked++; asked == 2 {
			if err := d.s.Answer(q.(*HelloQuery).Choose(HelloChoice{Profile: new13})); !errors.Is(err, KindWrongAnswer) {
				t.Error(err)
			}
		}
		return q.(*HelloQuery).Choose(HelloChoice{})
	}
	d.connect()
	if err := d.c.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	d.again()
	if asked != 2 || !d.c.Secure() || !d.s.Secure() {
		t.Errorf("asked %d times: %v, %v", asked, d.c.Err(), d.s.Err())
	}
}

// TestIdentitiesAreBounded: of the keys that a hello offers a server looks at eight.
func TestIdentitiesAreBounded(t *testing.T) {
	var key session.TicketKey
	var hello msg.ClientHello
	hello.Ext.PSKModes = []byte{byte(PSKDHEKE)}
	hello.Ext.SupportedGroups = msg.AppendUint16s(nil, uint16(kx.X25519))
	hello.Ext.Set(msg.ExtPreSharedKey)
	d := newDuo(t, func(client, server *Config) { server.TicketKeys = []session.TicketKey{key} })
	fx := &d.s.hs.fx
	fx.now, fx.conn.Version, fx.conn.Suite = credtest.Now, record.TLS13, suites.ByName("TLS_AES_128_GCM_SHA256")
	own := session.Session{Version: record.TLS13, Suite: fx.conn.Suite.ID, Secret: make([]byte, 32), Created: credtest.Now, Lifetime: time.Hour}
	ticket := session.Seal(nil, &key, [16]byte{}, own.Marshal())
	for before := range 12 {
		hello.Ext.PSK.Identities = nil
		for range before {
			hello.Ext.PSK.Identities = msg.AppendPSKIdentity(hello.Ext.PSK.Identities, []byte("unknown"), 0)
		}
		hello.Ext.PSK.Identities = msg.AppendPSKIdentity(hello.Ext.PSK.Identities, ticket, 0)
		a := &answering{hello: &hello}
		if q := a.lookup(fx); len(q.Identities) != min(before+1, 8) {
			t.Errorf("%d of %d are asked about", len(q.Identities), before+1)
		}
		if s, i, _ := a.ticket(fx, keys.SHA256); (s != nil) != (before < 8) || s != nil && i != before {
			t.Errorf("a ticket after %d others: %v at %d", before, s != nil, i)
		}
	}
}
