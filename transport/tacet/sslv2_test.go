package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// sslv2Hello is a ClientHello in the format of SSL 2.0 (RFC 5246 Appendix E.2), with
// three suites of TLS.
func sslv2Hello(v record.Version) []byte {
	specs := []byte{0, 0xc0, 0x2f, 0, 0, 0x9c, 0, 0, 0x2f}
	b := binary.BigEndian.AppendUint16([]byte{1}, uint16(v)) // CLIENT-HELLO
	b = binary.BigEndian.AppendUint16(b, uint16(len(specs)))
	b = binary.BigEndian.AppendUint16(b, 0) // session id
	b = binary.BigEndian.AppendUint16(b, 32)
	b = append(append(b, specs...), make([]byte, 32)...) // the challenge
	return append([]byte{0x80, byte(len(b))}, b...)
}

// answerTo is the first record that a server says to a hello, of type 0 if it hangs up.
func answerTo(t *testing.T, address string, hello []byte) (typ record.Type, body []byte) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute)) // for a server that says nothing
	if _, err := c.Write(hello); err != nil {
		t.Fatal(err)
	}
	var head [record.HeaderLen]byte
	if n, err := io.ReadFull(c, head[:]); n == 0 && !errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, nil
	} else if err != nil {
		t.Fatal(err)
	}
	body = make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	return record.Type(head[0]), body
}

// TestSSLv2Hello says one to tacet serve and to s_server. Neither answers in SSL 2.0; we
// answer with an alert whatever it offers, where OpenSSL at level 0 takes it for the hello of TLS
// up to 1.2 that it may be, which RFC 6176 §3 allows.
func TestSSLv2Hello(t *testing.T) {
	_, cert, key := files(t, credtest.RSA2048)
	s := startServe(t, "--ciphers", "ALL:@SECLEVEL=0", "--min-version", "TLSv1", "--cert", cert, "--key", key)
	openssl := peer(t, "openssl")
	theirs := startOpenSSL(t, exec.CommandContext(t.Context(), openssl, "s_server", "-www", "-cipher", "ALL:@SECLEVEL=0", "-accept", "127.0.0.1:0", "-cert", cert, "-key", key))
	for _, row := range []struct {
		v      record.Version
		theirs record.Type // of OpenSSL's answer
	}{{0x0002, record.TypeAlert}, {record.TLS10, record.TypeHandshake}, {record.TLS12, record.TypeHandshake}} {
		typ, body := answerTo(t, s.address, sslv2Hello(row.v))
		if typ != record.TypeAlert || len(body) != 2 || body[0] != byte(record.LevelFatal) || record.Alert(body[1]) != record.AlertProtocolVersion {
			t.Errorf("%v: we answer %v %x", row.v, typ, body)
		}
		if typ, body := answerTo(t, theirs, sslv2Hello(row.v)); typ != row.theirs {
			t.Errorf("%v: OpenSSL answers %v %x", row.v, typ, body)
		}
	}
}
