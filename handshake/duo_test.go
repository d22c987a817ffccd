package handshake

import (
	"errors"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

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

// fails checks how e ended.
func (d *duo) fails(e *Engine, want Kind, alert record.Alert) {
	d.t.Helper()
	var own *Error
	if !errors.As(e.Err(), &own) || own.Kind != want || own.Alert != alert {
		d.t.Errorf("%s: %v; want %v, %v", e.StateName(), e.Err(), want, alert)
	}
}

func tls12(client, server *Config) { client.MaxVersion = record.TLS12 }

func renegotiating(client, server *Config) {
	tls12(client, server)
	client.Renegotiation, server.Renegotiation = AllowRenegotiation, AllowRenegotiation
}
