package kx

import (
	"slices"
	"strconv"
	"strings"
)

// ListError is the error of [ParseList].
type ListError struct {
	Name   string // the element at fault, without the blanks around it
	Reason string // "unknown group" or "repeated group"
}

// Error returns the reason and the element.
func (e *ListError) Error() string { return "kx: " + e.Reason + " " + strconv.Quote(e.Name) }

// ParseList parses Node's ecdhCurve: "auto" alone, which gives the usual groups,
// or names separated by colons, in order of preference. Blanks around a name are
// dropped; case counts, as it does for OpenSSL. An unknown, empty or repeated
// name, and "auto" in a list, give a [*ListError]. Curves that OpenSSL 3.0 knows and
// this package does not are passed over: a list of nothing else gives an empty one,
// which a handshake.Config refuses.
func ParseList(s string) ([]Group, error) {
	if s == "auto" {
		return auto(), nil
	}
	list, had := []Group{}, map[ID]bool{}
	for name := range strings.SplitSeq(s, ":") {
		name = strings.Trim(name, " \t\n\v\f\r")
		g := byExactName(name)
		id, known := foreign[name]
		if g != nil {
			id, known = g.id, true
			list = append(list, g)
		}
		switch {
		case !known:
			return nil, &ListError{name, "unknown group"}
		case had[id]:
			return nil, &ListError{name, "repeated group"}
		}
		had[id] = true
	}
	return list, nil
}

// foreign are the curves of OpenSSL 3.0 that this package lacks: RFC 8422 and RFC 9846
// have done away with all but the last three, and TLS 1.3 knows none.
var foreign = map[string]ID{
	"sect163k1": 1, "K-163": 1, "sect163r1": 2, "sect163r2": 3, "B-163": 3, "sect193r1": 4, "sect193r2": 5, "sect233k1": 6, "K-233": 6,
	"sect233r1": 7, "B-233": 7, "sect239k1": 8, "sect283k1": 9, "K-283": 9, "sect283r1": 10, "B-283": 10, "sect409k1": 11, "K-409": 11,
	"sect409r1": 12, "B-409": 12, "sect571k1": 13, "K-571": 13, "sect571r1": 14, "B-571": 14, "secp160k1": 15, "secp160r1": 16, "secp160r2": 17,
	"secp192k1": 18, "secp192r1": 19, "prime192v1": 19, "P-192": 19, "secp224k1": 20, "secp224r1": 21, "P-224": 21, "secp256k1": 22,
	"brainpoolP256r1": 26, "brainpoolP384r1": 27, "brainpoolP512r1": 28,
}

func auto() []Group {
	var list []Group
	for _, g := range table {
		if g.auto {
			list = append(list, g)
		}
	}
	return list
}

func byExactName(name string) *group {
	for _, g := range table {
		if slices.Contains(g.names, name) {
			return g
		}
	}
	return nil
}
