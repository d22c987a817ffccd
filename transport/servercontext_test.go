package transport

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tacet/handshake/cred/credtest"
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
	for _, v := range versions {
		for age, want := range map[time.Duration]bool{9 * time.Second: true, 11 * time.Second: false} {
			synctest.Test(t, func(t *testing.T) {
				o := ServerOptions{SecureContextOptions: leafOf(t, credtest.CA(t), credtest.P256, serverName)}
				o.SessionTimeout = 10 * time.Second
				server, err := NewServer(o)
				if err != nil {
					t.Fatal(err)
				}
				session := overPipe(t, server, v, nil)
				time.Sleep(age)
				if session == nil {
					t.Fatal("no session")
				}
				if reused := overPipe(t, server, v, session) == nil; reused != want {
					t.Errorf("%v after %v: resumed %v", v, age, reused)
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
