package transport

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"

	"github.com/cloudflare/circl/sign/ed448"
	"tacet/handshake/cred"
	"tacet/record"
)

// certified is a certificate chain with its key, which comes later.
type certified struct {
	option string // that it is from
	chain  []*x509.Certificate
	key    crypto.Signer
}

// cert reads cert.
func (b *builder) cert() error {
	for _, text := range b.o.Cert {
		chain, err := cred.ParseCertificates(text)
		if err != nil {
			return faultOf("cert", Code(kindOf(err).Code()), "cannot be read", err)
		}
		if err := b.add("cert", chain, nil); err != nil {
			return err
		}
	}
	return nil
}

// add takes a chain, one of each type of key.
func (b *builder) add(option string, chain []*x509.Certificate, key crypto.Signer) error {
	for i, c := range chain {
		if err := cred.PermittedCertificate(c, max(b.config.SecurityLevel, 0)); err != nil {
			return faultOf(option, weakCode(err, i), "is too weak for the security level", err)
		}
	}
	kind := keyType(cred.PublicKey(chain[0]))
	if kind == "" {
		return fault(option, CodeUnknownKey, "has a key of an unknown type")
	}
	for _, other := range b.certified {
		if keyType(cred.PublicKey(other.chain[0])) == kind {
			return fault(option, CodeArgValue, "is a second certificate with a key of type "+kind)
		}
	}
	b.certified = append(b.certified, &certified{option, chain, key})
	return nil
}

// weakCode is OpenSSL's code for certificate i of a chain that is too weak.
func weakCode(err error, i int) Code {
	switch {
	case kindOf(err) == cred.KindWeakDigest:
		return CodeDigestTooWeak
	case i > 0:
		return CodeCAKeyTooSmall
	}
	return CodeKeyTooSmall
}

// keyType is the type of a public key, of which a context has one certificate each;
// "" if it is none that signs.
func keyType(pub crypto.PublicKey) string {
	switch pub.(type) {
	case *rsa.PublicKey:
		return "RSA"
	case *cred.PSSPublicKey:
		return "RSA-PSS"
	case *ecdsa.PublicKey:
		return "EC"
	case ed25519.PublicKey:
		return "Ed25519"
	case ed448.PublicKey:
		return "Ed448"
	}
	return ""
}

// key reads key, each for the certificate that it fits.
func (b *builder) key() error {
	for _, k := range b.o.Key {
		signer, err := b.signer(k)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(b.certified, func(id *certified) bool { return id.key == nil && isKeyOf(signer, id.chain[0]) })
		if i < 0 {
			return fault("key", CodeKeyMismatch, "is the key of no certificate")
		}
		b.certified[i].key = signer
	}
	return nil
}

// isKeyOf reports whether key is the private half of a certificate's.
func isKeyOf(key crypto.Signer, leaf *x509.Certificate) bool {
	pub, ok := cred.PublicKey(leaf).(interface{ Equal(crypto.PublicKey) bool })
	return ok && pub.Equal(key.Public())
}

func (b *builder) signer(k KeyObject) (crypto.Signer, error) {
	if (k.Signer == nil) == (k.PEM == nil) {
		return nil, fault("key", CodeArgValue, "wants PEM or a Signer, and not both")
	}
	if k.Signer != nil {
		return k.Signer, nil
	}
	signer, err := cred.ParsePrivateKey(k.PEM, []byte(cmp.Or(k.Passphrase, b.o.Passphrase)))
	switch kindOf(err) {
	case cred.KindUnspecified:
		return signer, nil
	case cred.KindNoPEM: // of a key, node says it so
		return nil, faultOf("key", CodeKeyUnsupported, "is not in PEM", err)
	}
	return nil, faultOf("key", Code(kindOf(err).Code()), "cannot be read", err)
}

// kindOf is the kind of an error of package cred, KindUnspecified of nil.
func kindOf(err error) cred.Kind {
	var e *cred.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return cred.KindUnspecified
}

// engineKey refuses a key of an OpenSSL engine, as node does without engines.
func (b *builder) engineKey() error {
	switch o := b.o; {
	case o.PrivateKeyEngine == "" && o.PrivateKeyIdentifier == "":
		return nil
	case o.PrivateKeyEngine == "":
		return fault("privateKeyEngine", CodeArgValue, "is needed beside privateKeyIdentifier")
	case o.PrivateKeyIdentifier == "":
		return fault("privateKeyIdentifier", CodeArgValue, "is needed beside privateKeyEngine")
	case len(o.Key) > 0:
		return fault("key", CodeArgValue, "stands beside privateKeyIdentifier")
	}
	return fault("privateKeyEngine", CodeNoEngines, "there are no engines: give a Signer as Key")
}

// clientCertEngine refuses an OpenSSL engine.
func (b *builder) clientCertEngine() error {
	if b.o.ClientCertEngine == "" {
		return nil
	}
	return fault("clientCertEngine", CodeNoEngines, "there are no engines: give Cert, and a Signer as Key")
}

// pfx reads pfx. What is beside the certificate of the key completes the chain and is
// trusted.
func (b *builder) pfx() error {
	for _, p := range b.o.PFX {
		chain, key, err := openPFX(p.Buf, cmp.Or(p.Passphrase, b.o.Passphrase))
		if err != nil {
			return err
		}
		if err := b.add("pfx", chain, key); err != nil {
			return err
		}
		b.cas = append(b.cas, chain[1:]...)
	}
	return nil
}

// openPFX opens a PKCS #12 file: the certificate of its key, and then the others in their
// order. Node has a code for one of its faults, and says of the others what OpenSSL does.
func openPFX(der []byte, passphrase string) ([]*x509.Certificate, crypto.Signer, error) {
	key, chain, err := cred.ParsePKCS12(der, []byte(passphrase))
	switch kindOf(err) {
	case cred.KindUnspecified:
	case cred.KindPassphrase:
		return nil, nil, faultOf("pfx", "", "mac verify failure", err)
	case cred.KindPFXUnsupported:
		return nil, nil, faultOf("pfx", CodeUnsupported, cred.KindPFXUnsupported.String(), err)
	default:
		return nil, nil, faultOf("pfx", "", "cannot be read", err)
	}
	if key == nil {
		return nil, nil, fault("pfx", CodeOperationFailed, "holds no private key")
	}
	leaf := slices.IndexFunc(chain, func(c *x509.Certificate) bool { return isKeyOf(key, c) })
	if leaf < 0 {
		return nil, nil, fault("pfx", CodeOperationFailed, "holds no certificate of its key")
	}
	mine := chain[leaf] // read before Delete moves what is after it
	return append([]*x509.Certificate{mine}, slices.Delete(chain, leaf, leaf+1)...), key, nil
}

// credentials makes the credentials, in the order of the signature schemes that they
// sign by: the first that a peer can verify is the one that is used.
func (b *builder) credentials() error {
	order := b.config.Schemes
	if order == nil {
		order = cred.DefaultSchemes()
	}
	for _, id := range b.certified {
		if id.key == nil {
			return fault(id.option, CodeNoSignatureAlgorithm, "has no private key")
		}
		c, err := cred.NewCredential(b.completed(id.chain), id.key)
		if err != nil {
			return faultOf(id.option, Code(kindOf(err).Code()), "cannot be used", err)
		}
		b.config.Credentials = append(b.config.Credentials, c)
	}
	rank := func(c *cred.Credential) int {
		pub := cred.PublicKey(c.Leaf)
		return slices.IndexFunc(order, func(s cred.Scheme) bool {
			return cred.KeyFits(pub, s, record.TLS13) || cred.KeyFits(pub, s, record.TLS12)
		})
	}
	slices.SortStableFunc(b.config.Credentials, func(x, y *cred.Credential) int {
		return cmp.Compare(uint(rank(x)), uint(rank(y))) // -1, for none, comes last
	})
	return nil
}

// completed is the chain to send, in DER. A leaf alone is completed from ca, up to
// the root.
func (b *builder) completed(chain []*x509.Certificate) [][]byte {
	if len(chain) == 1 {
		chain = slices.Clip(chain)
		for next := b.issuer(chain); next != nil; next = b.issuer(chain) {
			chain = append(chain, next)
		}
	}
	der := make([][]byte, len(chain))
	for i, c := range chain {
		der[i] = c.Raw
	}
	return der
}

// issuer finds the next certificate of a chain in ca; nil if it is complete, or ca
// has none.
func (b *builder) issuer(chain []*x509.Certificate) *x509.Certificate {
	top := chain[len(chain)-1]
	if bytes.Equal(top.RawIssuer, top.RawSubject) {
		return nil
	}
	for _, ca := range b.cas {
		named := bytes.Equal(top.RawIssuer, ca.RawSubject) &&
			(len(top.AuthorityKeyId) == 0 || len(ca.SubjectKeyId) == 0 || bytes.Equal(top.AuthorityKeyId, ca.SubjectKeyId))
		if named && !slices.ContainsFunc(chain, ca.Equal) {
			return ca
		}
	}
	return nil
}
