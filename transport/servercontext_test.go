package transport

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tacet/handshake/cred/credtest"
	"tacet/handshake/session"
	"tacet/record"
)

func TestSetSecureContext(t *testing.T) {
	ca := credtest.CA(t)
	given := bytes.Repeat([]byte{1}, 48)
	o := ServerOptions{SecureContextOptions: leafOf(t, ca, credtest.P256, "old")}
	o.TicketKeys, o.SessionTimeout = given, time.Minute
	server, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	running := connect(t, server, ConnectionOptions{RejectUnauthorized: new(false)}).secured(t)
	if err := server.SetTicketKeys(bytes.Repeat([]byte{2}, 48)); err != nil {
		t.Fatal(err)
	}
	if err := server.SetSecureContext(leafOf(t, ca, credtest.P256, "new")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(server.TicketKeys(), given) {
		t.Error("the ticket keys are not those of the option")
	}
	if lifetime := server.current.Load().own.serverConfig().SessionLifetime; lifetime != time.Minute {
		t.Errorf("sessions last %v", lifetime)
	}
	running.exchange(t)
	if got := shows(connect(t, server, ConnectionOptions{RejectUnauthorized: new(false)}).secured(t)); got != "new" {
		t.Errorf("%q is shown", got)
	}
	if err := server.SetSecureContext(SecureContextOptions{Ciphers: "none such"}); CodeOf(err) != CodeNoCipherMatch {
		t.Error(err)
	}
	if got := shows(connect(t, server, ConnectionOptions{RejectUnauthorized: new(false)}).secured(t)); got != "new" {
		t.Errorf("%q is shown after a failure", got)
	}

	own, err := NewServer(ServerOptions{SecureContextOptions: leafOf(t, ca, credtest.P256, "old")})
	if err != nil {
		t.Fatal(err)
	}
	random := own.TicketKeys()
	if err := own.SetSecureContext(leafOf(t, ca, credtest.P256, "new")); err != nil {
		t.Fatal(err)
	}
	if len(random) != 48 || bytes.Equal(own.TicketKeys(), random) {
		t.Error("random ticket keys outlive their context")
	}
}

// TestSessionIDContext: a session is resumed only in the context that it was made in.
func TestSessionIDContext(t *testing.T) {
	keys := bytes.Repeat([]byte{1}, 48)
	serving := func(id string) *Server {
		o := ServerOptions{SecureContextOptions: leafOf(t, credtest.CA(t), credtest.P256, serverName)}
		o.SessionIDContext, o.TicketKeys = id, keys
		s, err := NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, v := range versions {
		if !resumes(t, serving("a"), serving("a"), v) || resumes(t, serving("a"), serving("b"), v) {
			t.Errorf("%v: not by the context", v)
		}
	}
}

// TestSessionTimeout: a server resumes a session for as long as it says.
func TestSessionTimeout(t *testing.T) {
	const day = 24 * time.Hour
	for _, row := range []struct {
		v            record.Version
		timeout, age time.Duration
		want         bool
	}{
		{record.TLS12, 10 * time.Second, 9 * time.Second, true},
		{record.TLS12, 10 * time.Second, 11 * time.Second, false},
		{record.TLS13, 10 * time.Second, 9 * time.Second, true},
		{record.TLS13, 10 * time.Second, 11 * time.Second, false},
		{record.TLS12, 8 * day, 8*day - time.Minute, true},
		{record.TLS12, 8 * day, 8 * day, false},
		{record.TLS13, 8 * day, 7*day - time.Minute, true},
		{record.TLS13, 8 * day, 7 * day, false},
	} {
		t.Run(fmt.Sprintf("%v %v of %v", row.v, row.age, row.timeout), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := ServerOptions{SecureContextOptions: leafOf(t, credtest.CA(t), credtest.P256, serverName)}
				o.SessionTimeout = row.timeout
				server, err := NewServer(o)
				if err != nil {
					t.Fatal(err)
				}
				session := overPipe(t, server, row.v, nil)
				time.Sleep(row.age)
				if session == nil {
					t.Fatal("no session")
				}
				if reused := overPipe(t, server, row.v, session) == nil; reused != row.want {
					t.Errorf("resumed %v", reused)
				}
			})
		})
	}
}

// TestSessionTimeoutOnTheWire: a server says for how long its tickets are good as node's does.
func TestSessionTimeoutOnTheWire(t *testing.T) {
	node := startNode(t)
	const day = 24 * time.Hour
	for _, row := range []struct{ timeout, in12, in13 time.Duration }{
		{0, 5 * time.Minute, 5 * time.Minute}, // as node's page has it
		{day, day, day},
		{7 * day, 7 * day, 7 * day},
		{8 * day, 8 * day, 7 * day},
		{(1<<31 - 1) * time.Second, (1<<31 - 1) * time.Second, 7 * day},
	} {
		for v, want := range map[SecureVersion]time.Duration{TLS12: row.in12, TLS13: row.in13} {
			t.Run(fmt.Sprintf("%v in %v", row.timeout, v), func(t *testing.T) {
				r := &liveRow{}
				r.server.SecureContextOptions = leafOf(t, credtest.CA(t), credtest.P256, serverName)
				r.server.SessionTimeout, r.client.MaxVersion, r.client.RejectUnauthorized = row.timeout, v, new(false)
				for name, server := range map[string]party{"ours": ours{}, "node's": node} {
					port, next := server.serve(t, r)
					told := ours{}.connect(t, r, port, "")
					next()
					data, err := hex.DecodeString(told.Last)
					if err != nil {
						t.Fatal(err)
					}
					got, err := session.Parse(data)
					if err != nil {
						t.Fatal(err)
					}
					says := want
					if row.timeout == 0 && name == "node's" {
						says = 2 * time.Hour // OpenSSL's
					}
					if got.Lifetime != says {
						t.Errorf("%s says %v, want %v", name, got.Lifetime, says)
					}
				}
			})
		}
	}
}

// overPipe connects over a pipe and returns the session that it is given, nil if the
// one offered was resumed.
func overPipe(t *testing.T, server *Server, v record.Version, offered []byte) []byte {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	s, err := NewSocket(b, SocketOptions{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	go io.Copy(io.Discard, s) // so that closing takes no time
	context := contextOf(t)
	context.client.MaxVersion = v
	got := make(chan []byte, 4)
	c, err := Connect(t.Context(), ConnectionOptions{
		Socket: a, Servername: serverName, SecureContext: context, Session: offered, RejectUnauthorized: new(false),
		SocketEvents: SocketEvents{OnSession: func(_ *Socket, s []byte) { got <- s }},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.IsSessionReused() {
		return nil
	}
	return <-got
}
