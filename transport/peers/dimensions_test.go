package peers

import (
	"regexp"
	"slices"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// dimension is a property of rows: at a version, each of its values must be in a row.
type dimension struct {
	name   string
	values func(v record.Version) []string
	of     func(r *row) string // "": none
}

var dimensions = []dimension{
	{"server key", keyValues, func(r *row) string {
		if !r.certified() {
			return ""
		}
		return string(r.kind())
	}},
	{"client key", keyValues, func(r *row) string {
		if r.terms.auth.ask != handshake.RequireClientCert {
			return ""
		}
		return string(r.terms.auth.kind)
	}},
	{"group", groupValues, func(r *row) string {
		if r.terms.group == nil {
			return ""
		}
		return r.terms.group.Name()
	}},
	{"resumption", resumptionValues, resumptionOf},
	{"pre-shared key", pskValues, pskOf},
}

// keyValues are the kinds of keys that sign at a version.
func keyValues(v record.Version) (list []string) {
	for k := range credtest.Kinds() {
		modern := k == credtest.RSAPSS || k == credtest.Ed25519 || k == credtest.Ed448
		if v >= record.TLS12 || !modern {
			list = append(list, string(k))
		}
	}
	if v < record.TLS13 { // where OpenSSL signs with it at level 0
		list = append(list, string(credtest.RSA1024))
	}
	return list
}

// groupValues are the groups of a version: those of supported_groups, but finite fields
// only in TLS 1.3. Before, they are a matter of the server's DHE.
func groupValues(v record.Version) (list []string) {
	for g := range kx.All() {
		if v >= record.TLS13 || !g.MinTLS13() && isCurve(g) {
			list = append(list, g.Name())
		}
	}
	return list
}

func resumptionValues(v record.Version) []string {
	if v >= record.TLS13 {
		return []string{"psk_dhe_ke", "psk_ke", "psk_dhe_ke beside psk_ke"}
	}
	return []string{"ticket", "id", "PSK, ticket", "PSK, id"}
}

func resumptionOf(r *row) string {
	t := &r.terms
	how := "ticket"
	switch {
	case !t.resume:
		return ""
	case r.version >= record.TLS13:
		return modeValue(t.modes)
	case t.byID:
		how = "id"
	}
	if r.psk() {
		return "PSK, " + how
	}
	return how
}

// modeValue are the modes of a row in TLS 1.3.
func modeValue(m modes) string {
	return map[modes]string{
		"": "psk_dhe_ke", modesAlone: "psk_ke", modesBeside: "psk_dhe_ke beside psk_ke", modesNoGroup: "psk_ke for want of a group",
	}[m]
}

func pskValues(v record.Version) (list []string) {
	if v >= record.TLS13 {
		return []string{modeValue(""), modeValue(modesAlone), modeValue(modesBeside), modeValue(modesNoGroup)}
	}
	for _, k := range []suites.Kx{suites.KxPSK, suites.KxDHEPSK, suites.KxECDHEPSK, suites.KxRSAPSK} {
		list = append(list, k.String(), k.String()+" with a hint")
	}
	return list
}

func pskOf(r *row) string {
	switch t := &r.terms; {
	case !r.psk() || t.resume:
		return ""
	case t.external:
		return modeValue(t.modes)
	case t.hint != "":
		return t.suite.Kx.String() + " with a hint"
	default:
		return t.suite.Kx.String()
	}
}

// unreachable is what a peer cannot do, and so why there is no row of it.
type unreachable struct {
	peer      string // "": each
	dimension string
	value     *regexp.Regexp
	role      role // of the peer; "": both
	why       string
}

var unreachables = []unreachable{
	{"", "group", regexp.MustCompile("MLKEM"), "", "OpenSSL 3.0, of which Node 20 is built, and GnuTLS 3.7 are older; crypto/tls has the hybrids, and nobody here ML-KEM alone"},
	{"gnutls", "pre-shared key", regexp.MustCompile("^(EC)?DHEPSK"), client, "gnutls-cli crashes once it has agreed upon one"},
	{"gnutls", "pre-shared key", regexp.MustCompile("^psk_dhe_ke"), client, "gnutls-cli crashes once it has agreed upon one"},
	{"gnutls", "pre-shared key", regexp.MustCompile("want of a group"), server, "without a group in common it ends the handshake"},
}

func (u *unreachable) covers(d *dimension, value string, p peer, o role) bool {
	return (u.peer == "" || u.peer == p.name()) && u.dimension == d.name && u.value.MatchString(value) && (u.role == "" || u.role == o)
}

// TestDimensions: with OpenSSL, Node and GnuTLS, in each role, at each version, there is a
// row of each value of each dimension, so that none is lost by a condition that holds
// too often; of what there is none, it is said why. With crypto/tls there is one of each hybrid.
func TestDimensions(t *testing.T) {
	met, ran := make([]bool, len(unreachables)), 0
	list := []peer{openssl{}, node{}, gnutls{}}
	for _, p := range list {
		t.Run(p.name(), func(t *testing.T) {
			require(t, p)
			ran++
			for _, o := range []role{client, server} {
				for _, v := range versions {
					for _, d := range dimensions {
						checkDimension(t, &d, p, o, v, met)
					}
				}
			}
		})
	}
	for _, o := range []role{client, server} {
		rows := rowsOf(gotls{}, o, record.TLS13)
		for _, id := range []kx.ID{kx.X25519MLKEM768, kx.SecP256r1MLKEM768, kx.SecP384r1MLKEM1024} {
			if !slices.ContainsFunc(rows, func(r *row) bool { return groupID(r.terms.group) == id }) {
				t.Errorf("no row of %s with crypto/tls as %s", kx.ByID(id).Name(), o)
			}
		}
	}
	for i, ok := range met {
		if all := ran == len(list); all && !ok {
			t.Errorf("nothing is left out because %s", unreachables[i].why)
		}
	}
}

// checkDimension notes which reasons for there being no row are met.
func checkDimension(t *testing.T, d *dimension, p peer, o role, v record.Version, met []bool) {
	t.Helper()
	rows := rowsOf(p, o, v)
	for _, value := range d.values(v) {
		has := slices.ContainsFunc(rows, func(r *row) bool { return d.of(r) == value })
		i := slices.IndexFunc(unreachables, func(u unreachable) bool { return u.covers(d, value, p, o) })
		if i >= 0 {
			met[i] = true
		}
		if has == (i >= 0) {
			t.Errorf("as %s at %v, %s %s: there is a row is %v, want %v", o, v, d.name, value, has, !has)
		}
	}
}

// rowsOf are the rows that go well, of a peer in a role at a version.
func rowsOf(p peer, o role, v record.Version) (list []*row) {
	for _, c := range cases() {
		r := &row{terms: c, version: v, peer: p, role: o}
		if c.refuser == "" && c.isAt(v) && r.exists() && p.lacks(r) == "" {
			list = append(list, r)
		}
	}
	return list
}
