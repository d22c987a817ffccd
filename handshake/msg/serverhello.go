package msg

import "tacet/record"

// RetryRandom is the random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest".
var RetryRandom = [32]byte{
	//= RFC 9846 §4.2.3
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// The last eight bytes of the random of a server that knows a higher version
// than it picked: DowngradeTLS12 if TLS 1.3 was possible and 1.2 picked,
// DowngradeTLS11 if 1.1 or lower was.
var (
	//= RFC 9846 §4.2.3
	DowngradeTLS12 = [8]byte{'D', 'O', 'W', 'N', 'G', 'R', 'D', 1}
	DowngradeTLS11 = [8]byte{'D', 'O', 'W', 'N', 'G', 'R', 'D', 0}
)

// ServerHello answers a ClientHello; it is also the HelloRetryRequest
// (RFC 9846 §4.2.3, §4.2.4; RFC 5246 §7.4.1.3).
type ServerHello struct {
	Version     record.Version `tls:"legacy_version"`
	Random      [32]byte       `tls:"random"`
	SessionID   []byte         `tls:"legacy_session_id_echo"` // up to 32 bytes; echoed in TLS 1.3
	Suite       uint16         `tls:"cipher_suite"`
	Compression uint8          `tls:"legacy_compression_method"` // as sent; the engine demands 0
	Ext         Extensions
}

func (*ServerHello) Type() Type { return TypeServerHello }

// Retry says whether this is a HelloRetryRequest.
func (m *ServerHello) Retry() bool { return m.Random == RetryRandom }

func (m *ServerHello) where() Where {
	if m.Retry() {
		return InRetry
	}
	return serverHelloEither
}

// Parse reads a body of either version. The version is known only afterwards,
// from Ext.SelectedVersion, so the extensions wait for [Extensions.Check].
func (m *ServerHello) Parse(body []byte) error {
	//= RFC 9846 §4.2.3
	r := reader{b: body}
	*m = ServerHello{Version: record.Version(r.uint16("legacy_version"))}
	copy(m.Random[:], r.bytes("random", 32))
	m.SessionID = r.vector("legacy_session_id_echo", 1, 0, 32)
	m.Suite = r.uint16("cipher_suite")
	m.Compression = uint8(r.uint("legacy_compression_method", 1))
	return r.trailer(TypeServerHello, m.where(), &m.Ext)
}

// Append writes the message; its extensions are those that are Set, in row
// order. Without any the block is left out.
func (m *ServerHello) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeServerHello)
	dst = appendUint16(dst, uint16(m.Version))
	dst = append(dst, m.Random[:]...)
	dst = appendVector(dst, 1, m.SessionID)
	dst = appendUint16(dst, m.Suite)
	dst = append(dst, m.Compression)
	if m.Ext.have != 0 {
		dst = m.Ext.append(dst, m.where())
	}
	return end(dst, at)
}

// EncryptedExtensions holds the server's answers that need no key exchange (RFC 9846 §4.4.1).
type EncryptedExtensions struct{ Ext Extensions }

func (*EncryptedExtensions) Type() Type { return TypeEncryptedExtensions }

func (m *EncryptedExtensions) Parse(body []byte) error {
	*m = EncryptedExtensions{}
	r := reader{b: body}
	return r.extensions(TypeEncryptedExtensions, InEncryptedExtensions, &m.Ext)
}

func (m *EncryptedExtensions) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeEncryptedExtensions)
	return end(m.Ext.append(dst, InEncryptedExtensions), at)
}
