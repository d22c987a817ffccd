package handshake_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// TestKeyUsage: who signs a handshake has a certificate that does not forbid it, also
// where the chain is not looked at. A key usage without a bit allows nothing, as in OpenSSL.
func TestKeyUsage(t *testing.T) {
	//= RFC 9846 §4.5.1.2 type=test
	//= RFC 5280 §4.2.1.3 type=test
	empty := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{3, 1, 0}}
	for _, tc := range []struct {
		name  string
		usage x509.KeyUsage
		extra []pkix.Extension
		signs bool
	}{
		{"none said", 0, nil, true},
		{"digitalSignature", x509.KeyUsageDigitalSignature, nil, true},
		{"among others", x509.KeyUsageKeyAgreement | x509.KeyUsageDigitalSignature, nil, true},
		{"keyAgreement", x509.KeyUsageKeyAgreement, nil, false},
		{"no bit", 0, []pkix.Extension{empty}, false},
	} {
		for _, v := range []record.Version{record.TLS12, record.TLS13} {
			for _, client := range []bool{false, true} {
				who := map[bool]string{false: "/server", true: "/client"}[client]
				t.Run(tc.name+"/"+v.String()+who, func(t *testing.T) {
					template := credtest.LeafTemplate("example.org")
					template.KeyUsage, template.ExtraExtensions = tc.usage, tc.extra
					c := baseConfig(t)
					c.client.MaxVersion, c.client.Verify = v, handshake.VerifyNone
					signer := []*cred.Credential{credtest.CA(t).Credential(t, template, credtest.P256)}
					judge := func(p *pair) *side { return p.c }
					if client {
						c.client.Credentials, judge = signer, func(p *pair) *side { return p.s }
						c.server.ClientAuth, c.server.Verify = handshake.RequireClientCert, handshake.VerifyNone
					} else {
						c.server.Credentials = signer
					}
					p := newPair(t, c)
					for range 4 {
						p.turn(p.c, p.s)
						p.turn(p.s, p.c)
					}
					err := judge(p).e.Err()
					if tc.signs && err != nil || !tc.signs && !errors.Is(err, handshake.KindWrongCertificateType) {
						t.Error(err)
					}
				})
			}
		}
	}
}
