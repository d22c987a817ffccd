package handshake

import (
	"bytes"
	"crypto/rsa"
	"errors"

	"tacet/handshake/cred"
	"tacet/handshake/keys"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// exchangeRow is a key exchange up to TLS 1.2: what its messages hold.
type exchangeRow struct {
	share msg.ShareForm // of both sides
	rsa   bool          // instead, the client encrypts the premaster secret to the server's certificate
	psk   bool          // and a pre-shared key, with hint and identity
}

// exchanges has a row for each key exchange (RFC 5246 §7.4.3, RFC 8422 §5.4,
// RFC 4279 §2 to §4, RFC 5489 §2).
var exchanges = [...]exchangeRow{
	suites.KxECDHE:    {share: msg.ECShare},
	suites.KxDHE:      {share: msg.DHShare},
	suites.KxRSA:      {rsa: true},
	suites.KxPSK:      {psk: true},
	suites.KxECDHEPSK: {share: msg.ECShare, psk: true},
	suites.KxDHEPSK:   {share: msg.DHShare, psk: true},
	suites.KxRSAPSK:   {rsa: true, psk: true},
}

func exchangeOf(s *suites.Suite) *exchangeRow { return &exchanges[s.Kx] }

// certified reports whether a suite up to TLS 1.2 wants a certificate of the server.
func certified(s *suites.Suite) bool { return s.Auth == suites.AuthRSA || s.Auth == suites.AuthECDSA }

// serverForm is what ServerKeyExchange holds. With no share and no hint there is none.
func (x *exchangeRow) serverForm(s *suites.Suite, v record.Version) msg.KeyExchangeForm {
	signed := x.share != msg.NoShare && certified(s)
	return msg.KeyExchangeForm{Hint: x.psk, Share: x.share, Signed: signed, Scheme: signed && v >= record.TLS12}
}

// clientForm is what ClientKeyExchange holds.
func (x *exchangeRow) clientForm() msg.KeyExchangeForm {
	f := msg.KeyExchangeForm{Hint: x.psk, Share: x.share}
	if x.rsa {
		f.Share = msg.RSAShare
	}
	return f
}

// premaster makes the premaster secret of what was agreed, which is cleared:
// the shared secret of a group (nil if there is none), or that of RSA, and a key.
func (x *exchangeRow) premaster(shared, psk []byte) []byte {
	if x.share == msg.DHShare {
		//= RFC 5246 §8.1.2
		shared = bytes.TrimLeft(shared, "\x00")
	}
	if !x.psk {
		return shared
	}
	//= RFC 4279 §2
	premaster := keys.PSKPremaster(shared, psk)
	clear(shared)
	return premaster
}

// isCurve reports whether a group is one for ECDHE up to TLS 1.2.
func isCurve(g kx.Group) bool {
	p, _ := kx.DHParams(g)
	return p == nil && !g.MinTLS13()
}

// shareOf is a peer's share as its group wants it. One of a finite field is a
// number, whose leading zeros may have been left out.
func shareOf(g kx.Group, share []byte) []byte {
	//= RFC 5246 §7.4.3
	p, _ := kx.DHParams(g)
	if p == nil {
		return share
	}
	share = bytes.TrimLeft(share, "\x00")
	return append(make([]byte, max(0, len(p)-len(share))), share...)
}

// badShare12 is the error of a peer's share, which is a point or a number.
func badShare12(g kx.Group, err error, point, number string) error {
	if isCurve(g) {
		return blame(err, point)
	}
	return blame(err, number)
}

// cutShort makes an error of a client's share one of syntax where an uncompressed
// point has too few bytes, or more behind it; any other share is a wrong value.
func cutShort(g kx.Group, share []byte, err error) error {
	uncompressed := g.InitiatorShareLen() == 1+2*g.SharedLen() && len(share) > 0 && share[0] == 4
	if e := (*kx.Error)(nil); uncompressed && errors.As(err, &e) && e.Kind == kx.KindLength {
		return &Error{Kind: KindDecode, Field: "ClientKeyExchange.ecdh_Yc", Err: e}
	}
	return err
}

// exchange12 is the server's half of a key exchange, as its client knows it.
type exchange12 struct {
	hint  []byte
	group kx.Group // nil: RSA, or a pre-shared key alone
	share []byte
}

// agree makes the client's half: what ClientKeyExchange says, and the secret
// that it gives.
func (x *exchange12) agree(fx *effects, offered record.Version) (public, shared []byte, err error) {
	switch {
	case x.group != nil:
		//= RFC 8422 §5.7
		public, shared, err = fx.encapsulate(x.group, LabelClientShare, shareOf(x.group, x.share))
		if err != nil {
			err = badShare12(x.group, err, "ServerKeyExchange.public", "ServerKeyExchange.dh_Ys")
		}
	case exchangeOf(fx.conn.Suite).rsa:
		return fx.encryptPremaster(offered)
	}
	return public, shared, err
}

// encryptPremaster draws the premaster secret of RSA and encrypts it. It begins
// with the version that the hello offered, against rollback.
func (fx *effects) encryptPremaster(offered record.Version) (public, premaster []byte, err error) {
	//= RFC 5246 §7.4.7.1
	key := cred.PublicKey(fx.conn.PeerCertificates[0]).(*rsa.PublicKey) // suiteFits saw to it
	var secret [48]byte
	copy(secret[:], fx.draw(LabelPremaster, 48))
	secret[0], secret[1] = byte(offered>>8), byte(offered)
	padding := fx.draw(LabelPremasterPadding, cred.EncryptSeedLen(key))
	if public, err = cred.EncryptPremaster(key, padding, &secret); err != nil {
		return nil, nil, &Error{Kind: KindWrongCertificateType, Field: "Certificate", Err: err}
	}
	return public, append([]byte(nil), secret[:]...), nil
}

// takeParams takes the share of a ServerKeyExchange, if it is of a group that
// this client uses.
func (fx *effects) takeParams(m *msg.ServerKeyExchange) (*exchange12, error) {
	x := &exchange12{hint: m.Hint, share: m.Public}
	switch m.Form.Share {
	case msg.ECShare:
		//= RFC 8422 §5.4
		if x.group = fx.profile.group(kx.ID(m.Group)); x.group == nil || !isCurve(x.group) {
			return nil, failure(KindWrongGroup, "ServerKeyExchange.namedcurve")
		}
	case msg.DHShare:
		//= RFC 5246 §7.4.3
		g, err := kx.NewDH(m.P, m.G)
		if err != nil {
			return nil, blame(err, "ServerKeyExchange.dh_p")
		}
		if x.group = g; g.Bits() < fx.profile.minDHBits || !g.Permitted(fx.profile.level) {
			return nil, failure(KindWeakGroup, "ServerKeyExchange.dh_p")
		}
	}
	fx.conn.Group = x.group
	return x, nil
}
