package main

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"software.sslmate.com/src/go-pkcs12"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
)

// takeCredentials reads --cert and --key. A server that is given nothing to show
// shows the demo's certificate.
func (o *options) takeCredentials(c *handshake.Config) error {
	if len(o.keys) > len(o.certs) {
		return errors.New("there are more --key than --cert")
	}
	if o.side == server && len(o.certs)+len(o.pfx) == 0 && o.psk.key == nil {
		fmt.Fprintln(o.set.std.err, "tacet: no --cert: serving the demo's certificate, whose key is public")
		mine, err := demoCredential()
		c.Credentials = append(c.Credentials, mine)
		return err
	}
	for i, name := range o.certs {
		cert, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		key := cert
		if i < len(o.keys) {
			if key, err = os.ReadFile(o.keys[i]); err != nil {
				return err
			}
		}
		mine, err := cred.LoadPEM(cert, key, []byte(o.passphrase))
		if err != nil {
			return err
		}
		c.Credentials = append(c.Credentials, mine)
	}
	return nil
}

// takePFX reads --pfx.
func (o *options) takePFX(c *handshake.Config) error {
	for _, name := range o.pfx {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		key, leaf, chain, err := pkcs12.DecodeChain(b, o.passphrase)
		if err != nil {
			return err
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return errors.New("holds a key that cannot sign")
		}
		der := [][]byte{leaf.Raw}
		for _, c := range chain {
			der = append(der, c.Raw)
		}
		mine, err := cred.NewCredential(der, signer)
		if err != nil {
			return err
		}
		c.Credentials = append(c.Credentials, mine)
	}
	return nil
}

// takeStaples reads --ocsp.
func (o *options) takeStaples(c *handshake.Config) (err error) {
	if len(o.ocsp) > len(c.Credentials) {
		return errors.New("there are more --ocsp than certificates")
	}
	for i, name := range o.ocsp {
		if c.Credentials[i].Staple, err = os.ReadFile(name); err != nil {
			return err
		}
	}
	return nil
}

// takeVerifier reads --ca. Mozilla's roots are trusted without, as in node.
func (o *options) takeVerifier(c *handshake.Config) (err error) {
	c.Verifier, err = o.trusted()
	return err
}

// takeCRLs reads --crl.
func (o *options) takeCRLs(c *handshake.Config) error {
	for _, name := range o.crls {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		crls, err := cred.ParseCRLs(text)
		if err != nil {
			return err
		}
		c.Verifier.CRLs = append(c.Verifier.CRLs, crls...)
	}
	return nil
}

func (o *options) trusted() (*cred.Verifier, error) {
	switch {
	case len(o.cas) > 0:
		return o.given()
	case o.useSystemCA:
		return actor.SystemVerifier()
	}
	return actor.MozillaVerifier()
}

// given are the certificates of --ca.
func (o *options) given() (*cred.Verifier, error) {
	var cas []*x509.Certificate
	for _, name := range o.cas {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		some, err := cred.ParseCertificates(text)
		if err != nil {
			return nil, err
		}
		cas = append(cas, some...)
	}
	return cred.NewVerifier(cas, false), nil
}
