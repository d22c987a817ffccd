package actor_test

import (
	"crypto/tls"
	"flag"
	"io"
	"net"
	"runtime"
	"testing"

	"tacet/actor"
	"tacet/record"
)

var idleConns = flag.Int("idle", 500, "connections of BenchmarkIdle; 10000 needs 20000 file descriptors")

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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	sockets := make([][2]net.Conn, *idleConns)
	for i := range sockets {
		if sockets[i][0], err = net.Dial("tcp", l.Addr().String()); err != nil {
			b.Fatal(err)
		}
		if sockets[i][1], err = l.Accept(); err != nil {
			b.Fatal(err)
		}
	}
	conns := make([]halfCloser, len(sockets))
	before := memoryInUse()
	for i, s := range sockets {
		if name == "crypto" {
			conns[i] = use(b, state, tls.Client(s[0], std), tls.Server(s[1], std))
		} else {
			c := &actor.Config{Pumped: name == "pumped"}
			conns[i] = use(b, state, tls.Client(s[0], std), actor.Server(s[1], p.server, c))
		}
	}
	if state == "blocked" {
		for _, c := range conns {
			go c.Read(make([]byte, 1))
		}
	}
	after := memoryInUse()
	for _, s := range sockets {
		s[0].Close()
		s[1].Close()
	}
	runtime.KeepAlive(conns)
	return float64(after-before) / float64(len(conns))
}

// use makes the handshake, and the burst. The client is dropped, but for its socket.
func use(b *testing.B, state string, client, server interface {
	halfCloser
	Handshake() error
}) halfCloser {
	done := make(chan error, 1)
	go func() {
		err := server.Handshake()
		if state == "burst" && err == nil {
			buf := make([]byte, 16<<10)
			if _, err = io.ReadFull(server, buf); err == nil {
				_, err = server.Write(buf)
			}
		}
		done <- err
	}()
	if err := client.Handshake(); err != nil {
		b.Fatal(err)
	}
	if state == "burst" {
		buf := make([]byte, 16<<10)
		if _, err := client.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(client, buf); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-done; err != nil {
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
