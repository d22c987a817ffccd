package handshake

import (
	"testing"

	"tacet/handshake/keys"
	"tacet/handshake/msg"
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
