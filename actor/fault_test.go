package actor_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

var errFault = errors.New("cable cut")

// faulty is a transport that fails once it has carried so many bytes one way.
type faulty struct {
	net.Conn
	mu          sync.Mutex
	read, write int // bytes until it fails; negative: never
}

func (f *faulty) allow(left *int, p []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *left == 0 {
		return nil, errFault
	}
	if *left > 0 && len(p) > *left {
		p = p[:*left]
	}
	return p, nil
}

func (f *faulty) spend(left *int, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *left > 0 {
		*left -= n
	}
}

func (f *faulty) Read(p []byte) (int, error) {
	p, err := f.allow(&f.read, p)
	if err != nil {
		return 0, err
	}
	n, err := f.Conn.Read(p)
	f.spend(&f.read, n)
	return n, err
}

func (f *faulty) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		part, err := f.allow(&f.write, p[n:])
		if err != nil {
			return n, err
		}
		m, err := f.Conn.Write(part)
		n += m
		f.spend(&f.write, m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

const request, response = "who is there?", "nobody in particular"

// converse is the whole of a client's conversation. Success means that it was whole.
func converse(c *actor.Conn) error {
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute)) // a spoiled length has a reader wait for more
	if _, err := io.WriteString(c, request); err != nil {
		return err
	}
	got, err := io.ReadAll(c)
	if err == nil && string(got) != response {
		return errors.New("truncated without an error")
	}
	return err
}

func reply(c *actor.Conn) error {
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, len(request))); err != nil {
		return err
	}
	_, err := io.WriteString(c, response)
	return err
}

// sameLength is unverified with signatures of one length, so that each
// conversation has as many bytes as the last.
func sameLength(t *testing.T) func(client, server *handshake.Config) {
	return func(client, server *handshake.Config) {
		unverified(client, server)
		server.Credentials = []*cred.Credential{credtest.CA(t).Leaf(t, credtest.Ed25519, serverName)}
	}
}

// conversation runs one over a transport of which the client's end is faulty,
// and returns the client's error and how many bytes went each way.
func conversation(t *testing.T, p profiles, read, write int) (carried [2]int, err error) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		f := &faulty{Conn: a, read: read, write: write}
		client, server := p.pair(f, b, nil)
		done := make(chan struct{})
		go func() {
			_ = reply(server)
			close(done)
		}()
		err = converse(client)
		client.NetConn().Close()
		<-done
		carried = [2]int{read - f.read, write - f.write}
	})
	return carried, err
}

// TestFaultAtEachByte fails the transport at every byte of a whole conversation,
// each way. The client must say so: neither hang nor succeed.
func TestFaultAtEachByte(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 29
	}
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			p := compile(t, v, sameLength(t))
			const far = 1 << 20
			carried, err := conversation(t, p, far, far)
			if err != nil || carried[0] == 0 || carried[1] == 0 {
				t.Fatalf("without a fault: %v, carried %v", err, carried)
			}
			// The last bytes are close_notify: the client's own may be lost.
			for at := 0; at < carried[0]; at += step {
				checkFault(t, p, at, -1)
			}
			for at := 0; at < carried[1]-50; at += step {
				checkFault(t, p, -1, at)
			}
		})
	}
}

func checkFault(t *testing.T, p profiles, read, write int) {
	_, err := conversation(t, p, read, write)
	var te *actor.TransportError
	if !errors.Is(err, errFault) || !errors.As(err, &te) {
		t.Errorf("fault after %d bytes read, %d written: %v", read, write, err)
	}
}

// corrupting flips a bit of the byte at a place in what is read.
type corrupting struct {
	net.Conn
	at int
}

func (c *corrupting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if 0 <= c.at && c.at < n {
		p[c.at] ^= 0x20
	}
	c.at -= n
	return n, err
}

// TestCorruptionAtEachByte flips a bit in every byte of what a client reads.
func TestCorruptionAtEachByte(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 41
	}
	for _, v := range versions {
		t.Run(v.String(), func(t *testing.T) {
			p := compile(t, v, sameLength(t))
			carried, _ := conversation(t, p, 1<<20, 1<<20)
			for at := 0; at < carried[0]; at += step {
				var err error
				synctest.Test(t, func(t *testing.T) {
					a, b := net.Pipe()
					client, server := p.pair(&corrupting{a, at}, b, nil)
					done := make(chan struct{})
					go func() {
						_ = reply(server)
						close(done)
					}()
					err = converse(client)
					<-done
				})
				if err == nil && at != minorVersion {
					t.Errorf("byte %d: no error", at)
				}
			}
		})
	}
}

// minorVersion is where the first record's version has its second byte: the one
// byte of all that nothing protects (RFC 9846 §5.1: it is ignored).
const minorVersion = 2

// TestFailureReachesPeer has the client refuse the server's certificate: both
// say why, for ever.
func TestFailureReachesPeer(t *testing.T) {
	for _, v := range versions {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			p := compile(t, v, nil) // not yet valid in the bubble's year
			client, server := p.pair(a, b, nil)
			result := make(chan error, 1)
			go func() { result <- server.Handshake() }()
			var first *handshake.Error
			if err := client.Handshake(); !errors.As(err, &first) || !first.Sent {
				t.Fatalf("client: %v", err)
			}
			serverErr := <-result
			if !errors.Is(serverErr, handshake.KindAlertReceived) || !errors.Is(serverErr, first.Alert) {
				t.Errorf("server: %v", serverErr)
			}
			if _, err := client.Read(make([]byte, 1)); err != error(first) {
				t.Errorf("client's Read: %v", err)
			}
			if _, err := client.Write(make([]byte, 1)); err != error(first) {
				t.Errorf("client's Write: %v", err)
			}
			client.Close()
			server.Close()
			if err := client.Handshake(); err != error(first) {
				t.Errorf("client's Handshake after Close: %v", err)
			}
		})
	}
}

// TestAlertAfterHandshake spoils a record: the reader's writing side is dead too,
// and the peer is told.
func TestAlertAfterHandshake(t *testing.T) {
	eachMode(t, func(t *testing.T, v record.Version, c *actor.Config) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			spoiled := &corrupting{a, -1}
			client, server := compile(t, v, func(client, server *handshake.Config) {
				unverified(client, server)
				server.Tickets = -1
			}).connect(t, spoiled, b, c)
			synctest.Wait()
			go server.Write([]byte("first"))
			if _, err := client.Read(make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			spoiled.at = 20
			go server.Write([]byte("second"))
			told := make(chan error, 1)
			go func() {
				_, err := server.Read(make([]byte, 1))
				told <- err
			}()
			_, err := client.Read(make([]byte, 10))
			if !errors.Is(err, handshake.KindBadRecordMAC) {
				t.Errorf("client's Read: %v", err)
			}
			if _, werr := client.Write([]byte("x")); werr != err {
				t.Errorf("client's Write: %v", werr)
			}
			if err := <-told; !errors.Is(err, record.AlertBadRecordMAC) {
				t.Errorf("server's Read: %v", err)
			}
			client.Close()
			server.Close()
		})
	})
}
