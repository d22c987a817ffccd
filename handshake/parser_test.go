package handshake_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/record"
)

// TestParseCertificate: what parses the certificates of a peer is asked for each, up to the one
// that it refuses.
func TestParseCertificate(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, refused := range []bool{false, true} {
			asked := 0
			c := baseConfig(t)
			c.client.MaxVersion = v
			c.client.ParseCertificate = func(der []byte) (*x509.Certificate, error) {
				if asked++; refused {
					return nil, errors.New("refused")
				}
				return cred.ParseCertificate(der)
			}
			p := newPair(t, c)
			for range 4 {
				p.turn(p.c, p.s)
				p.turn(p.s, p.c)
			}
			switch chain := p.c.e.State().PeerCertificates; {
			case refused && (asked != 1 || !errors.Is(p.c.e.Err(), handshake.KindBadCertificate)):
				t.Errorf("%v: asked %d times, then %v", v, asked, p.c.e.Err())
			case !refused && (asked != len(chain) || !bytes.Equal(chain[0].Raw, c.server.Credentials[0].Chain[0])):
				t.Errorf("%v: asked %d times for %d certificates: %v", v, asked, len(chain), p.c.e.Err())
			}
		}
	}
}
