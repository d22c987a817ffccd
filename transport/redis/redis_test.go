package redis

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tacet/handshake/cred/credtest"
	"tacet/transport"
)

const serverName = "example.org"

// fleetKey is the Options.Key of these tests' servers.
var fleetKey = bytes.Repeat([]byte("k"), KeyLen)

// TestMain lets the test's program be a server of the fleet too, in a process of
// its own.
func TestMain(m *testing.M) {
	if socket := os.Getenv("FLEET_TEST_REDIS"); socket != "" {
		if err := serveAlone(socket); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// startRedis starts a Redis of the test's own and gives the path of its socket.
func startRedis(t testing.TB) (socket string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not installed")
		}
		t.Skip("SKIPPED: redis-server is not installed")
	}
	dir, err := os.MkdirTemp("", "tacet") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "redis")
	cmd := exec.Command(program, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready to accept connections at "+socket) ||
			strings.Contains(lines.Text(), "is now ready to accept connections at") && strings.Contains(lines.Text(), socket) {
			go io.Copy(io.Discard, out)
			return socket
		}
	}
	t.Fatal("redis-server did not start")
	return ""
}

// patience is how long a Redis that is there may take, on however busy a machine.
const patience = time.Minute

// clientOf is a client of the Redis behind a socket.
func clientOf(socket string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Network: "unix", Addr: socket, MaxRetries: -1, DialTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, PoolTimeout: patience,
	})
}

// storeOn is a Store on the Redis behind a socket. Errors go to told.
func storeOn(t testing.TB, socket string, told func(error)) *Store {
	t.Helper()
	client := clientOf(socket)
	t.Cleanup(func() { client.Close() })
	s, err := New(client, Options{Key: fleetKey, OnError: told, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func noErrors(t testing.TB) func(error) {
	return func(err error) { t.Errorf("the store: %v", err) }
}

// serverOptions are those of each server of the fleet. ids leaves tickets out.
func serverOptions(store *Store, cert, key []byte, ids bool) transport.ServerOptions {
	o := transport.ServerOptions{
		SecureContextOptions: transport.SecureContextOptions{
			Cert: [][]byte{cert}, Key: []transport.KeyObject{{PEM: key}}, SessionIDContext: "the fleet",
		},
		OnNewSession:       store.NewSession,
		OnResumeSession:    store.ResumeSession,
		OnSecureConnection: func(s *transport.Socket) { io.Copy(s, s); s.Close() },
	}
	if ids {
		o.SecureOptions = transport.OpNoTicket
	}
	return o
}

// serve starts a server on an address that the system picks.
func serve(t testing.TB, o transport.ServerOptions) (*transport.Server, string) {
	t.Helper()
	server, err := transport.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return server, l.Addr().String()
}

// serveAlone is a server in a process of its own. It says its address, and goes on
// until its standard input ends.
func serveAlone(socket string) error {
	key := bytes.Repeat([]byte("k"), KeyLen)
	store, err := New(clientOf(socket), Options{Key: key, Timeout: patience})
	if err != nil {
		return err
	}
	server, err := transport.NewServer(serverOptions(store, []byte(os.Getenv("FLEET_TEST_CERT")), []byte(os.Getenv("FLEET_TEST_KEY")), os.Getenv("FLEET_TEST_IDS") != ""))
	if err != nil {
		return err
	}
	store.follow(context.Background(), server, time.Now())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go server.Serve(l)
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// visit connects, echoes, and gives a session to resume and whether one was.
func visit(t testing.TB, addr string, o transport.ConnectionOptions) (sess []byte, resumed bool) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte, 8)
	o.Socket, o.Servername, o.CA = nc, serverName, [][]byte{credtest.CA(t).PEM()}
	o.OnSession = func(_ *transport.Socket, s []byte) { got <- s }
	socket, err := transport.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if _, err := io.WriteString(socket, "echo"); err != nil {
		t.Fatal(err)
	}
	var reply [4]byte
	if _, err := io.ReadFull(socket, reply[:]); err != nil || string(reply[:]) != "echo" {
		t.Fatalf("%q, %v", reply, err)
	}
	if resumed = socket.IsSessionReused(); resumed {
		return nil, true
	}
	return <-got, false
}
