package handshake

import (
	"crypto/rsa"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/kx"
	"tacet/suites"
)

// choice12 is what a server answers a ClientHello of TLS ≤ 1.2 with.
type choice12 struct {
	suite      *suites.Suite
	group      kx.Group         // nil: the suite takes none
	credential *cred.Credential // nil: none is shown
	scheme     cred.Scheme      // 0: nothing is signed
}

// choose12 picks the first common suite for which there is all that it takes.
func (a *answering) choose12(fx *effects) (*choice12, error) {
	common := false
	for suite := range a.common(fx) {
		common = true
		if c := a.fit12(fx, suite); c != nil {
			return c, nil
		}
	}
	switch {
	case len(fx.profile.cfg.Credentials) == 0 && !fx.profile.cfg.AskPSK:
		return nil, failure(KindNoCertificate, "ClientHello.cipher_suites")
	case common && a.curve(fx) == nil:
		return nil, failure(KindNoCommonGroup, "ClientHello supported_groups")
	}
	return nil, failure(KindNoCommonSuite, "ClientHello.cipher_suites")
}

// fit12 finds what a suite takes, nil if something is missing.
func (a *answering) fit12(fx *effects, suite *suites.Suite) *choice12 {
	c, x, cfg := &choice12{suite: suite}, exchangeOf(suite), &fx.profile.cfg
	ok := true
	switch {
	case x.psk && !cfg.AskPSK, !certified(suite) && cfg.ClientAuth == RequireClientCert:
		return nil // nobody would ask for the certificate
	case fx.downgrades(suite, a.hello.Ext.Have(msg.ExtEncryptThenMAC)):
		return nil
	case x.rsa:
		c.credential = a.decrypter(fx)
		ok = c.credential != nil
	case certified(suite):
		c.credential, c.scheme, ok = a.credential(fx, suite.Auth)
	}
	if !ok {
		return nil
	}
	switch x.share {
	case msg.ECShare:
		c.group = a.curve(fx)
	case msg.DHShare:
		c.group = fx.profile.dhGroup(c)
	}
	if c.group == nil && x.share != msg.NoShare {
		return nil
	}
	return c
}

// curve picks the first of the profile's curves that the client knows. A client
// that names none is held to know P-256.
func (a *answering) curve(fx *effects) kx.Group {
	//= RFC 8422 §4
	x := &a.hello.Ext
	if !x.Have(msg.ExtSupportedGroups) {
		return fx.profile.group(kx.P256)
	}
	for _, g := range fx.profile.groups {
		if isCurve(g) && x.SupportedGroups.Has(uint16(g.ID())) {
			return g
		}
	}
	return nil
}

// dhGroup is the group for DHE, nil if there is none: the profile's, or one as
// strong as the key that signs it, or else as the suite's cipher, and at least as
// strong as the profile's level demands.
func (p *profile) dhGroup(c *choice12) kx.Group {
	if !p.cfg.AutoDH {
		return p.cfg.DH
	}
	bits := 1024
	switch {
	case c.credential != nil:
		bits = strengthOf(c.credential)
	case c.suite.Bits == 256:
		bits = 3072
	}
	for _, longer := range [...]int{bits, 2048, 3072, 7680} {
		if g := kx.AutoDH(longer); g.Permitted(p.level) {
			return g
		}
	}
	return nil
}

// strengthOf is the length of an RSA key that is as strong as the credential's.
func strengthOf(c *cred.Credential) int {
	if key, ok := cred.PublicKey(c.Leaf).(*rsa.PublicKey); ok {
		return key.N.BitLen()
	}
	return 3072 // P-256 and Ed25519; NIST SP 800-57 part 1, table 2
}

// decrypter picks the first credential with an RSA key that may decrypt; those
// for the name asked for come first.
func (a *answering) decrypter(fx *effects) *cred.Credential {
	var fallback *cred.Credential
	for _, c := range fx.profile.cfg.Credentials {
		switch {
		case !cred.Encrypts(c.Leaf):
		case fx.serves(c):
			return c
		case fallback == nil:
			fallback = c
		}
	}
	return fallback
}

// serves reports whether a credential is for the name that the client asks for,
// or there is nothing to choose.
func (fx *effects) serves(c *cred.Credential) bool {
	name := fx.conn.ServerName
	return name == "" || len(fx.profile.cfg.Credentials) == 1 || c.Leaf.VerifyHostname(name) == nil
}
