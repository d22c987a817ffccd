package cred

import (
	"crypto/x509"
	"errors"
)

var errUntaken = errors.New("signed with a scheme that is not taken")

// signed are the schemes that may stand behind a certificate's signature. That of
// RSASSA-PSS does not tell of which kind the issuer's key is, that of ECDSA not on which
// curve.
var signed = map[x509.SignatureAlgorithm][]Scheme{
	x509.SHA1WithRSA: {RSAPKCS1SHA1}, x509.SHA256WithRSA: {RSAPKCS1SHA256}, x509.SHA384WithRSA: {RSAPKCS1SHA384}, x509.SHA512WithRSA: {RSAPKCS1SHA512},
	x509.SHA256WithRSAPSS: {RSAPSSRSAESHA256, RSAPSSPSSSHA256}, x509.SHA384WithRSAPSS: {RSAPSSRSAESHA384, RSAPSSPSSSHA384},
	x509.SHA512WithRSAPSS: {RSAPSSRSAESHA512, RSAPSSPSSSHA512}, x509.PureEd25519: {Ed25519},
	x509.ECDSAWithSHA1: {ECDSASHA1}, x509.ECDSAWithSHA256: {ECDSAP256SHA256}, x509.ECDSAWithSHA384: {ECDSAP384SHA384}, x509.ECDSAWithSHA512: {ECDSAP521SHA512},
}

// CheckSigned tells which certificate of a chain, the leaf first, is signed with none of
// the schemes that are taken, as an *Error of KindWeakDigest; nil if all are. anchored says
// that the last is a trust anchor, by which a verified chain ends: how that is signed counts
// for nothing. Of a chain as it is sent the last does count, if it is not self-issued. One in
// between that is may bear a new key of its issuer that an old one signed.
func CheckSigned(chain []*x509.Certificate, anchored bool, takes func(Scheme) bool) error {
	//= RFC 9846 §4.5.1.2
next:
	for i, c := range chain {
		if i == len(chain)-1 && (anchored || selfIssued(c)) {
			continue
		}
		for _, s := range signed[c.SignatureAlgorithm] {
			if takes(s) {
				continue next
			}
		}
		return fail(KindWeakDigest, c, errUntaken)
	}
	return nil
}
