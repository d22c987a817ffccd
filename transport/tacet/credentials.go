package main

import (
	"crypto"
	"crypto/x509"
	"errors"
	"os"

	"software.sslmate.com/src/go-pkcs12"

	"tacet/actor"
	"tacet/handshake"
	"tacet/handshake/cred"
)

// takeCredentials reads --cert and --key.
func (o *options) takeCredentials(c *handshake.Config) error {
	if len(o.keys) > len(o.certs) {
		return errors.New("there are more --key than --cert")
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

// takeVerifier reads --ca and --crl. Mozilla's roots are trusted without, as in node.
func (o *options) takeVerifier(c *handshake.Config) error {
	v, err := o.trusted()
	if err != nil {
		return err
	}
	for _, name := range o.crls {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		crls, err := cred.ParseCRLs(text)
		if err != nil {
			return err
		}
		v.CRLs = append(v.CRLs, crls...)
	}
	c.Verifier = v
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
