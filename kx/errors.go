package kx

import "strconv"

// Kind says why a share or a seed was refused.
type Kind uint8

const (
	// KindLength is a share whose length is not the group's: illegal_parameter
	// in TLS 1.3; where an empty share breaks the syntax, and in a TLS 1.2
	// ClientKeyExchange, decode_error.
	KindLength Kind = iota + 1
	// KindPoint is a share of the right length that encodes no acceptable
	// element: not on the curve, not uncompressed, of low order (the secret
	// would be all zeros), or an ML-KEM key with unreduced coefficients:
	// illegal_parameter.
	KindPoint
	// KindSeed is a seed outside of the scalar range. Nobody is at fault; draw again.
	KindSeed
	// KindCleared is a use of a Secret after Clear: the caller's mistake.
	KindCleared
	// KindGroup is a prime and generator that make no group for DHE.
	KindGroup
)

var kindText = [...]string{
	KindLength:  "share of wrong length",
	KindPoint:   "invalid share",
	KindSeed:    "seed out of range",
	KindCleared: "secret was cleared",
	KindGroup:   "unfit prime or generator",
}

// String returns the reason in words.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindText) {
		return "kind " + strconv.Itoa(int(k))
	}
	return kindText[k]
}

// ErrSeed matches, by errors.Is, every error that asks for another seed.
var ErrSeed error = &Error{Kind: KindSeed}

// Error is every error of a key exchange. It holds no secret and no share.
type Error struct {
	Group ID
	Kind  Kind
}

// Error returns the group's name, if it has one, and the reason.
func (e *Error) Error() string {
	if e.Group == 0 {
		return "kx: " + e.Kind.String()
	}
	return "kx: " + e.Group.String() + ": " + e.Kind.String()
}

// Is reports whether target is an *Error of the same kind whose group is the
// same or zero, which stands for any group.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && (t.Group == 0 || t.Group == e.Group)
}
