package actor_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/record"
	"tacet/suites"
)

// Benchmarks stand in pairs, /impl=tacet and /impl=crypto, for benchstat:
//
//	go test ./actor -run xxx -bench . -count 10 | benchstat -col /impl -

// implementation connects two transports and gives connections that are ready.
type implementation struct {
	name    string
	connect func(b *testing.B, ct, st net.Conn) (client, server halfCloser)
}

// implementations are tacet and crypto/tls with one version and suite.
func implementations(b *testing.B, v record.Version, suite *suites.Suite) []implementation {
	p := compile(b, v, func(client, server *handshake.Config) {
		if suite != nil {
			client.Suites = []*suites.Suite{suite}
		}
	})
	std := standard(b, v)
	if suite != nil && v == record.TLS12 {
		std.CipherSuites = []uint16{uint16(suite.ID)}
	}
	return []implementation{
		{"tacet", func(b *testing.B, ct, st net.Conn) (client, server halfCloser) {
			c, s := p.connect(b, ct, st, nil)
			return c, s
		}},
		{"pumped", func(b *testing.B, ct, st net.Conn) (client, server halfCloser) {
			c, s := p.connect(b, ct, st, &actor.Config{Pumped: true})
			return c, s
		}},
		{"crypto", func(b *testing.B, ct, st net.Conn) (client, server halfCloser) {
			c, s := tls.Client(ct, std), tls.Server(st, std)
			if err := handshakeBoth(c, s); err != nil {
				b.Fatal(err)
			}
			return c, s
		}},
	}
}

// counting counts the writes of a transport.
type counting struct {
	net.Conn
	writes atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

var benchSuites = []struct {
	v    record.Version
	name string
}{
	{record.TLS13, "TLS_AES_128_GCM_SHA256"},
	{record.TLS12, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	{record.TLS12, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
	{record.TLS12, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
}

func benchLink(b *testing.B) (x, y net.Conn) {
	p, q := tcpLink(b)
	return p.(net.Conn), q.(net.Conn)
}

const mebibyte = 1 << 20

// BenchmarkBulk sends 1 MiB one way over TCP, in writes of 256 KiB.
func BenchmarkBulk(b *testing.B) {
	for _, s := range benchSuites {
		for _, impl := range implementations(b, s.v, suites.ByName(s.name)) {
			b.Run("suite="+s.name+"/impl="+impl.name, func(b *testing.B) {
				x, y := benchLink(b)
				client, server := impl.connect(b, x, y)
				bulk(b, func() { upload(b, client) }, func() { download(b, server) })
			})
		}
	}
}

// BenchmarkBothWays sends 1 MiB each way at once.
func BenchmarkBothWays(b *testing.B) {
	for _, impl := range implementations(b, record.TLS13, suites.ByName(benchSuites[0].name)) {
		b.Run("impl="+impl.name, func(b *testing.B) {
			x, y := benchLink(b)
			client, server := impl.connect(b, x, y)
			bulk(b, func() { upload(b, client) }, func() { download(b, server) },
				func() { upload(b, server) }, func() { download(b, client) })
		})
	}
}

// BenchmarkWrites counts the transport's writes for 1 MiB.
func BenchmarkWrites(b *testing.B) {
	for _, impl := range implementations(b, record.TLS13, nil) {
		b.Run("impl="+impl.name, func(b *testing.B) {
			x, y := benchLink(b)
			c := &counting{Conn: x}
			client, server := impl.connect(b, c, y)
			before := c.writes.Load()
			bulk(b, func() { upload(b, client) }, func() { download(b, server) })
			b.ReportMetric(float64(c.writes.Load()-before)/float64(b.N), "writes/MiB")
		})
	}
}

// bulk runs each function b.N times in a goroutine of its own.
func bulk(b *testing.B, functions ...func()) {
	b.SetBytes(mebibyte)
	b.ReportAllocs()
	done := make(chan bool)
	cpu := startCPU(b)
	defer cpu.stop()
	for _, f := range functions {
		go func() {
			for range b.N {
				f()
			}
			done <- true
		}()
	}
	for range functions {
		<-done
	}
}

func upload(b *testing.B, w io.Writer) {
	for range 4 {
		if _, err := w.Write(zeros[:mebibyte/4]); err != nil {
			b.Error(err)
		}
	}
}

var zeros [mebibyte]byte

func download(b *testing.B, r io.Reader) {
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	for left := mebibyte; left > 0; {
		n, err := r.Read(buf[:min(left, len(buf))])
		if err != nil {
			b.Error(err)
			return
		}
		left -= n
	}
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// memory is one end of a transport in memory whose writes never block.
type memory struct {
	net.Conn // nil
	in, out  *queue
}

// queue is one direction of it.
type queue struct {
	mu     sync.Mutex
	some   sync.Cond
	buf    bytes.Buffer
	closed bool
}

func (q *queue) Read(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.buf.Len() == 0 {
		if q.closed {
			return 0, io.EOF
		}
		q.some.Wait()
	}
	return q.buf.Read(p)
}

func (q *queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.some.Signal()
	return q.buf.Write(p)
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.some.Broadcast()
}

// Close ends both directions; what is on its way arrives.
func (m memory) Close() error {
	m.in.close()
	m.out.close()
	return nil
}

func (m memory) Read(p []byte) (int, error)       { return m.in.Read(p) }
func (m memory) Write(p []byte) (int, error)      { return m.out.Write(p) }
func (m memory) SetReadDeadline(time.Time) error  { return nil }
func (m memory) SetWriteDeadline(time.Time) error { return nil }

func memoryLink() (a, b net.Conn) {
	p, q := new(queue), new(queue)
	p.some.L, q.some.L = &p.mu, &q.mu
	return memory{in: p, out: q}, memory{in: q, out: p}
}

// BenchmarkMemory sends 1 MiB in memory, in writes of 64 KiB, on one goroutine:
// what the implementation costs, and nothing else.
func BenchmarkMemory(b *testing.B) {
	for _, s := range benchSuites {
		for _, impl := range implementations(b, s.v, suites.ByName(s.name)) {
			b.Run("suite="+s.name+"/impl="+impl.name, func(b *testing.B) {
				x, y := memoryLink()
				client, server := impl.connect(b, x, y)
				buf := make([]byte, 64<<10)
				b.SetBytes(mebibyte)
				b.ReportAllocs()
				cpu := startCPU(b)
				for range b.N {
					for range mebibyte / len(buf) {
						if _, err := client.Write(buf); err != nil {
							b.Fatal(err)
						}
						for left := len(buf); left > 0; {
							n, err := server.Read(buf[:left])
							if err != nil {
								b.Fatal(err)
							}
							left -= n
						}
					}
				}
				cpu.stop()
			})
		}
	}
}

// BenchmarkPingPong sends 64 bytes there and back over TCP.
func BenchmarkPingPong(b *testing.B) {
	for _, v := range versions {
		for _, impl := range implementations(b, v, nil) {
			b.Run("version="+v.String()+"/impl="+impl.name, func(b *testing.B) {
				x, y := benchLink(b)
				client, server := impl.connect(b, x, y)
				go func() {
					buf := make([]byte, 64)
					for {
						if _, err := io.ReadFull(server, buf); err != nil {
							return
						}
						if _, err := server.Write(buf); err != nil {
							return
						}
					}
				}()
				buf := make([]byte, 64)
				b.ReportAllocs()
				cpu := startCPU(b)
				for range b.N {
					if _, err := client.Write(buf); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(client, buf); err != nil {
						b.Fatal(err)
					}
				}
				cpu.stop()
				client.Close()
			})
		}
	}
}

// BenchmarkHandshake makes full and resumed connections over net.Pipe.
func BenchmarkHandshake(b *testing.B) {
	for _, v := range versions {
		for _, resumed := range []bool{false, true} {
			kind := "/kind=full"
			if resumed {
				kind = "/kind=resumed"
			}
			b.Run("version="+v.String()+kind+"/impl=tacet", func(b *testing.B) {
				p := compile(b, v, func(client, _ *handshake.Config) { client.AskSession = resumed })
				c := &actor.Config{}
				if resumed {
					c.Sessions = actor.NewSessionCache(1)
				}
				b.ReportAllocs()
				defer startCPU(b).stop()
				for range b.N {
					x, y := net.Pipe()
					client, server := p.pair(x, y, c)
					greet(b, client, server)
				}
			})
			b.Run("version="+v.String()+kind+"/impl=crypto", func(b *testing.B) {
				std := standard(b, v)
				if resumed {
					std.ClientSessionCache = tls.NewLRUClientSessionCache(1)
				}
				b.ReportAllocs()
				defer startCPU(b).stop()
				for range b.N {
					x, y := net.Pipe()
					greet(b, tls.Client(x, std), tls.Server(y, std))
				}
			})
		}
	}
}

// greet makes a connection, sends a byte to the client, and drops it.
func greet(b *testing.B, client, server halfCloser) {
	done := make(chan error, 1)
	go func() {
		_, err := server.Write(zeros[:1])
		done <- err
	}()
	var one [1]byte
	if _, err := client.Read(one[:]); err != nil {
		b.Fatal(err)
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
