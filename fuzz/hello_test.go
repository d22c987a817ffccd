package fuzz

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
)

// helloRows are the differences in what servers make of a ClientHello.
var helloRows = append(notRead(
	"max_fragment_length", "padding", "encrypt_then_mac", "record_size_limit", "compress_certificate",
	"certificate_authorities", "post_handshake_auth", "oid_filters",
), []row{
	{kind: handshake.KindDuplicateExtension, std: "alert decode_error",
		why: "RFC 9846 §4.3 names no alert; illegal_parameter is what BoringSSL's runner, rustls and picotls hold to"},
	{kind: handshake.KindPSKNotLast, std: "alert decode_error",
		why: "RFC 9846 §4.3.11: servers MUST check that it is last, and fail with illegal_parameter"},
	{kind: handshake.KindMissingExtension, tacet: "alert missing_extension",
		why: "RFC 9846 §9.2 and §4.3.9 list what must be there and name this alert; crypto/tls goes on, or fails for want of a group"},
	{kind: handshake.KindIllegalParameter, field: "ec_point_format", std: "alert",
		why: "RFC 8422 §5.1.2: a list without uncompressed ends in illegal_parameter"},
	{kind: handshake.KindIllegalParameter, field: "key_share: group not in supported_groups",
		why: "RFC 9846 §4.3.8: servers MAY check; a hello that contradicts itself is refused before it is answered"},
	{kind: handshake.KindNoCommonSuite, tacet: "alert handshake_failure", std: "ServerHello TLSv1.2",
		why: "RFC 8422 §5.1: the curve of an ECDSA certificate must be one that the client lists; OpenSSL agrees"},
	{tacet: "ServerHello TLSv1.2", stdErr: "no cipher suite supported by both",
		why: "RFC 8422 §4: of a client without supported_groups, the server is free to choose any group"},
	{tacet: "ServerHello TLSv1.1", stdErr: "no cipher suite supported by both", why: "the same"},
	{kind: handshake.KindDecode, field: "ClientHello.legacy_session_id",
		why: "RFC 9846 §4.2.2: up to 32 bytes; crypto/tls takes 255"},
	{kind: handshake.KindDecode, field: "ClientHello.cipher_suites",
		why: "RFC 9846 §4.2.2: one suite at least; crypto/tls takes none, and then finds none in common"},
	{kind: handshake.KindDecode, field: "ClientHello.legacy_compression_methods",
		why: "RFC 9846 §4.2.2: one method at least"},
	{kind: handshake.KindIllegalParameter, field: "ClientHello.legacy_compression_methods", std: "alert protocol_version",
		why: "both refuse; what no version allows is refused before the version is looked at"},
	{kind: handshake.KindIllegalParameter, field: "server_name",
		why: "RFC 6066 §3: a name with NUL or of two hosts is none; crypto/tls takes what it can read"},
	{kind: handshake.KindProtocolVersion, field: "ClientHello.legacy_version", tacet: "alert protocol_version",
		why: "RFC 9846 Appendix E.5: SSL 3.0 is refused, whatever supported_versions says"},
	{stdErr: "unexpected quic_transport_parameters extension",
		why: "RFC 9001 §8.2 binds those who support the extension; to others it is unknown"},
	{tacet: "alert", std: "HelloRetryRequest",
		why: "what cannot succeed is refused at once; crypto/tls looks at the rest of the hello after the retry only"},
}...)

// notRead are the rows of extensions that crypto/tls does not read, whatever is in them.
func notRead(names ...string) (rows []row) {
	for _, name := range names {
		for _, kind := range []handshake.Kind{handshake.KindDecode, handshake.KindIllegalParameter, handshake.KindForbiddenExtension} {
			rows = append(rows, row{kind: kind, field: "extension " + name, why: "RFC 9846 §4.3: crypto/tls skips it unread"})
		}
	}
	return rows
}

// frame makes records of a ClientHello with a body.
func frame(body []byte) (wire []byte) {
	m := append([]byte{byte(msg.TypeClientHello), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	for len(m) > 0 {
		n := min(len(m), record.MaxPlaintext)
		wire = append(wire, byte(record.TypeHandshake), 3, 1)
		wire = append(binary.BigEndian.AppendUint16(wire, uint16(n)), m[:n]...)
		m = m[n:]
	}
	return wire
}

// hellos are bodies of ClientHellos: of our conversations, and recorded from other programs.
func hellos(t testing.TB) (list [][]byte) {
	for _, c := range conversations(t) {
		list = append(list, c.world().c.said[record.HeaderLen+msg.HeaderLen:])
	}
	files, err := filepath.Glob("../handshake/msg/testdata/*.hello")
	if err != nil || len(files) == 0 {
		t.Fatal("no recorded hellos")
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if b, err := hex.DecodeString(strings.TrimSpace(line)); err == nil && len(b) > 60 && b[0] == byte(msg.TypeClientHello) {
				list = append(list, b[msg.HeaderLen:])
			}
		}
	}
	return list
}

// judgeHello compares what both servers make of a ClientHello.
func judgeHello(t testing.TB, a *arena, body []byte) (tacet, std verdict) {
	wire := frame(body)
	return a.serverTacet(wire), a.serverStd(wire)
}

func shown(a *arena, body []byte) func() string {
	return func() string {
		m := append([]byte{1, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
		return a.conv.name + ": " + string(msg.Dump(nil, m, msg.Dialect{Version: record.TLS13})) + hex.EncodeToString(m)
	}
}

// otherStatus reports whether a hello asks for a status that is not OCSP's. What
// stands in such a request is not known (RFC 6066 §8); crypto/tls reads it all the same.
func otherStatus(body []byte) bool {
	var m msg.ClientHello
	if m.Parse(body) != nil {
		return false
	}
	for id, b := range msg.RawExtensions(m.Ext.Wire) {
		if id == msg.ExtStatusRequest && len(b) > 0 && b[0] != 1 {
			return true
		}
	}
	return false
}

// FuzzClientHello gives the same ClientHello to both servers.
func FuzzClientHello(f *testing.F) {
	list := arenas(f)
	for i, h := range hellos(f) {
		f.Add(byte(i), h)
	}
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		if len(body) > 1<<16 || otherStatus(body) {
			return
		}
		a := list[pick(which, len(list))]
		tacet, std := judgeHello(t, a, body)
		differ(t, append(helloRows, severalFaults), tacet, std, shown(a, body))
	})
}

// parts is a ClientHello in pieces that can be changed.
type parts struct {
	head []byte // up to the extensions
	ext  [][]byte
}

func cutHello(body []byte) (p parts, ok bool) {
	var m msg.ClientHello
	if m.Parse(body) != nil || m.Ext.Wire == nil {
		return p, false
	}
	p.head = body[:len(body)-len(m.Ext.Wire)-2]
	for id, b := range msg.RawExtensions(m.Ext.Wire) {
		e := binary.BigEndian.AppendUint16(nil, uint16(id))
		p.ext = append(p.ext, append(binary.BigEndian.AppendUint16(e, uint16(len(b))), b...))
	}
	return p, true
}

func (p parts) join() []byte {
	body := append([]byte(nil), p.head...)
	var block []byte
	for _, e := range p.ext {
		block = append(block, e...)
	}
	return append(binary.BigEndian.AppendUint16(body, uint16(len(block))), block...)
}

// change changes a ClientHello in a way that leaves most of it whole.
func change(rnd *rand.Rand, body []byte) []byte {
	body = append([]byte(nil), body...)
	p, ok := cutHello(body)
	if !ok || rnd.IntN(4) == 0 {
		for range 1 + rnd.IntN(2) {
			body[rnd.IntN(len(body))] = byte(rnd.Uint32())
		}
		return body
	}
	i := rnd.IntN(len(p.ext))
	ext := func(b []byte) []byte { // an extension with its length put right
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)-4))
		return b
	}
	e := append([]byte(nil), p.ext[i]...)
	switch rnd.IntN(8) {
	case 0:
		p.ext = append(p.ext[:i:i], p.ext[i+1:]...)
	case 1:
		p.ext = append([][]byte{e}, p.ext...)
	case 2:
		j := rnd.IntN(len(p.ext))
		p.ext[i], p.ext[j] = p.ext[j], p.ext[i]
	case 3:
		p.ext[i] = ext(e[:4+rnd.IntN(len(e)-3)])
	case 4:
		p.ext[i] = ext(append(e, make([]byte, 1+rnd.IntN(3))...))
	case 5, 6:
		if len(e) > 4 {
			e[4+rnd.IntN(len(e)-4)] = byte(rnd.Uint32())
			p.ext[i] = e
		}
	case 7:
		p.head[rnd.IntN(len(p.head))] = byte(rnd.Uint32())
	}
	return p.join()
}

// TestClientHello compares verdicts on many changed hellos.
func TestClientHello(t *testing.T) {
	list, all := arenas(t), hellos(t)
	rnd := rand.New(rand.NewPCG(8446, 9846))
	n := 3000
	if testing.Short() {
		n = 300
	}
	for range n {
		a := list[rnd.IntN(len(list))]
		body := change(rnd, all[rnd.IntN(len(all))])
		if rnd.IntN(3) == 0 {
			body = change(rnd, body)
		}
		if otherStatus(body) {
			continue
		}
		tacet, std := judgeHello(t, a, body)
		differ(t, helloRows, tacet, std, shown(a, body))
	}
}
