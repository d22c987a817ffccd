package msg

import (
	"tacet/record"
	"tacet/suites"
)

// Dialect is what the hellos agreed on, as far as it says how to read what
// follows. The zero value reads hellos, and learns from them with Hear.
type Dialect struct {
	Version record.Version
	Suite   *suites.Suite // says what key exchange messages hold up to TLS 1.2; nil if not known
}

// New gives an empty message of type t to parse into, nil if the version has no
// such message, or if the form of a key exchange message is not known.
func (d Dialect) New(t Type) Message {
	k := t.row()
	switch {
	case k == nil:
	case d.Version >= record.TLS13 && k.make13 != nil:
		return k.make13(d)
	case d.Version < record.TLS13 && k.make12 != nil:
		return k.make12(d)
	}
	return nil
}

// Hear learns from a ServerHello. Other messages change nothing.
func (d *Dialect) Hear(m Message) {
	h, ok := m.(*ServerHello)
	if !ok {
		return
	}
	d.Version, d.Suite = h.Version, suites.ByID(suites.ID(h.Suite))
	if h.Ext.Have(ExtSupportedVersions) {
		d.Version = h.Ext.SelectedVersion
	}
}

// FormOf says what the key exchange messages hold with suites of a key exchange
// and an authentication, at a version up to TLS 1.2.
func FormOf(kx suites.Kx, auth suites.Auth, v record.Version) (server, client KeyExchangeForm) {
	if int(kx) < len(shares) {
		server.Share, client.Share = shares[kx].server, shares[kx].client
	}
	server.Hint, client.Hint = kx.PSK(), kx.PSK()
	//= RFC 5246 §7.4.3
	server.Signed = server.Share != NoShare && (auth == suites.AuthRSA || auth == suites.AuthECDSA)
	server.Scheme = server.Signed && v >= record.TLS12
	return server, client
}

// shares are those of both sides in each key exchange (RFC 5246 §7.4.7, RFC
// 8422 §2, RFC 4279 §2 to §4, RFC 5489 §2).
var shares = [...]struct{ server, client ShareForm }{
	suites.KxRSA: {NoShare, RSAShare}, suites.KxDHE: {DHShare, DHShare}, suites.KxECDHE: {ECShare, ECShare},
	suites.KxRSAPSK: {NoShare, RSAShare}, suites.KxDHEPSK: {DHShare, DHShare}, suites.KxECDHEPSK: {ECShare, ECShare},
}

// Sent says whether a server sends a ServerKeyExchange of this form: always if
// it has a share, of a pre-shared key alone if there is a hint, else never. So a
// client must get one if Sent(false), and may get one if Sent(true).
func (f KeyExchangeForm) Sent(hint bool) bool {
	//= RFC 4279 §2
	return f.Share != NoShare || f.Hint && hint
}

func serverKeyExchange(d Dialect) Message {
	if d.Suite == nil {
		return nil
	}
	form, _ := FormOf(d.Suite.Kx, d.Suite.Auth, d.Version)
	if !form.Sent(true) {
		return nil
	}
	return &ServerKeyExchange{Form: form}
}

func clientKeyExchange(d Dialect) Message {
	if d.Suite == nil {
		return nil
	}
	_, form := FormOf(d.Suite.Kx, d.Suite.Auth, d.Version)
	return &ClientKeyExchange{Form: form}
}

func certificateRequest(d Dialect) Message {
	if d.Version < record.TLS12 {
		return new(CertificateRequest10)
	}
	return new(CertificateRequest12)
}

func certificateVerify(d Dialect) Message {
	if d.Version < record.TLS12 {
		return new(CertificateVerify10)
	}
	return new(CertificateVerify)
}
