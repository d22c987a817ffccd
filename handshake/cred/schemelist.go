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

// ParseSchemes reads node's sigalgs option: names separated by colons, each
// either the RFC's ("rsa_pss_rsae_sha256", in lower case) or a pair of key kind
// and hash ("RSA-PSS+SHA256", "PSS+SHA256", "RSA+SHA512", "ECDSA+SHA384", either
// part first). A pair stands for the scheme of the table that fits it, RSA-PSS for the one
// of plain RSA keys. An item that is empty, unknown, or names a scheme a second time is an *Error
// of KindScheme, as in OpenSSL 3.0; a key kind or a hash alone is unknown.
func ParseSchemes(list string) ([]Scheme, error) {
	var schemes []Scheme
	for item := range strings.SplitSeq(list, ":") {
		s, ok := parseScheme(strings.TrimSpace(item))
		if !ok {
			return nil, fail(KindScheme, nil, fmt.Errorf("unknown signature algorithm %q", item))
		}
		if slices.Contains(schemes, s) {
			return nil, fail(KindScheme, nil, fmt.Errorf("signature algorithm %q is there twice", item))
		}
		schemes = append(schemes, s)
	}
	return schemes, nil
}

func parseScheme(item string) (Scheme, bool) {
	key, hash, pair := strings.Cut(item, "+")
	if !pair {
		return schemeNamed(func(r *row) bool { return r.name == item })
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
	s, ok := schemeNamed(func(r *row) bool { return r.hash != 0 && r.openssl == want && r.key != keyRSAPSS })
	return s, ok
}

func schemeNamed(is func(*row) bool) (Scheme, bool) {
	for i := range table {
		if r := &table[i]; r.negotiable() && is(r) {
			return table[i].code, true
		}
	}
	return 0, false
}
