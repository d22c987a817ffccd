package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"os"
	"slices"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/msg"
)

// held is a credential that was loaded, and what the flags say of its use.
type held struct {
	*cred.Credential
	from  *credential
	key   crypto.Signer // with -async: the engine does not hold it
	prefs []cred.Scheme // to sign with
	index int           // as -expect-selected-credential counts
}

// choosy reports whether the flags restrict the credential's use more than a
// Config can say.
func (h *held) choosy() bool { return h.from.mustMatchIssuer || h.from.signingPrefs != nil }

// credentials loads the certificates. Those that -new-x509-credential made come
// before the default one, which has no number.
func (u *setup) credentials(s *settings, _ *memory) error {
	for i, c := range append(slices.Clone(s.credentials[1:]), s.credentials[0]) {
		if c.certFile == "" && c.keyFile == "" {
			continue
		}
		h, err := c.load(s)
		if err != nil {
			return err
		}
		if h.index = i; i == len(s.credentials)-1 {
			h.index = -1
		}
		u.creds = append(u.creds, h)
		u.cfg.Credentials = append(u.cfg.Credentials, h.Credential)
	}
	return nil
}

func (c *credential) load(s *settings) (*held, error) {
	certPEM, err := os.ReadFile(c.certFile)
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(c.keyFile)
	if err != nil {
		return nil, err
	}
	h := &held{from: c, prefs: defaultSign}
	if h.Credential, err = cred.LoadPEM(certPEM, keyPEM, nil); err != nil {
		return nil, unimplemented("certificate: " + err.Error())
	}
	if s.async {
		h.key, h.Key = h.Key, nil
	}
	if !s.setOCSPInCallback { // else the callback staples it
		h.Staple = c.ocsp
	}
	if c.signingPrefs != nil {
		if h.prefs, err = schemesOf(c.signingPrefs); err != nil {
			return nil, err
		}
	}
	h.SCTs, err = splitSCTs(c.scts)
	return h, err
}

// fits reports whether the flags let the credential be used for a peer that
// verifies some schemes and names some authorities.
func (h *held) fits(schemes func(cred.Scheme) bool, authorities [][]byte) error {
	if !slices.ContainsFunc(h.prefs, schemes) {
		return errNoScheme
	}
	if !h.from.mustMatchIssuer {
		return nil
	}
	for _, der := range h.Chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(authorities, func(name []byte) bool { return bytes.Equal(name, cert.RawIssuer) }) {
			return nil
		}
	}
	return errNoIssuer
}

// usable are the credentials that fit, and why the last that does not, does not.
func (u *setup) usable(schemes func(cred.Scheme) bool, authorities [][]byte) (list []*held, why error) {
	for _, h := range u.creds {
		if err := h.fits(schemes, authorities); err != nil {
			why = err
			continue
		}
		list = append(list, h)
	}
	return list, why
}

// serverFor is the profile that answers a ClientHello, nil for the one that is
// there: one with the credentials that may be used for it. It fails with a refusal if
// there is none.
func (u *setup) serverFor(s *settings, hello *msg.ClientHello) (*handshake.ServerProfile, error) {
	choosy := slices.ContainsFunc(u.creds, (*held).choosy)
	if !s.earlyCallback && !choosy && !u.suiteTiers.equal() && !u.groupTiers.equal() {
		return nil, nil
	}
	list := u.creds
	if choosy {
		var authorities [][]byte
		for name := range hello.Ext.CertificateAuthorities.All() {
			authorities = append(authorities, name)
		}
		var why error
		verifies := func(s cred.Scheme) bool { return hello.Ext.SignatureAlgorithms.Has(uint16(s)) }
		if !hello.Ext.Have(msg.ExtSignatureAlgorithms) {
			verifies = func(cred.Scheme) bool { return true }
		}
		list, why = u.usable(verifies, authorities)
		if len(list) == 0 {
			return nil, why
		}
	}
	cfg := u.order(hello)
	cfg.Credentials = nil
	for _, h := range list {
		cfg.Credentials = append(cfg.Credentials, h.Credential)
	}
	return cfg.CompileServer()
}

// of finds what is held of a credential, or of a copy of it.
func (u *setup) of(c *cred.Credential) *held {
	if i := slices.IndexFunc(u.creds, func(h *held) bool { return c != nil && h.Leaf == c.Leaf }); i >= 0 {
		return u.creds[i]
	}
	return nil
}

// splitSCTs takes a SignedCertificateTimestampList apart.
func splitSCTs(list []byte) (scts [][]byte, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) < 2 || int(list[0])<<8|int(list[1]) != len(list)-2 {
		return nil, fmt.Errorf("bad list of SCTs %x", list)
	}
	for sct := range msg.Vector16(list[2:]).All() {
		scts = append(scts, sct)
	}
	if !bytes.Equal(joinSCTs(scts), list) {
		return nil, fmt.Errorf("bad list of SCTs %x", list)
	}
	return scts, nil
}

func joinSCTs(scts [][]byte) []byte {
	if len(scts) == 0 {
		return nil
	}
	list := msg.AppendVector16(nil, scts...)
	return append([]byte{byte(len(list) >> 8), byte(len(list))}, list...)
}

func readCertificates(file string) ([]*x509.Certificate, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return cred.ParseCertificates(b)
}
