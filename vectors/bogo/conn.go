package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
)

// draw fills p with random bytes.
func draw(p []byte) {
	if _, err := rand.Read(p); err != nil {
		panic(err)
	}
}

// env is the world's randomness.
type env struct{}

func (env) Rand(_ handshake.Label, _ uint32, p []byte) { draw(p) }

// conn is an engine on a TCP connection.
type conn struct {
	set  *settings
	mem  *memory
	up   *setup
	tcp  *net.TCPConn
	e    stack
	wire []byte // came from the peer, not given to the engine yet
	in   []byte // given to the engine, not consumed yet
	out  []byte // to be sent
	held bool   // nothing more leaves until something came
	eof  bool   // the peer's

	given, sent int  // bytes so far, for the pace of -async
	steps       int  // of halves
	joined      bool // a renegotiation is to begin
	patience    int  // rounds that a query waits for its answer
	asked       map[string]int
	messages    string            // the trace
	traffic     map[string][]byte // traffic secrets of -export-traffic-secrets, by label
	types       []byte            // that a CertificateRequest named
	newSession  bool
	handshakes  int
	unsaid      []byte // what is to be answered once the renegotiation is over
}

// dial connects to the runner and says who is calling.
func dial(s *settings) (*net.TCPConn, error) {
	host := "127.0.0.1"
	if s.ipv6 {
		host = "::1"
	}
	c, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(s.port)))
	if err != nil {
		return nil, err
	}
	_, err = c.Write(binary.LittleEndian.AppendUint64(nil, uint64(s.shimID)))
	return c.(*net.TCPConn), err
}

// lateness is how many rounds a query waits with -async.
const lateness = 3

// errTransportEnd says that the transport ended, orderly for TCP, whatever TLS
// makes of it.
var errTransportEnd = errors.New("transport ended")

// next runs the engine until it says something of interest: Secure, Data,
// PeerClosed or, as an error, its failure or the end of the transport.
func (c *conn) next() (handshake.Event, error) {
	for {
		ev, err := c.step()
		if err != nil {
			return ev, err
		}
		switch ev.Kind {
		case handshake.NeedInput:
			if err := c.exportBetweenReads(); err != nil {
				return ev, err
			}
			if err := c.exchange(); err != nil {
				return ev, err
			}
		case handshake.QueryPending:
			if err := c.attend(); err != nil {
				return ev, err
			}
		case handshake.SessionReady:
			c.newSession, c.mem.session = true, c.e.Session()
		case handshake.Rejoin:
			if err := c.rejoin(); err != nil {
				return ev, err
			}
			c.joined = true
		case handshake.KeyLogged:
			c.logKey(ev.Data)
		case handshake.MessageSent, handshake.MessageReceived:
			c.trace(ev)
		case handshake.Failed:
			return ev, c.end(c.e.Err())
		case handshake.Secure, handshake.Data, handshake.PeerClosed:
			return ev, nil
		}
	}
}

// exportBetweenReads exports when all that came was read, once secure.
func (c *conn) exportBetweenReads() error {
	if !c.set.exportAfterReads || c.handshakes == 0 {
		return nil
	}
	if _, err := c.e.Export("some label", nil, 1); err != nil {
		return fmt.Errorf("failed to export keying material: %w", err)
	}
	return nil
}

// step calls Step once. Data is copied out, and what was consumed overwritten:
// the engine must have kept nothing of it.
func (c *conn) step() (handshake.Event, error) {
	if err := c.bend(); err != nil {
		return handshake.Event{}, err
	}
	n, ev := c.e.Step(c.mem.clock, c.in)
	c.joined = false
	if n < 0 || n > len(c.in) {
		return ev, fmt.Errorf("engine defect: Step consumed %d of %d bytes", n, len(c.in))
	}
	ev.Data = append([]byte(nil), ev.Data...)
	for i := range c.in[:n] {
		c.in[i] = 0xa5
	}
	c.in = c.in[n:]
	c.out = c.e.AppendOut(c.out)
	if c.set.async {
		c.in = append(make([]byte, 0, len(c.in)+64), c.in...)
		return ev, nil
	}
	return ev, c.flush()
}

// exchange moves bytes between engine and transport until there is input. With
// -async it moves a few at a time, and writing and reading take turns.
func (c *conn) exchange() error {
	if c.set.async {
		if err := c.write(c.portion(c.sent)); err != nil {
			return err
		}
		if len(c.out) > 0 && !c.held && len(c.wire) == 0 {
			return nil
		}
	}
	if len(c.wire) == 0 && (len(c.out) == 0 || c.held) {
		if err := c.read(); err != nil {
			return err
		}
	}
	n := len(c.wire)
	if c.set.async {
		n = min(n, c.portion(c.given))
	}
	c.in = append(c.in, c.wire[:n]...)
	c.wire = c.wire[n:]
	c.given += n
	return nil
}

// portion is how many bytes move at once, when done so far: one while the
// handshake's headers pass, then more, so that large tests end.
func (c *conn) portion(done int) int {
	if done < 1024 {
		return 1
	}
	return 1 + done%251
}

// read waits for the peer. Its end is told to the engine.
func (c *conn) read() error {
	if c.eof {
		return errTransportEnd
	}
	buf := make([]byte, 1<<16)
	n, err := c.tcp.Read(buf)
	c.wire = append(c.wire, buf[:n]...)
	if n > 0 {
		return nil
	}
	c.eof = true
	if errors.Is(err, io.EOF) {
		c.e.EOF()
		return errTransportEnd
	}
	return err
}

// write sends at most n of the bytes that are due.
func (c *conn) write(n int) error {
	if n = min(n, len(c.out)); n == 0 || c.held {
		return nil
	}
	_, err := c.tcp.Write(c.out[:n])
	c.out = c.out[n:]
	c.sent += n
	return err
}

// flush sends all that is due.
func (c *conn) flush() error { return c.write(len(c.out)) }

// send seals data and sends it. With -async it leaves with what is read next.
func (c *conn) send(data []byte) (err error) {
	if c.out, err = c.e.Seal(c.out, data); err != nil || c.set.async {
		return err
	}
	return c.flush()
}

// end delivers the alert that the engine left, and hands the error on.
func (c *conn) end(err error) error {
	if werr := c.flush(); werr != nil && err == nil {
		return werr
	}
	return err
}

// close ends the transport so that the peer gets everything: it may still be
// writing, and a reset would lose it our alert.
func (c *conn) close() {
	c.tcp.SetDeadline(time.Now().Add(10 * time.Second))
	c.flush()
	c.tcp.CloseWrite()
	io.Copy(io.Discard, c.tcp)
	c.tcp.Close()
}

// trace notes a message as BoringSSL's message callback does.
func (c *conn) trace(ev handshake.Event) {
	c.messages += map[bool]string{true: "write ", false: "read "}[ev.Kind == handshake.MessageSent]
	switch ev.Type {
	case record.TypeHandshake:
		c.requested(msg.Raw(ev.Data))
		c.messages += fmt.Sprintf("hs %d\n", ev.Data[0])
	case record.TypeChangeCipherSpec:
		c.messages += "ccs\n"
	case record.TypeAlert:
		c.messages += fmt.Sprintf("alert %d %d\n", ev.Data[0], ev.Data[1])
	}
}

// logKey keeps the secrets of a key log.
func (c *conn) logKey(line []byte) {
	if f := bytes.Fields(line); len(f) == 3 {
		if secret, err := hex.DecodeString(string(f[2])); err == nil {
			c.traffic[string(f[0])] = secret
		}
	}
}

// requested keeps the certificate types of a CertificateRequest up to TLS 1.2.
func (c *conn) requested(m msg.Raw) {
	var r msg.CertificateRequest12
	if c.e.State().Version <= record.TLS12 && m.Type() == msg.TypeCertificateRequest && r.Parse(m.Body()) == nil {
		c.types = bytes.Clone(r.Types)
	}
}
