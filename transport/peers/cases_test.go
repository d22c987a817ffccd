package peers

import (
	"slices"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// terms are a case: what both sides of a connection are told. What is zero is left to them.
type terms struct {
	name      string
	at        []record.Version // at which there is such a case; nil: TLS 1.2 and TLS 1.3
	suite     *suites.Suite
	group     kx.Group
	dh        kx.Group      // of the server's DHE; nil: of its own choice
	external  bool          // both have an external pre-shared key, which TLS 1.3 uses
	modes     modes         // of keys, in TLS 1.3
	hint      string        // of which key the server means, up to TLS 1.2
	retry     bool          // the client's first share is of a group that the server has not
	kind      credtest.Kind // of the server's key
	scheme    cred.Scheme   // the one that this side signs with and takes, beside the authority's
	offered   []string      // ALPN of the client
	accepted  []string      // ALPN of the server
	sni       bool          // the server has two certificates
	fault     fault         // of the server's certificate
	auth      auth
	resume    bool
	byID      bool // what is resumed is a session by its id, not by a ticket
	sizes     sizes
	renewal   renewal
	staple    bool // the server has an OCSP response, and some have a timestamp; the client asks for them
	fallback  bool // the client says that it has tried a newer version
	downgrade bool // somebody on the way hides that the sides speak a newer version
	noETM     bool // the peer does not know encrypt_then_mac
	ownMTE    bool // this side does not want encrypt_then_mac
	noEMS     bool // one side does not know extended_master_secret
	legacy    bool // the peer does not know RFC 5746
	update    update
	half      half
	bulk      bool
	versions  bool // the sides have no version in common

	refuser role           // who refuses the row; "": nobody
	why     handshake.Kind // of the refusal, if it is this side's; 0: of any
	alert   func(record.Version) record.Alert
}

// auth is a case's client authentication.
type auth struct {
	ask      handshake.ClientAuth
	kind     credtest.Kind // of the client's key; "": it has none
	stranger bool          // its certificate is of an authority that the server does not know
}

// update is who changes its keys.
type update string

const (
	updateOurs   update = "ours"   // and asks for the same
	updateTheirs update = "theirs" // and does not ask, and then does
)

// modes are how the sides may use a ticket or a pre-shared key in TLS 1.3, and so how they do.
type modes string

const (
	modesAlone   modes = "alone"    // this side wants psk_ke or nothing, or first; the peer knows both
	modesBeside  modes = "beside"   // both know both, and the server takes the share
	modesNoGroup modes = "no group" // both know both, and there is no group in common
)

// half is who closes its side while the other goes on.
type half string

const (
	halfOurs   half = "ours"
	halfTheirs half = "theirs"
)

// The versions of cases, beside those of most.
var (
	only12   = []record.Version{record.TLS12}
	only13   = []record.Version{record.TLS13}
	below12  = []record.Version{record.TLS10, record.TLS11}
	up12     = []record.Version{record.TLS10, record.TLS11, record.TLS12}
	versions = []record.Version{record.TLS10, record.TLS11, record.TLS12, record.TLS13}
)

// isAt reports whether there is such a case at a version.
func (t *terms) isAt(v record.Version) bool {
	if t.at == nil {
		return v >= record.TLS12
	}
	return slices.Contains(t.at, v)
}

// retryGroup is what the server has where the client's share is of X25519.
var retryGroup = kx.ByID(kx.P384)

// cases is the table. A row of it is run at each version, with each peer, in each
// role, unless the peer lacks what it needs.
func cases() []terms {
	return slices.Concat(
		suiteCases(), exchangeCases(), versionCases(), sizeCases(), renewalCases(), legacyCases(), groupCases(), keyCases(), schemeCases(), authCases(), streamCases(), refusals(),
		[]terms{
			{name: "retry", at: only13, retry: true},
			{name: "alpn", offered: []string{"h3", "h2", "http/1.1"}, accepted: []string{"h2"}},
			{name: "alpn/http", offered: []string{"http/1.1"}, accepted: []string{"h2", "http/1.1"}},
			{name: "alpn/unknown to the server", offered: []string{"h2"}},
			{name: "sni", sni: true},
			{name: "stapled", staple: true, at: versions},
			{name: "resume", resume: true},
			{name: "resume/authenticated", resume: true, auth: auth{ask: handshake.RequireClientCert, kind: credtest.P256}},
			{name: "resume/psk_ke", resume: true, at: only13, modes: modesAlone},
			{name: "resume/psk_ke, authenticated", resume: true, at: only13, modes: modesAlone, auth: auth{ask: handshake.RequireClientCert, kind: credtest.P256}},
			{name: "resume/psk_ke, SHA-384", resume: true, at: only13, modes: modesAlone, suite: suites.ByID(0x1302)},
			{name: "resume/psk_ke and psk_dhe_ke", resume: true, at: only13, modes: modesBeside},
			{name: "resume/SHA-384", resume: true, at: only13, suite: suites.ByID(0x1302)},
		},
	)
}

// suiteCases has every suite, in each of its versions.
func suiteCases() (list []terms) {
	for s := range suites.All() {
		t := terms{name: "suite/" + s.Name, suite: s, at: []record.Version{}, kind: credtest.P256}
		for _, v := range versions {
			if s.Min <= v && v <= s.Max {
				t.at = append(t.at, v)
			}
		}
		if s.Auth == suites.AuthRSA {
			t.kind = credtest.RSA2048
		}
		list = append(list, t)
	}
	return list
}

func groupCases() (list []terms) {
	for g := range kx.All() {
		// Up to TLS 1.2 the groups bound the curves of certificates too (RFC 8422 §5.1).
		t := terms{name: "group/" + g.Name(), group: g, kind: credtest.RSA2048, at: versions}
		if p, _ := kx.DHParams(g); p != nil || g.MinTLS13() {
			t.at = only13
		}
		list = append(list, t)
	}
	return list
}

func keyCases() (list []terms) {
	for k := range credtest.Kinds() {
		list = append(list, terms{name: "key/" + string(k), kind: k})
	}
	return list
}

func schemeCases() (list []terms) {
	for _, s := range []cred.Scheme{
		cred.RSAPKCS1SHA256, cred.RSAPKCS1SHA384, cred.RSAPKCS1SHA512,
		cred.RSAPSSRSAESHA256, cred.RSAPSSRSAESHA384, cred.RSAPSSRSAESHA512,
		cred.RSAPSSPSSSHA256, cred.RSAPSSPSSSHA384, cred.RSAPSSPSSSHA512,
	} {
		t := terms{name: "scheme/" + s.String(), scheme: s, kind: credtest.RSA2048}
		switch s {
		case cred.RSAPSSPSSSHA256, cred.RSAPSSPSSSHA384, cred.RSAPSSPSSSHA512:
			t.kind = credtest.RSAPSS
		}
		if !s.In(record.TLS13) {
			t.at = only12
		}
		list = append(list, t)
	}
	return list
}

func authCases() (list []terms) {
	for k := range credtest.Kinds() {
		list = append(list, terms{name: "client certificate/" + string(k), auth: auth{ask: handshake.RequireClientCert, kind: k}})
	}
	return append(list,
		terms{name: "client certificate/optional, given", auth: auth{ask: handshake.RequestClientCert, kind: credtest.P256}},
		terms{name: "client certificate/optional, none", auth: auth{ask: handshake.RequestClientCert}},
	)
}

func streamCases() []terms {
	return []terms{
		{name: "bulk", bulk: true},
		{name: "update/ours", at: only13, update: updateOurs},
		{name: "update/theirs", at: only13, update: updateTheirs},
		{name: "half close/ours", half: halfOurs},
		{name: "half close/theirs", half: halfTheirs},
	}
}

func refusals() []terms {
	return []terms{
		{name: "refuse/unknown CA", fault: faultUnknownCA, refuser: client, alert: always(record.AlertUnknownCA)},
		{name: "refuse/expired", fault: faultExpired, refuser: client, alert: always(record.AlertCertificateExpired)},
		{name: "refuse/wrong name", fault: faultName, refuser: client, alert: always(record.AlertBadCertificate)},
		{name: "refuse/no client certificate", auth: auth{ask: handshake.RequireClientCert}, refuser: server,
			alert: func(v record.Version) record.Alert {
				if v >= record.TLS13 {
					return record.AlertCertificateRequired
				}
				return record.AlertHandshakeFailure
			}},
		{name: "refuse/client of an unknown CA", auth: auth{ask: handshake.RequireClientCert, kind: credtest.P256, stranger: true},
			refuser: server, alert: always(record.AlertUnknownCA)},
		{name: "refuse/alpn", offered: []string{"h3"}, accepted: []string{"h2"}, refuser: server,
			alert: always(record.AlertNoApplicationProtocol)},
		{name: "refuse/version", versions: true, refuser: server, alert: always(record.AlertProtocolVersion)},
	}
}

func always(a record.Alert) func(record.Version) record.Alert {
	return func(record.Version) record.Alert { return a }
}
