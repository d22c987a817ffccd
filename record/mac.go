package record

import (
	"crypto/subtle"
	"hash"
	"slices"
)

// MACOnly protects as suites with NULL encryption do in TLS 1.0 to 1.2: the
// content stands in the clear, an HMAC behind it. new makes the hash, of the
// standard library; key is the MAC key, which is copied. RFC 7366 has no say here.
func MACOnly(v Version, new func() hash.Hash, key []byte) Protection {
	return Protection{mode: &macOnly{version: v, mac: newHMAC(new, key)}}
}

// macOnly is the mode of NULL suites. It does not change.
type macOnly struct {
	version Version
	mac     *hmacKey
}

func (m *macOnly) expansion(*half) int { return m.mac.size }
func (*macOnly) maxCiphertext() int    { return MaxCiphertext12 }
func (*macOnly) hidesType() bool       { return false }

func (m *macOnly) seal(h *half, dst []byte, t Type, plain []byte) []byte {
	//= RFC 5246 §6.2.3.1
	s := h.macScratch(m.mac)
	start := len(dst)
	dst = slices.Grow(dst, HeaderLen+len(plain)+m.mac.size)[:start+HeaderLen]
	putHeader(dst[start:], t, m.version, len(plain)+m.mac.size)
	dst = append(dst, plain...)
	return append(dst, m.mac.sum(&s.mac, h.header(t, m.version, len(plain)), plain)...)
}

func (m *macOnly) open(h *half, _, rec []byte, limit int) ([]byte, Type, bool, Kind) {
	//= RFC 5246 §6.2.3.1
	t, content := Type(rec[0]), rec[HeaderLen:]
	n := len(content) - m.mac.size
	switch {
	case n < 0:
		return nil, 0, false, KindBadMAC
	case n > limit:
		return nil, 0, false, KindOverflow
	}
	s := h.macScratch(m.mac)
	want := m.mac.sum(&s.mac, h.header(t, m.version, n), content[:n])
	if subtle.ConstantTimeCompare(content[n:], want) != 1 {
		return nil, 0, false, KindBadMAC
	}
	return content[:n], t, false, 0
}

// macScratch is the scratch of a half that has no cipher, made at its first record.
func (h *half) macScratch(mac *hmacKey) *scratch {
	if h.scratch == nil {
		h.scratch = &scratch{mac: macState{hash: mac.new()}}
	}
	return h.scratch
}
