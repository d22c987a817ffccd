package peers

import (
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// The pre-shared key of rows that have one.
const (
	pskIdentity = "tacet test identity"
	pskKey      = "\x00\x01tacet test key\xfe\xff"
	pskHint     = "tacet test hint"
)

// named is a suite by OpenSSL's name.
func named(name string) *suites.Suite {
	for s := range suites.All() {
		if s.OpenSSL == name {
			return s
		}
	}
	panic("no suite " + name)
}

// exchangeCases are those of key exchanges up to TLS 1.2, and of what protects
// records there, beside the suites themselves.
func exchangeCases() (list []terms) {
	for _, k := range []credtest.Kind{credtest.RSA1024, credtest.RSA3072} {
		for _, name := range []string{"AES128-SHA", "DHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "RSA-PSK-AES128-CBC-SHA"} {
			list = append(list, terms{name: fmt.Sprintf("key/%s/%s", k, name), kind: k, suite: named(name), at: up12})
		}
	}
	for _, k := range []credtest.Kind{credtest.P384, credtest.P521} {
		list = append(list, terms{name: "key/" + string(k), kind: k, at: below12})
	}
	list = append(list, terms{name: "key/rsapss/DHE", kind: credtest.RSAPSS, suite: named("DHE-RSA-AES128-GCM-SHA256"), at: only12})
	for _, k := range []credtest.Kind{credtest.P256, credtest.P384, credtest.P521, credtest.RSA2048, credtest.RSA3072} {
		list = append(list, terms{name: "client certificate/" + string(k), at: below12,
			auth: auth{ask: handshake.RequireClientCert, kind: k}})
	}
	list = append(list, terms{name: "client certificate/" + string(credtest.RSA1024), at: up12,
		auth: auth{ask: handshake.RequireClientCert, kind: credtest.RSA1024}})
	for _, name := range []string{"AES128-SHA", "DHE-RSA-AES256-SHA", "RSA-PSK-AES256-CBC-SHA"} {
		list = append(list,
			terms{name: "client certificate/" + name, suite: named(name), at: up12, kind: credtest.RSA2048,
				auth: auth{ask: handshake.RequireClientCert, kind: credtest.P256}},
			terms{name: "client certificate/optional, none/" + name, suite: named(name), at: up12, kind: credtest.RSA2048,
				auth: auth{ask: handshake.RequestClientCert}})
	}
	return append(append(append(list, dhCases()...), protectionCases()...), pskCases()...)
}

// dhCases are those of the server's group for DHE.
func dhCases() (list []terms) {
	for _, g := range []kx.Group{kx.AutoDH(1024), kx.ByID(kx.FFDHE2048), kx.AutoDH(3072), kx.ByID(kx.FFDHE4096)} {
		p, _ := kx.DHParams(g)
		names := []string{"DHE-RSA-AES256-SHA", "DHE-PSK-AES128-CBC-SHA", "ADH-AES128-SHA"}
		if len(p) > 2048/8 { // which takes its time
			names = names[:1]
		}
		for _, name := range names {
			list = append(list, terms{name: fmt.Sprintf("dhparam/%s/%d/%s", g.Name(), 8*len(p), name), dh: g, suite: named(name), at: only12,
				kind: credtest.RSA2048})
		}
	}
	return list
}

// protectionCases are those of extensions that change how records are protected.
func protectionCases() (list []terms) {
	for _, name := range []string{
		"AES128-SHA", "ECDHE-RSA-AES256-SHA", "DHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384", "PSK-AES128-CBC-SHA256",
	} {
		t := terms{name: "no encrypt_then_mac/" + name, noETM: true, suite: named(name), at: only12, kind: credtest.RSA2048}
		if t.suite.Auth == suites.AuthECDSA {
			t.kind = credtest.P256
		}
		if t.suite.Min < record.TLS12 {
			t.at = up12
		}
		list = append(list, t)
		t.name, t.noETM, t.ownMTE = "encrypt_then_mac unwanted/"+name, false, true
		list = append(list, t)
	}
	for _, name := range []string{"AES128-SHA", "DHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-PSK-AES128-CBC-SHA"} {
		list = append(list, terms{name: "no extended_master_secret/" + name, noEMS: true, suite: named(name), at: up12, kind: credtest.RSA2048})
	}
	return append(list,
		terms{name: "resume/no extended_master_secret", noEMS: true, resume: true, at: up12},
		terms{name: "resume/no extended_master_secret, by id", noEMS: true, resume: true, byID: true, at: up12},
		terms{name: "resume/no encrypt_then_mac", noETM: true, resume: true, at: up12, suite: named("ECDHE-ECDSA-AES128-SHA")},
		terms{name: "resume/encrypt_then_mac unwanted", ownMTE: true, resume: true, at: up12, suite: named("ECDHE-ECDSA-AES128-SHA")},
		terms{name: "renegotiation/encrypt_then_mac unwanted", ownMTE: true, at: up12, suite: named("ECDHE-ECDSA-AES128-SHA"), renewal: renewal{asks: client}},
		terms{name: "resume/by id", resume: true, byID: true, at: up12},
		terms{name: "resume/by id, authenticated", resume: true, byID: true, at: up12,
			auth: auth{ask: handshake.RequireClientCert, kind: credtest.P256}},
		terms{name: "resume/RSA", resume: true, at: up12, suite: named("AES256-SHA"), kind: credtest.RSA2048},
		terms{name: "resume/PSK", resume: true, at: up12, suite: named("PSK-AES256-CBC-SHA")},
		terms{name: "resume/PSK, by id", resume: true, byID: true, at: up12, suite: named("PSK-AES256-CBC-SHA")},
		terms{name: "resume/DHE-PSK, by id", resume: true, byID: true, at: up12, suite: named("DHE-PSK-AES256-CBC-SHA")},
		terms{name: "resume/below", resume: true, at: below12},
	)
}

// pskCases are those of hints, and of external keys in TLS 1.3.
func pskCases() (list []terms) {
	for _, name := range []string{"PSK-AES128-CBC-SHA", "DHE-PSK-AES128-CBC-SHA", "ECDHE-PSK-AES128-CBC-SHA", "RSA-PSK-AES128-CBC-SHA"} {
		list = append(list, terms{name: "hint/" + name, hint: pskHint, suite: named(name), at: up12, kind: credtest.RSA2048})
	}
	list = append(list, terms{name: "external PSK", external: true, at: only13, suite: suites.ByID(0x1301)})
	for _, m := range []modes{modesAlone, modesBeside, modesNoGroup} {
		list = append(list, terms{name: "external PSK/psk_ke " + string(m), external: true, at: only13, suite: suites.ByID(0x1301), modes: m})
	}
	return list
}

// pskModes are this side's.
func (r *row) pskModes() []handshake.PSKMode {
	switch {
	case r.terms.modes == "":
		return nil
	case r.terms.modes == modesAlone && r.role == server:
		return []handshake.PSKMode{handshake.PSKKE}
	case r.terms.modes == modesAlone:
		return []handshake.PSKMode{handshake.PSKKE, handshake.PSKDHEKE}
	}
	return []handshake.PSKMode{handshake.PSKDHEKE, handshake.PSKKE}
}

// alone reports whether the keys of a connection come from a ticket or a pre-shared key alone.
func (r *row) alone(resumed bool) bool {
	return (resumed || r.terms.external) && (r.terms.modes == modesAlone || r.terms.modes == modesNoGroup)
}

// psk reports whether the row's sides use a pre-shared key.
func (r *row) psk() bool {
	return r.terms.external || r.terms.suite != nil && r.terms.suite.Kx.PSK()
}

// anonymous reports whether nothing authenticates the server.
func (r *row) anonymous() bool {
	return r.terms.suite != nil && r.terms.suite.Auth == suites.AuthNone
}

// certified reports whether the row's server shows a certificate.
func (r *row) certified() bool {
	return !r.anonymous() && !r.terms.external && (r.terms.suite == nil || r.terms.suite.Auth != suites.AuthPSK)
}

// debianLevel is the security level of Debian's OpenSSL.
const debianLevel = 2

// weak reports whether the row needs security level 0.
func (r *row) weak() bool {
	t := &r.terms
	return r.version < record.TLS12 || r.kind() == credtest.RSA1024 || t.auth.kind == credtest.RSA1024 ||
		t.dh != nil && !t.dh.Permitted(debianLevel) || t.suite != nil && !t.suite.Permitted(debianLevel)
}

// isCurve reports whether a group is no finite field.
func isCurve(g kx.Group) bool {
	p, _ := kx.DHParams(g)
	return p == nil
}

// dhParams is a group as the command dhparam writes it.
func dhParams(g kx.Group) []byte {
	p, gen := kx.DHParams(g)
	der, err := asn1.Marshal(struct{ P, G *big.Int }{new(big.Int).SetBytes(p), new(big.Int).SetBytes(gen)})
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "DH PARAMETERS", Bytes: der})
}
