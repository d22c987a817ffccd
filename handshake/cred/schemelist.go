package cred

import (
	"fmt"
	"slices"
	"strings"
)

// DefaultSchemes returns the schemes to offer and accept when nothing else was
// configured, the most preferred first: OpenSSL 3's list without SHA-1 and
// SHA-224. The slice is the caller's.
func DefaultSchemes() []Scheme {
	list := make([]Scheme, 0, len(table))
	for i := range table {
		if r := &table[i]; !r.legacy() {
			list = append(list, r.code)
		}
	}
	return list
}

// unused are the schemes that OpenSSL 3.0 takes in a list and no handshake of ours
// uses, with their names.
var unused = map[string]Scheme{
	"DSA+SHA1": 0x0202, "DSA+SHA224": 0x0302, "DSA+SHA256": 0x0402, "DSA+SHA384": 0x0502, "DSA+SHA512": 0x0602,
	"RSA+SHA224": 0x0301, "rsa_pkcs1_sha224": 0x0301, "ECDSA+SHA224": 0x0303,
}

// ParseSchemes reads node's sigalgs option: names separated by colons, each
// either the RFC's ("rsa_pss_rsae_sha256", in lower case) or a pair of key kind
// and hash ("RSA-PSS+SHA256", "PSS+SHA256", "RSA+SHA512", "ECDSA+SHA384", either
// part first). A pair stands for the scheme of the table that fits it, RSA-PSS for the one
// of plain RSA keys. ASCII blanks around a name are dropped. An item that is empty, unknown, or
// names a scheme a second time is an *Error of KindScheme, as in OpenSSL 3.0; a key kind or a
// hash alone is unknown. DSA and SHA-224, which OpenSSL knows, are passed over: a list
// of nothing else gives an empty one, which a handshake.Config refuses.
func ParseSchemes(list string) ([]Scheme, error) {
	schemes := []Scheme{}
	for item := range strings.SplitSeq(list, ":") {
		s, ok := parseScheme(strings.Trim(item, " \t\n\v\f\r"))
		if !ok {
			return nil, fail(KindScheme, nil, fmt.Errorf("unknown signature algorithm %q", item))
		}
		if slices.Contains(schemes, s) {
			return nil, fail(KindScheme, nil, fmt.Errorf("signature algorithm %q is there twice", item))
		}
		schemes = append(schemes, s)
	}
	//= RFC 9846 §4.3.3
	//# In particular, MD5 [SLOTH], SHA-224, and DSA MUST NOT be used
	return slices.DeleteFunc(schemes, func(s Scheme) bool { return !s.Known() }), nil
}

func parseScheme(item string) (Scheme, bool) {
	key, hash, pair := strings.Cut(item, "+")
	if !pair {
		return schemeNamed(item, func(r *row) bool { return r.name == item && r.listed() })
	}
	if strings.HasPrefix(strings.ToUpper(key), "SHA") {
		key, hash = hash, key
	}
	if key == "PSS" {
		key = "RSA-PSS"
	}
	if hash == strings.ToLower(hash) { // OpenSSL takes a hash's short and long name
		hash = strings.ToUpper(hash)
	}
	want := key + "+" + hash
	return schemeNamed(want, func(r *row) bool { return r.hash != 0 && r.openssl == want && r.key != keyRSAPSS })
}

// listed reports whether OpenSSL takes the RFC's name: it gives none to the schemes of
// ECDSA that no curve is bound to.
func (r *row) listed() bool { return r.key != keyECDSA || r.curve != nil }

// schemeNamed finds the first scheme of the table that is meant, or that of unused by its name.
func schemeNamed(name string, is func(*row) bool) (Scheme, bool) {
	for i := range table {
		if r := &table[i]; r.negotiable() && is(r) {
			return table[i].code, true
		}
	}
	s, ok := unused[name]
	return s, ok
}
