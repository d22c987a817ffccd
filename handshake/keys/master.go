package keys

import (
	"crypto/subtle"
	"slices"

	"tacet/record"
	"tacet/suites"
)

// MasterLen is the length of a master secret in bytes.
const MasterLen = 48

// verifyDataLen is the length of a Finished up to TLS 1.2.
const verifyDataLen = 12

// Master is the master secret of a session of TLS 1.2 or below, with the hash
// of its PRF. It is a value; the zero Master holds nothing, and to derive from it
// panics.
type Master struct {
	h Hash
	b [MasterLen]byte
}

// NewMaster derives the master secret from the premaster secret and both
// randoms (32 bytes each). Nothing is kept.
func NewMaster(h Hash, premaster, clientRandom, serverRandom []byte) Master {
	//= RFC 5246 §8.1
	m := Master{h: h}
	prf(m.b[:], h, premaster, "master secret", clientRandom, serverRandom, nil)
	return m
}

// NewExtendedMaster derives the extended master secret: sessionHash is the
// transcript hash up to and including ClientKeyExchange. Nothing is kept.
func NewExtendedMaster(h Hash, premaster, sessionHash []byte) Master {
	//= RFC 7627 §4
	m := Master{h: h}
	prf(m.b[:], h, premaster, "extended master secret", sessionHash, nil, nil)
	return m
}

// PSKPremaster is the premaster secret of a key exchange with a pre-shared key:
// other is the secret of the key exchange beside it, nil if there is none.
func PSKPremaster(other, psk []byte) []byte {
	//= RFC 4279 §2
	//= RFC 5489 §2
	if other == nil {
		other = make([]byte, len(psk))
	}
	b := make([]byte, 0, 4+len(other)+len(psk))
	b = append(append(b, byte(len(other)>>8), byte(len(other))), other...)
	return append(append(b, byte(len(psk)>>8), byte(len(psk))), psk...)
}

// MasterFromBytes returns the Master with b's bytes, such as a resumed
// session's. b is copied; it must be MasterLen long, else the zero Master is
// returned.
func MasterFromBytes(h Hash, b []byte) Master {
	if len(b) != MasterLen {
		return Master{}
	}
	return Master{h: h, b: [MasterLen]byte(b)}
}

// Bytes returns the master secret itself. The slice aliases m.
func (m *Master) Bytes() []byte { return m.b[:] }

// Hash is the hash of the PRF; 0 for the zero Master.
func (m *Master) Hash() Hash { return m.h }

// Clear forgets the secret: m is the zero Master afterwards.
func (m *Master) Clear() { *m = Master{} }

// IsZero reports whether m holds nothing.
func (m *Master) IsZero() bool { return m.h == 0 }

// Keys are the protections of the two directions, from the key block: what the
// client writes and what the server writes.
func (m *Master) Keys(suite *suites.Suite, v record.Version, clientRandom, serverRandom []byte, encryptThenMAC bool) (client, server record.Protection) {
	//= RFC 5246 §6.3
	var buf [maxKeyBlock]byte
	macLen, keyLen, ivLen := suite.MACLen, suite.KeyLen, suite.IVLen(v)
	block := buf[:2*(macLen+keyLen+ivLen)]
	prf(block, m.h, m.b[:], "key expansion", serverRandom, clientRandom, nil)

	cut := func(n int) []byte { p := block[:n:n]; block = block[n:]; return p }
	clientMAC, serverMAC := cut(macLen), cut(macLen)
	clientKey, serverKey := cut(keyLen), cut(keyLen)
	clientIV, serverIV := cut(ivLen), cut(ivLen)
	return suite.Protect(v, join(clientMAC, clientKey), clientIV, encryptThenMAC), suite.Protect(v, join(serverMAC, serverKey), serverIV, encryptThenMAC)
}

// join is MAC key | write key, which is what Protect takes as the key of a
// suite with a MAC of its own; an AEAD suite has no MAC key and pays nothing.
func join(mac, key []byte) []byte {
	if len(mac) == 0 {
		return key
	}
	return slices.Concat(mac, key)
}

// maxKeyBlock is the longest key block of any suite: SHA-384 MAC keys, 32-byte
// keys, 16-byte IVs.
const maxKeyBlock = 2 * (48 + 32 + 16)

// Finished appends the 12 bytes of verify_data to dst: the client's if client,
// else the server's; th is the transcript hash. It allocates only to grow dst.
func (m *Master) Finished(dst []byte, client bool, th []byte) []byte {
	//= RFC 5246 §7.4.9
	var out [verifyDataLen]byte
	m.finished(&out, client, th)
	return append(dst, out[:]...)
}

// VerifyFinished reports in constant time whether verifyData is what Finished
// gives. Only verifyData's length may be learned from the time it takes. The
// zero Master verifies nothing.
func (m *Master) VerifyFinished(verifyData []byte, client bool, th []byte) bool {
	if m.h == 0 {
		return false
	}
	var out [verifyDataLen]byte
	m.finished(&out, client, th)
	return subtle.ConstantTimeCompare(out[:], verifyData) == 1
}

func (m *Master) finished(out *[verifyDataLen]byte, client bool, th []byte) {
	label := "server finished"
	if client {
		label = "client finished"
	}
	prf(out[:], m.h, m.b[:], label, th, nil, nil)
}

// Export returns n bytes of exported keying material. An empty context
// (hasContext) differs from none. It returns nil when n is negative, context
// is longer than 65,535 bytes or label is one that TLS itself uses.
func (m *Master) Export(label string, context []byte, hasContext bool, clientRandom, serverRandom []byte, n int) []byte {
	//= RFC 5705 §4
	if n < 0 || len(context) > 0xffff || slices.Contains(reservedLabels[:], label) {
		return nil
	}
	var seed []byte
	if hasContext {
		seed = append([]byte{byte(len(context) >> 8), byte(len(context))}, context...)
	}
	out := make([]byte, n)
	prf(out, m.h, m.b[:], label, clientRandom, serverRandom, seed)
	return out
}

// reservedLabels are the labels of the handshake's own PRF uses.
var reservedLabels = [...]string{
	"client finished", "server finished", "master secret", "key expansion", "extended master secret",
}
