package redis

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tacet/handshake/cred/credtest"
	"tacet/transport"
)

// ways are those to resume.
var ways = []struct {
	name string
	most transport.SecureVersion // of the client
	ids  bool                    // and no tickets
}{
	{"TLS 1.2 by id", "TLSv1.2", true},
	{"TLS 1.2 by ticket", "TLSv1.2", false},
	{"TLS 1.3 by ticket", "TLSv1.3", false},
}

// identity is the certificate and key of the fleet.
func identity(t testing.TB) (cert, key []byte) {
	c := credtest.CA(t).Leaf(t, credtest.P256, serverName)
	return credtest.CertPEM(c.Chain...), credtest.KeyPEM(t, credtest.P256)
}

// another starts a server in a process of its own, and gives its address.
func another(t testing.TB, socket string, ids bool) string {
	t.Helper()
	cert, key := identity(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FLEET_TEST_REDIS="+socket, "FLEET_TEST_CERT="+string(cert), "FLEET_TEST_KEY="+string(key))
	if ids {
		cmd.Env = append(cmd.Env, "FLEET_TEST_IDS=1")
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// TestFleet: two processes resume each other's sessions.
func TestFleet(t *testing.T) {
	socket := startRedis(t)
	store := storeOn(t, socket, noErrors(t))
	cert, key := identity(t)
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			server, here := serve(t, serverOptions(store, cert, key, way.ids))
			store.follow(t.Context(), server, time.Now())
			there := another(t, socket, way.ids)
			for _, pair := range [][2]string{{here, there}, {there, here}} {
				o := transport.ConnectionOptions{}
				o.MaxVersion = way.most
				sess, resumed := visit(t, pair[0], o)
				if resumed {
					t.Fatal("resumed out of nothing")
				}
				o.Session = sess
				if _, resumed := visit(t, pair[1], o); !resumed {
					t.Errorf("the other server did not resume")
				}
			}
		})
	}
}

// TestRotation: a ticket is good for as long as its key seals, and as long again; and
// a server whose clock is behind opens what one ahead of it has sealed.
func TestRotation(t *testing.T) {
	store := storeOn(t, startRedis(t), noErrors(t))
	cert, key := identity(t)
	made, opened := time.Now(), store.o.Rotation
	for _, row := range []struct {
		name    string
		later   time.Duration
		resumes bool
	}{
		{"at once", 0, true},
		{"after one", opened, true},
		{"on a clock that is behind", -opened, true},
		{"after two", 2 * opened, false},
		{"on a clock that is two behind", -2 * opened, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, first := serve(t, serverOptions(store, cert, key, false))
			b, second := serve(t, serverOptions(store, cert, key, false))
			if wait := store.follow(t.Context(), a, made); wait <= 0 || wait > store.o.Rotation {
				t.Errorf("again in %v", wait)
			}
			store.follow(t.Context(), b, made.Add(row.later))
			sess, _ := visit(t, first, transport.ConnectionOptions{})
			if _, resumed := visit(t, second, transport.ConnectionOptions{Session: sess}); resumed != row.resumes {
				t.Errorf("resumed %v, want %v", resumed, row.resumes)
			}
		})
	}
}

// TestFollow: it begins at once, and ends with its context.
func TestFollow(t *testing.T) {
	store := storeOn(t, startRedis(t), noErrors(t))
	want, _, err := store.TicketKeys(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := store.Follow(ctx, keyed(func(seals []byte, opens [][]byte) {
		if !bytes.Equal(seals, want) || len(opens) != 2 || bytes.Equal(opens[0], opens[1]) || bytes.Equal(seals, opens[0]) {
			t.Errorf("%x, %x", seals, opens)
		}
		cancel()
	})); err != context.Canceled {
		t.Error(err)
	}
}

type keyed func(seals []byte, opens [][]byte)

func (f keyed) SetTicketKeys(seals []byte, opens ...[]byte) error {
	f(seals, opens)
	return nil
}

// TestWithoutRedis: handshakes are full ones, and none fails.
func TestWithoutRedis(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never says anything
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	cert, key := identity(t)
	for _, row := range []struct {
		name    string
		network string
		addr    string
	}{
		{"nobody there", "unix", t.TempDir() + "/none"},
		{"silent", "tcp", silent.Addr().String()},
	} {
		for _, way := range ways {
			t.Run(row.name+"/"+way.name, func(t *testing.T) {
				client := redis.NewClient(&redis.Options{Network: row.network, Addr: row.addr})
				defer client.Close()
				var told atomic.Int32
				store, err := New(client, Options{Key: fleetKey, Timeout: 20 * time.Millisecond, OnError: func(error) { told.Add(1) }})
				if err != nil {
					t.Fatal(err)
				}
				server, addr := serve(t, serverOptions(store, cert, key, way.ids))
				if wait := store.follow(t.Context(), server, time.Now()); wait != 15*time.Second {
					t.Errorf("tries again in %v", wait)
				}
				o := transport.ConnectionOptions{}
				o.MaxVersion = way.most
				if o.Session, _ = visit(t, addr, o); o.Session == nil {
					t.Fatal("no session")
				}
				if _, resumed := visit(t, addr, o); resumed == way.ids { // a server's own tickets go on working
					t.Errorf("resumed %v", resumed)
				}
				if told.Load() == 0 {
					t.Error("nobody was told")
				}
			})
		}
	}
}

// TestSealed: what is in Redis is good for nothing, but under its name and with the key.
func TestSealed(t *testing.T) {
	socket := startRedis(t)
	var told atomic.Int32
	store := storeOn(t, socket, func(err error) {
		if err != errForeign && err != errTicketKey {
			t.Error(err)
		}
		told.Add(1)
	})
	ctx, id, data := t.Context(), []byte("an id"), []byte("what only servers know")
	store.NewSession(ctx, id, data)
	if got, err := store.ResumeSession(ctx, id); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%q, %v", got, err)
	}
	if got, err := store.ResumeSession(ctx, []byte("another id")); err != nil || got != nil || told.Load() != 0 {
		t.Fatalf("%q, %v", got, err)
	}
	seals, _, err := store.TicketKeys(ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	names, err := store.client.Keys(ctx, "*").Result()
	if err != nil || len(names) != 4 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if !strings.HasPrefix(name, defaultPrefix) {
			t.Error(name)
		}
		value, err := store.client.Get(ctx, name).Bytes()
		if err != nil || bytes.Contains(value, data[:8]) || bytes.Contains(value, seals[:8]) {
			t.Errorf("%s: %q %v", name, value, err)
		}
		if ttl := store.client.TTL(ctx, name).Val(); ttl <= 0 {
			t.Errorf("%s stays for ever", name)
		}
		// Each one's value under the name of a session, and of a key.
		store.client.Set(ctx, store.session([]byte("moved")), value, time.Minute)
		if got, _ := store.ResumeSession(ctx, []byte("moved")); got != nil {
			t.Errorf("%s's value passes for another session", name)
		}
		store.client.Set(ctx, defaultPrefix+"ticketkey:7", value, time.Minute)
		if got, err := store.ticketKey(ctx, 7); got != nil || err == nil {
			t.Errorf("%s's value passes for a ticket key", name)
		}
	}
	store.client.Set(ctx, store.session([]byte("junk")), "junk", time.Minute)
	if got, err := store.ResumeSession(ctx, []byte("junk")); got != nil || err != nil || told.Load() == 0 {
		t.Errorf("%q, %v", got, err)
	}
	stranger, err := New(store.client, Options{Key: bytes.Repeat([]byte("x"), KeyLen)})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := stranger.ResumeSession(ctx, id); got != nil {
		t.Errorf("another key opens %q", got)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{}, {Key: fleetKey[1:]}, {Key: fleetKey, Lifetime: -1}, {Key: fleetKey, Timeout: time.Microsecond}, {Key: fleetKey, Rotation: -time.Hour},
	} {
		if s, err := New(nil, o); s != nil || err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
