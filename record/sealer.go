package record

import "slices"

// Sealer seals the records of one direction in order. The zero value writes
// plaintext records of version 3.3. It is a value: a copy is a fork, which
// must then go another way, for two records sealed under one key and sequence
// number give the key away. One goroutine at a time.
type Sealer struct {
	half
}

// Install makes p protect all records from the next one on, which has sequence
// number 0 (RFC 9846 §5.3). The zero Protection goes back to plaintext.
func (s *Sealer) Install(p Protection) { s.install(p) }

// SetVersion says which version was negotiated: unprotected records then carry
// v, or 3.3 if v is TLS 1.3 (RFC 9846 §5.1).
func (s *Sealer) SetVersion(v Version) { s.outer = min(v, TLS12) }

// SetHeaderVersion sets the version field of unprotected records from the next
// one on, until SetVersion: TLS 1.0 is customary on the first ClientHello.
func (s *Sealer) SetHeaderVersion(v Version) { s.outer = v }

// Seal appends one record of type t that holds plain to dst and returns the
// longer slice. It grows dst as append does, and not at all when
// cap(dst)-len(dst) ≥ len(plain)+Overhead(). plain may lie anywhere but in the
// region appended to; it is not kept and not changed.
//
// len(plain) ≤ MaxPlaintext and Left() > 0 are the caller's to see to; Seal
// panics when a record would be too long or its sequence number the last.
func (s *Sealer) Seal(dst []byte, t Type, plain []byte) []byte {
	//= RFC 9846 §5.1
	if len(plain) > MaxPlaintext {
		panic("record: plaintext longer than 2^14 bytes")
	}
	if s.p.mode == nil || t == TypeChangeCipherSpec && s.p.mode.hidesType() {
		return s.sealPlain(dst, t, plain) // TLS 1.3 never protects a change_cipher_spec (RFC 9846 §5)
	}
	if s.seq == lastSeq {
		panic("record: sequence numbers are used up")
	}
	dst = s.p.mode.seal(&s.half, dst, t, plain)
	s.seq++
	return dst
}

func (s *Sealer) sealPlain(dst []byte, t Type, plain []byte) []byte {
	v := s.outer
	if v == 0 {
		v = TLS12
	}
	start := len(dst)
	dst = slices.Grow(dst, HeaderLen+len(plain))[:start+HeaderLen]
	putHeader(dst[start:], t, v, len(plain))
	return append(dst, plain...)
}

// Overhead returns how many bytes longer than its plaintext a record is under
// the keys in force, header included: exactly, for AEADs and NULL
// encryption, and at the most for CBC.
func (s *Sealer) Overhead() int {
	if s.p.mode == nil {
		return HeaderLen
	}
	return HeaderLen + s.p.mode.expansion(&s.half)
}

// SplitsFirst says that whoever seals application data is to put the first byte
// of each piece that comes from the application, if there is more, in a record of
// its own ([Protection.SplitsFirst]). Seal makes one record and does not.
func (s *Sealer) SplitsFirst() bool { return s.p.SplitsFirst() }

// Left returns how many records may still be sealed under this key: what the
// limit of its Protection leaves, or else the sequence numbers. At 0 it is
// time for a KeyUpdate, which itself may still be sealed (the limits of
// RFC 9846 §5.5 are not sharp), or for the end of the connection. Without
// protection there is no end.
func (s *Sealer) Left() uint64 {
	//= RFC 9846 §5.5
	limit := s.p.limit
	if limit == 0 {
		limit = lastSeq
	}
	return limit - min(s.seq, limit)
}
