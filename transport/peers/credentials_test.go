package peers

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// The names of the servers: the one that is asked for, and another.
const (
	serverName = "server.example"
	otherName  = "other.example"
)

// fault is what is wrong with a certificate.
type fault string

const (
	faultUnknownCA fault = "unknown CA"
	faultExpired   fault = "expired"
	faultName      fault = "wrong name"
)

// serverCredential is what the row's server presents.
func (r *row) serverCredential() *cred.Credential {
	r.Helper()
	template := credtest.LeafTemplate(serverName)
	ca := r.ca
	switch r.terms.fault {
	case faultUnknownCA:
		ca = r.stranger
	case faultExpired:
		template.NotAfter = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	case faultName:
		template = credtest.LeafTemplate(otherName)
	}
	if strings.HasPrefix(string(r.kind()), "rsa") && r.kind() != credtest.RSAPSS {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment // which NSS wants of RSA keys
	}
	if r.terms.staple {
		c := ca.Credential(r, template, r.kind())
		c.Staple, c.SCTs = r.staple(), [][]byte{[]byte(timestamp)}
		return c
	}
	if r.terms.sni { // s_server has no chain for a second certificate
		return ca.Credential(r, template, r.kind())
	}
	return ca.Intermediate(r, "tacet test intermediate").Credential(r, template, r.kind())
}

// timestamp stands for a signed certificate timestamp: on its way nobody looks into it.
const timestamp = "tacet test timestamp"

// stamping is a peer whose server has timestamps where it has an OCSP response.
type stamping interface{ stamps() }

// stamp is the timestamp that this side gets, "" if it gets none.
func (r *row) stamp() string {
	if _, ok := r.peer.(stamping); ok {
		return timestamp
	}
	return ""
}

// staple is the OCSP response that the row's server has: the authority's, the
// same each time, of the certificate that only it issues.
func (r *row) staple() []byte {
	r.Helper()
	r.stapled.Do(func() {
		leaf := r.ca.Issue(r, credtest.LeafTemplate(serverName), r.kind())
		now := time.Now().Truncate(time.Hour)
		template := ocsp.Response{
			SerialNumber: leaf.SerialNumber, Status: ocsp.Good, ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(24 * time.Hour),
		}
		var err error
		if r.response, err = ocsp.CreateResponse(r.ca.Cert, r.ca.Cert, template, r.ca.Key); err != nil {
			r.Fatal(err)
		}
	})
	return r.response
}

// otherCredential is what the row's server presents if it is asked for no name that it knows.
func (r *row) otherCredential() *cred.Credential {
	r.Helper()
	return r.ca.Leaf(r, credtest.OtherP256, otherName)
}

// clientName is the name in the certificate that the row's client presents.
func (r *row) clientName() string {
	if r.renewed && r.terms.renewal.kind != "" {
		return otherClient
	}
	return clientName
}

// clientKind is the kind of its key.
func (r *row) clientKind() credtest.Kind {
	if k := r.terms.renewal.kind; r.renewed && k != "" {
		return k
	}
	return r.terms.auth.kind
}

// clientCredential is what the row's client presents, nil for nothing.
func (r *row) clientCredential() *cred.Credential {
	r.Helper()
	a := r.terms.auth
	if a.kind == "" {
		return nil
	}
	ca := r.ca
	if a.stranger {
		ca = r.stranger
	}
	template := credtest.LeafTemplate()
	template.Subject = pkix.Name{CommonName: r.clientName()}
	return ca.Credential(r, template, r.clientKind())
}

// The names of the row's client: the one that it shows, and what it comes to show.
const (
	clientName  = "tacet test client"
	otherClient = "tacet test client again"
)

// pemFiles writes a credential's chain and key for programs to read.
func (r *row) pemFiles(name string, c *cred.Credential, kind credtest.Kind) (cert, key string) {
	r.Helper()
	return r.write(name+"-cert.pem", credtest.CertPEM(c.Chain...)), r.write(name+"-key.pem", keyPEM(r, kind))
}

func (r *row) caFile() string { return r.write("ca.pem", r.ca.PEM()) }

func (r *row) file(name string) string { return filepath.Join(r.dir, name) }

func (r *row) write(name string, text []byte) string {
	r.Helper()
	path := r.file(name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		r.Fatal(err)
	}
	return path
}

// keyPEM is a private key in PKCS#8. The one for RSASSA-PSS says so there, which
// programs want and crypto/x509 does not write.
func keyPEM(r *row, kind credtest.Kind) []byte {
	r.Helper()
	text := credtest.KeyPEM(r, kind)
	if kind != credtest.RSAPSS {
		return text
	}
	block, _ := pem.Decode(text)
	var info struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	if _, err := asn1.Unmarshal(block.Bytes, &info); err != nil {
		r.Fatal(err)
	}
	info.Algorithm = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}}
	der, err := asn1.Marshal(info)
	if err != nil {
		r.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// pool is the authority that peers of this process trust.
func (r *row) pool() *x509.CertPool { return r.ca.Pool() }
