package transport

import (
	"crypto/x509"

	"tacet/handshake/cred"
)

// ca reads ca. A text without certificates trusts nothing, as in node.
func (b *builder) ca() error {
	b.mozilla = b.o.CA == nil
	for _, text := range b.o.CA {
		certs, err := certificates(text)
		if err != nil {
			return faultOf("ca", Code(cred.KindBadPEM.Code()), "holds what is no certificate", err)
		}
		b.cas = append(b.cas, certs...)
	}
	return nil
}

// certificates are those of a text in PEM; none in one that is not PEM.
func certificates(text []byte) ([]*x509.Certificate, error) {
	certs, err := cred.ParseCertificates(text)
	if kindOf(err) == cred.KindNoPEM {
		return nil, nil
	}
	return certs, err
}

// crl reads crl.
func (b *builder) crl() error {
	for _, text := range b.o.CRL {
		lists, err := cred.ParseCRLs(text)
		if err != nil {
			return faultOf("crl", CodeOperationFailed, "failed to parse CRL", err)
		}
		b.crls = append(b.crls, lists...)
	}
	return nil
}

// trust makes the verifier, once pfx has told of its certificates.
func (b *builder) trust() error {
	v := &cred.Verifier{Roots: x509.NewCertPool(), PartialChain: b.o.AllowPartialTrustChain, CRLs: b.crls}
	if b.mozilla {
		own, err := mozilla()
		if err != nil {
			return err
		}
		v.Roots, v.Anchors = own.Roots.Clone(), own.Anchors
	}
	v.Add(b.cas)
	b.config.Verifier = v
	return nil
}
