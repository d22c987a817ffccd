package msg

import (
	"bytes"
	"encoding/binary"

	"tacet/record"
)

// ClientHello opens a handshake (RFC 9846 §4.2.2; RFC 5246 §7.4.1.2).
type ClientHello struct {
	Version     record.Version `tls:"legacy_version"`
	Random      [32]byte       `tls:"random"`
	SessionID   []byte         `tls:"legacy_session_id"`          // up to 32 bytes
	Suites      Uint16s        `tls:"cipher_suites"`              // one or more
	Compression []byte         `tls:"legacy_compression_methods"` // holds null (0)
	Ext         Extensions
}

func (*ClientHello) Type() Type { return TypeClientHello }

// Parse reads a body of either version. A body may end before the extensions.
func (m *ClientHello) Parse(body []byte) error {
	//= RFC 9846 §4.2.2
	r := reader{b: body}
	*m = ClientHello{Version: record.Version(r.uint16("legacy_version"))}
	copy(m.Random[:], r.bytes("random", 32))
	m.SessionID = r.vector("legacy_session_id", 1, 0, 32)
	m.Suites = r.uint16s("cipher_suites", 2)
	m.Compression = r.vector("legacy_compression_methods", 1, 1, 255)
	if err := r.trailer(TypeClientHello, helloEither, &m.Ext); err != nil {
		return err
	}
	if bytes.IndexByte(m.Compression, 0) < 0 {
		return fault{KindIllegal, "legacy_compression_methods"}.of(TypeClientHello)
	}
	return nil
}

// OnlyNullCompression says whether null is the one method offered, which a
// server that picks TLS 1.3 must demand (else illegal_parameter).
func (m *ClientHello) OnlyNullCompression() bool { return len(m.Compression) == 1 }

// Append writes the message; its extensions are those that are Set, in row
// order. Without any the block is left out.
func (m *ClientHello) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeClientHello)
	dst = appendUint16(dst, uint16(m.Version))
	dst = append(dst, m.Random[:]...)
	dst = appendVector(dst, 1, m.SessionID)
	dst = appendVector(dst, 2, m.Suites)
	dst = appendVector(dst, 1, m.Compression)
	if m.Ext.have != 0 {
		dst = m.Ext.append(dst, helloEither)
	}
	return end(dst, at)
}

// Fits says whether the extensions are short enough for Append, which panics on
// a block that is longer than its length can say: a ticket or a cookie, which
// the peer made, may be as long as a whole block. It errs by some 300 bytes, on
// the safe side.
func (m *ClientHello) Fits() bool {
	const framing = 12 // the most that stands around the fields of one extension
	x := &m.Ext
	n := len(table) * framing
	for _, v := range [...]int{
		len(x.ServerName), len(x.SupportedGroups), len(x.PointFormats), len(x.SignatureAlgorithms),
		len(x.SignatureAlgorithmsCert), len(x.ALPN), x.Padding, len(x.CertificateCompression), len(x.SessionTicket),
		len(x.RenegotiationInfo), len(x.SupportedVersions), len(x.Cookie), len(x.PSKModes), len(x.PSK.Identities),
		len(x.PSK.Binders), len(x.KeyShares), len(x.CertificateAuthorities),
	} {
		n += v
	}
	return n <= 1<<16-1
}

// BindersLen is the number of bytes at the tail of the message that hold the
// binders, the two bytes of their length included; 0 without pre_shared_key.
// A binder covers the message without them.
func BindersLen(m *ClientHello) int {
	//= RFC 9846 §4.3.11.2
	if !m.Ext.Have(ExtPreSharedKey) {
		return 0
	}
	return 2 + len(m.Ext.PSK.Binders)
}

// PatchBinders writes binders over those at the tail of a whole ClientHello,
// which must have the same number and lengths; it panics if not.
func PatchBinders(raw []byte, binders ...[]byte) {
	list := AppendVector8(nil, binders...)
	at := len(raw) - len(list)
	if at < 2 || int(binary.BigEndian.Uint16(raw[at-2:])) != len(list) {
		panic("msg: binders do not fit the message")
	}
	tail := raw[at:]
	for i := 0; i < len(list); i += 1 + int(list[i]) {
		if tail[i] != list[i] {
			panic("msg: a binder does not fit the message")
		}
	}
	copy(tail, list)
}
