package handshake

import (
	"bytes"
	"crypto/x509"
	"slices"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
)

// This file is about the schemes that certificates are signed with: those that this side
// takes in a peer's, and which of its own fit what the peer takes (RFC 9846 §4.3.3).

// permitted checks a list of schemes, and leaves out those below the security level.
func (p *profile) permitted(field string, list []cred.Scheme) ([]cred.Scheme, error) {
	for _, s := range list {
		if !s.Known() {
			return nil, &ConfigError{field, s.String() + " is not known"}
		}
	}
	list = slices.DeleteFunc(slices.Clone(list), func(s cred.Scheme) bool { return !s.Permitted(p.level) })
	if len(list) == 0 {
		return nil, &ConfigError{field, "is empty"}
	}
	if s := repeated(list, func(s cred.Scheme) cred.Scheme { return s }); s != nil {
		return nil, &ConfigError{field, "holds " + s.String() + " twice"}
	}
	return list, nil
}

// compileSchemes settles Schemes and CertSchemes.
func (p *profile) compileSchemes() (err error) {
	list := p.cfg.Schemes
	if list == nil {
		list = cred.DefaultSchemes()
	}
	if p.schemes, err = p.permitted("Schemes", list); err == nil && p.cfg.CertSchemes != nil {
		p.cfg.CertSchemes, err = p.permitted("CertSchemes", p.cfg.CertSchemes)
	}
	return err
}

// compileSigned parses the chains among which there is a choice.
func (p *profile) compileSigned() error {
	p.signed = make([][]*x509.Certificate, len(p.cfg.Credentials))
	for i, c := range p.cfg.Credentials {
		if p.signed[i] = []*x509.Certificate{c.Leaf}; len(p.cfg.Credentials) == 1 {
			break
		}
		if chain, err := cred.ParseChain(c.Chain); err == nil { // the peer may know better what it is
			p.signed[i] = chain
		}
	}
	return nil
}

// certSchemes is signature_algorithms_cert beside a list of signature_algorithms: nil
// where that list says it all.
func (p *profile) certSchemes(beside msg.Uint16s) msg.Uint16s {
	//= RFC 9846 §4.3.3
	certs := p.wire.certSchemes
	if certs == nil {
		certs = p.wire.schemes
	}
	if bytes.Equal(certs, beside) {
		return nil
	}
	return certs
}

// takes reports whether a peer's certificate may be signed with a scheme.
func (p *profile) takes(s cred.Scheme) bool {
	return p.cfg.CertSchemes == nil || slices.Contains(p.cfg.CertSchemes, s)
}

// takenInCertificates is what a peer says that it takes in certificates, which is
// signature_algorithms where it says no more; false if it says neither.
func takenInCertificates(x *msg.Extensions) (list msg.Uint16s, said bool) {
	//= RFC 9846 §4.3.3
	if x.Have(msg.ExtSignatureAlgorithmsCert) {
		return x.SignatureAlgorithmsCert, true
	}
	return x.SignatureAlgorithms, x.Have(msg.ExtSignatureAlgorithms)
}

// signedFor reports whether the chain of the credential with an index is signed with
// nothing but what a peer takes in certificates. One that does not say takes any.
func (p *profile) signedFor(i int, x *msg.Extensions) bool {
	//= RFC 9846 §4.5.1.2
	list, said := takenInCertificates(x)
	return !said || cred.CheckSigned(p.signed[i], false, func(s cred.Scheme) bool { return list.Has(uint16(s)) }) == nil
}

// signedAs is signedFor with the list of a CredentialQuery.
func (p *profile) signedAs(i int, list []cred.Scheme) bool {
	return list == nil || cred.CheckSigned(p.signed[i], false, func(s cred.Scheme) bool { return slices.Contains(list, s) }) == nil
}

// known are the schemes of a list that certificates may be signed with, each once.
func known(list msg.Uint16s) []cred.Scheme {
	schemes := []cred.Scheme{}
	for v := range list.All() {
		if s := cred.Scheme(v); s.Known() && !slices.Contains(schemes, s) {
			schemes = append(schemes, s)
		}
	}
	return schemes
}

// merit ranks a credential: that it is the one meant counts for more than how it is signed.
func merit(meant, signed bool) int {
	n := 0
	if meant {
		n = 2
	}
	if signed {
		n++
	}
	return n
}
