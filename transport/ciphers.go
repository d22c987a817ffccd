package transport

import (
	"fmt"
	"slices"
	"strings"

	"tacet/suites"
)

// Ciphers returns the names of the cipher suites that OpenSSL calls DEFAULT, and of
// all of TLS 1.3, as node's getCiphers does: in lower case, sorted; tls_… are TLS 1.3's.
// In SecureContextOptions.Ciphers they stand in upper case, and there are more, with
// CCM or without encryption, for whom asks for them; not all are in [DefaultCiphers].
// Of node's list the four with SRP are left out, of which node cannot use any. The
// slice is the caller's.
func Ciphers() []string {
	usual, err := suites.Parse("DEFAULT")
	if err != nil {
		panic("transport: " + err.Error()) // a constant
	}
	list := usual.Suites
	for s := range suites.All() {
		if s.TLS13() {
			list = append(list, s)
		}
	}
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = strings.ToLower(s.OpenSSL)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ConvertALPNProtocols returns a list of protocols as it is sent (RFC 7301 §3.1): each
// after a byte with its length. A name that is empty or longer than 255 bytes is an
// *[Error] of CodeArgValue or CodeOutOfRange; node lets the empty one pass.
func ConvertALPNProtocols(protocols []string) ([]byte, error) {
	var wire []byte
	for i, name := range protocols {
		switch {
		case name == "":
			return nil, fault("ALPNProtocols", CodeArgValue, fmt.Sprintf("the protocol at index %d is empty", i))
		case len(name) > 255:
			return nil, fault("ALPNProtocols", CodeOutOfRange, fmt.Sprintf("the byte length of the protocol at index %d exceeds the maximum length", i))
		}
		wire = append(append(wire, byte(len(name))), name...)
	}
	return wire, nil
}
