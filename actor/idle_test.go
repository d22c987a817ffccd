package actor_test

import (
	"crypto/tls"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"tacet/actor"
	"tacet/record"
)

var idleConns = flag.Int("idle", 500, "connections of BenchmarkIdle; as many file descriptors, here and in a process of clients")

// BenchmarkIdle measures the memory, heap and stacks, of server connections that
// rest, in bytes each and without their sockets: fresh from the handshake, after
// an answer of 16 KiB to a request of as much, and with a goroutine blocked in Read.
func BenchmarkIdle(b *testing.B) {
	for _, state := range []string{"fresh", "burst", "blocked"} {
		for _, name := range []string{"tacet", "pumped", "crypto"} {
			b.Run("state="+state+"/impl="+name, func(b *testing.B) {
				for range b.N {
					b.ReportMetric(idleMemory(b, state, name), "B/conn")
				}
			})
		}
	}
}

func idleMemory(b *testing.B, state, name string) float64 {
	std := standard(b, record.TLS13)
	p := compile(b, record.TLS13, nil)
	sockets := idleSockets(b, state)
	conns := make([]halfCloser, len(sockets))
	before := memoryInUse()
	for i, s := range sockets {
		if name == "crypto" {
			conns[i] = serveIdle(b, state, tls.Server(s, std))
		} else {
			conns[i] = serveIdle(b, state, actor.Server(s, p.server, &actor.Config{Pumped: name == "pumped"}))
		}
	}
	if state == "blocked" {
		for _, c := range conns {
			go c.Read(make([]byte, 1))
		}
	}
	after := memoryInUse()
	for _, s := range sockets {
		s.Close()
	}
	runtime.KeepAlive(conns)
	return float64(after-before) / float64(len(conns))
}

// idleClients tells a process of the test what to do, in its environment.
const idleClients = "TACET_IDLE_CLIENTS"

// idleSockets accepts the connections of a process of clients, which ends with b.
func idleSockets(b *testing.B, state string) []net.Conn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	clients := exec.Command(os.Args[0], "-test.run=^TestIdleClients$")
	clients.Env = append(os.Environ(), idleClients+"="+l.Addr().String(), "TACET_IDLE_STATE="+state, "TACET_IDLE_COUNT="+strconv.Itoa(*idleConns))
	stdin, err := clients.StdinPipe()
	if err == nil {
		err = clients.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		if err := clients.Wait(); err != nil {
			b.Error("clients: ", err)
		}
	})
	sockets := make([]net.Conn, *idleConns)
	for i := range sockets {
		if sockets[i], err = l.Accept(); err != nil {
			b.Fatal(err)
		}
	}
	return sockets
}

// TestIdleClients is the process of clients: it connects, says hello, and rests until
// its input ends.
func TestIdleClients(t *testing.T) {
	address := os.Getenv(idleClients)
	if address == "" {
		return // not that process
	}
	n, err := strconv.Atoi(os.Getenv("TACET_IDLE_COUNT"))
	conns := make([]*tls.Conn, n)
	for i := range conns {
		if err != nil {
			t.Fatal(err)
		}
		var c net.Conn
		c, err = net.Dial("tcp", address)
		conns[i] = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	buf := make([]byte, 16<<10)
	for _, c := range conns {
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("TACET_IDLE_STATE") != "burst" {
			continue
		}
		if _, err := c.Write(buf); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			t.Fatal(err)
		}
	}
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(conns)
}

// serveIdle makes the handshake, and the burst.
func serveIdle(b *testing.B, state string, server interface {
	halfCloser
	Handshake() error
}) halfCloser {
	if err := server.Handshake(); err != nil {
		b.Fatal(err)
	}
	if state != "burst" {
		return server
	}
	buf := make([]byte, 16<<10)
	if _, err := io.ReadFull(server, buf); err != nil {
		b.Fatal(err)
	}
	if _, err := server.Write(buf); err != nil {
		b.Fatal(err)
	}
	return server
}

func memoryInUse() int64 {
	for range 3 { // pools are emptied by the second collection
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
