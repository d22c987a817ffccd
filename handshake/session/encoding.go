package session

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"tacet/record"
	"tacet/suites"
)

// magic opens every encoding; its last byte is the encoding's version.
const magic = "tcs\x02"

// fixedLen is what comes before the first field of variable length, and
// prefixes the lengths of those fields together.
const (
	fixedLen = len(magic) + 2 + 2 + 1 + 8 + 4 + 4 + 4 + 1
	prefixes = 1 + 2 + 1 + 1 + 2 + 1 + 3 + 1 + 2
)

// The flags. A set bit that is not named here is refused.
const (
	flagExtendedMaster = 1 << iota
	flagVerified
	knownFlags = 1<<iota - 1
)

// Error says why bytes are not the encoding of a session. It never holds any
// of the bytes.
type Error struct{ Reason string }

// Error gives the reason.
func (e *Error) Error() string { return "session: refused: " + e.Reason }

func errorf(format string, a ...any) error { return &Error{fmt.Sprintf(format, a...)} }

// Marshal encodes s:
//
//	"tcs" 2 | version 2 | suite 2 | flags 1 | created ms 8 | lifetime s 4
//	| age_add 4 | max_early_data 4 | max_fragment_length 1
//	| secret <1> | psk identity <2> | server name <1> | ALPN <1> | ticket <2> | id <1>
//	| chain <3> of certificate <3> | id context <1> | extra <2>
//
// where <n> is a length of n bytes before the bytes. The result holds the
// secret in the clear, and is the caller's. It is nil when s is not well
// formed: an unknown version or suite, a secret or field of the wrong length.
func (s *Session) Marshal() []byte {
	if s.check() != nil {
		return nil
	}
	b := append(make([]byte, 0, s.size()), magic...)
	b = binary.BigEndian.AppendUint16(b, uint16(s.Version))
	b = binary.BigEndian.AppendUint16(b, uint16(s.Suite))
	b = append(b, s.flags())
	b = binary.BigEndian.AppendUint64(b, uint64(s.Created.UnixMilli()))
	b = binary.BigEndian.AppendUint32(b, uint32(s.lifetime()/time.Second))
	b = binary.BigEndian.AppendUint32(b, s.AgeAdd)
	b = binary.BigEndian.AppendUint32(b, s.MaxEarlyData)
	b = append(b, s.MaxFragmentLength)
	b = appendVector(b, 1, s.Secret)
	b = appendVector(b, 2, s.PSKIdentity)
	b = appendVector(b, 1, s.ServerName)
	b = appendVector(b, 1, s.ALPN)
	b = appendVector(b, 2, s.Ticket)
	b = appendVector(b, 1, s.ID)
	b = appendLength(b, 3, s.chainLen())
	for _, der := range s.PeerChain {
		b = appendVector(b, 3, der)
	}
	b = appendVector(b, 1, s.IDContext)
	return appendVector(b, 2, s.Extra)
}

// appendVector appends v behind a length of n bytes.
func appendVector[T ~string | ~[]byte](b []byte, n int, v T) []byte {
	return append(appendLength(b, n, len(v)), v...)
}

func appendLength(b []byte, n, length int) []byte {
	for shift := 8 * (n - 1); shift >= 0; shift -= 8 {
		b = append(b, byte(length>>shift))
	}
	return b
}

func (s *Session) size() int {
	return fixedLen + prefixes + len(s.Secret) + len(s.PSKIdentity) + len(s.ServerName) + len(s.ALPN) + len(s.Ticket) +
		len(s.ID) + s.chainLen() + len(s.IDContext) + len(s.Extra)
}

func (s *Session) chainLen() (n int) {
	for _, der := range s.PeerChain {
		n += 3 + len(der)
	}
	return n
}

func (s *Session) flags() (f byte) {
	if s.ExtendedMaster {
		f |= flagExtendedMaster
	}
	if s.Verified {
		f |= flagVerified
	}
	return f
}

// Parse reads what Marshal wrote, and nothing else: another version of the
// encoding, a version, suite or flag that it does not know, a field over its
// bound, a Lifetime over the version's maximum or bytes left over are an *Error. b is
// copied. Marshal of the result is b again.
func Parse(b []byte) (*Session, error) {
	in := cryptobyte.String(slices.Clone(b))
	s := new(Session)
	if err := s.parseFixed(&in); err != nil {
		return nil, err
	}
	if err := s.parseVectors(&in); err != nil {
		return nil, err
	}
	if !in.Empty() {
		return nil, errorf("%d bytes left over", len(in))
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Session) parseFixed(in *cryptobyte.String) error {
	var head []byte
	if !in.ReadBytes(&head, len(magic)) || string(head) != magic {
		return errorf("not an encoding of this version")
	}
	var version, suite uint16
	var flags uint8
	var created uint64
	var lifetime uint32
	if !in.ReadUint16(&version) || !in.ReadUint16(&suite) || !in.ReadUint8(&flags) || !in.ReadUint64(&created) ||
		!in.ReadUint32(&lifetime) || !in.ReadUint32(&s.AgeAdd) || !in.ReadUint32(&s.MaxEarlyData) ||
		!in.ReadUint8(&s.MaxFragmentLength) {
		return errorf("cut short")
	}
	s.Version, s.Suite = record.Version(version), suites.ID(suite)
	s.ExtendedMaster, s.Verified = flags&flagExtendedMaster != 0, flags&flagVerified != 0
	s.Created = time.UnixMilli(int64(created))
	s.Lifetime = time.Duration(lifetime) * time.Second
	switch {
	case flags&^knownFlags != 0:
		return errorf("flags %#02x", flags)
	case s.Lifetime != s.lifetime():
		return errorf("lifetime %v", s.Lifetime)
	}
	return nil
}

func (s *Session) parseVectors(in *cryptobyte.String) error {
	var secret, psk, name, alpn, ticket, id, chain, idContext, extra cryptobyte.String
	if !in.ReadUint8LengthPrefixed(&secret) || !in.ReadUint16LengthPrefixed(&psk) || !in.ReadUint8LengthPrefixed(&name) ||
		!in.ReadUint8LengthPrefixed(&alpn) || !in.ReadUint16LengthPrefixed(&ticket) ||
		!in.ReadUint8LengthPrefixed(&id) || !in.ReadUint24LengthPrefixed(&chain) ||
		!in.ReadUint8LengthPrefixed(&idContext) || !in.ReadUint16LengthPrefixed(&extra) {
		return errorf("cut short")
	}
	for !chain.Empty() {
		var der cryptobyte.String
		if !chain.ReadUint24LengthPrefixed(&der) {
			return errorf("certificate cut short")
		}
		s.PeerChain = append(s.PeerChain, slices.Clip(der))
	}
	s.Secret, s.Ticket, s.ID = orNil(secret), orNil(ticket), orNil(id)
	s.IDContext, s.Extra = orNil(idContext), orNil(extra)
	s.PSKIdentity = string(psk)
	s.ServerName, s.ALPN = string(name), string(alpn)
	return nil
}

// orNil is b with its capacity cut, so that appending to one field cannot
// overwrite the next, and nil when empty.
func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return slices.Clip(b)
}
