package cred

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ParsePKCS12 reads a PKCS #12 file (RFC 7292) as OpenSSL's PKCS12_parse does: the
// first private key, nil if there is none, and all certificates, in the order of the file. It may
// be in BER, as NSS writes it, of up to 16 MiB; what follows it in file is passed over.
// Names and other attributes are passed over. A file without a MAC is read with an empty
// passphrase only; an empty passphrase opens files of an empty one and of none. Errors are
// *Error of KindPassphrase, KindPFXUnreadable or KindPFXUnsupported. Neither slice is kept.
func ParsePKCS12(file, passphrase []byte) (crypto.Signer, []*x509.Certificate, error) {
	p := pfx{}
	err := p.read(file, passphrase)
	switch {
	case err == nil:
		return p.key, p.certs, nil
	case errors.Is(err, errWrongPassphrase):
		return nil, nil, fail(KindPassphrase, nil, err)
	case errors.Is(err, errUnknownEncryption):
		return nil, nil, fail(KindPFXUnsupported, nil, err)
	}
	return nil, nil, fail(KindPFXUnreadable, nil, err)
}

// pfx is what was found in a file, and what opens the rest of it.
type pfx struct {
	pw    password
	key   crypto.Signer
	certs []*x509.Certificate
}

// The tags of what stands in PKCS #12 and PKCS #7 beside universal ones.
var (
	tagContent   = asn1.Tag(0).ContextSpecific().Constructed()
	tagEncrypted = asn1.Tag(0).ContextSpecific()
)

// Contents of object identifiers: of PKCS #7, and the beginning of those of bags.
const (
	oidData          = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
	oidEncryptedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"
	oidBags          = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01"
	oidCertX509      = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01"
	oidPBMAC1        = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e"
)

var (
	errPFXForm   = errors.New("not a PKCS #12 file")
	errMACAbsent = errors.New("mac absent: such a file is read without a passphrase only")
)

// read reads a PFX (RFC 7292 §4), the MAC first.
func (p *pfx) read(ber, passphrase []byte) error {
	der, err := derOf(ber)
	if err != nil {
		return err
	}
	in := cryptobyte.String(der)
	var file, safe, content, octets cryptobyte.String
	var version int
	const v3 = 3
	if !in.ReadASN1(&file, asn1.SEQUENCE) || !file.ReadASN1Integer(&version) || version != v3 || !file.ReadASN1(&safe, asn1.SEQUENCE) {
		return errPFXForm
	}
	if oid := readOID(&safe); oid != oidData {
		return fmt.Errorf("%w: content %x", errUnknownEncryption, oid) // sealed for a key, not by a passphrase
	}
	if !safe.ReadASN1(&content, tagContent) || !content.ReadASN1(&octets, asn1.OCTET_STRING) {
		return errPFXForm
	}
	if err := p.open(file, octets, passphrase); err != nil {
		return err
	}
	if der, err = derOf(octets); err != nil { // the MAC is of its bytes as they were
		return err
	}
	octets = der
	var contents, info cryptobyte.String
	if !octets.ReadASN1(&contents, asn1.SEQUENCE) {
		return errPFXForm
	}
	for !contents.Empty() {
		if !contents.ReadASN1(&info, asn1.SEQUENCE) {
			return errPFXForm
		}
		if err := p.readContent(info); err != nil {
			return err
		}
	}
	return nil
}

// maxFileIterations bounds the derivations of a file together, of which each may have
// maxIterations: as many as a MAC that is tried twice, certificates and a key may have.
const maxFileIterations = 4 * maxIterations

// open finds the password by the MAC, which in is if it is not empty.
func (p *pfx) open(in, content cryptobyte.String, passphrase []byte) error {
	given := passwordOf(passphrase, maxFileIterations)
	none := password{left: given.left} // no passphrase is other than an empty one, in PKCS #12
	tries := []password{given}
	if len(passphrase) == 0 {
		tries = []password{none, given}
	}
	if in.Empty() {
		p.pw = none
		if len(passphrase) > 0 {
			return errMACAbsent
		}
		return nil
	}
	for _, p.pw = range tries {
		ok, err := verifyMAC(in, p.pw, content)
		if ok || err != nil {
			return err
		}
	}
	return errWrongPassphrase
}

// macHashes are those of MacData.
var macHashes = []hmacOf{
	{"\x2b\x0e\x03\x02\x1a", sha1.New},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x04", sha256.New224},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x01", sha256.New},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x02", sha512.New384},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x03", sha512.New},
}

// verifyMAC reads a MacData (RFC 7292 §4) and reports whether it is the content's.
func verifyMAC(in cryptobyte.String, pw password, content []byte) (bool, error) {
	var data, mac, algorithm, digest, salt cryptobyte.String
	iterations := 1
	if !in.ReadASN1(&data, asn1.SEQUENCE) || !data.ReadASN1(&mac, asn1.SEQUENCE) || !mac.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!mac.ReadASN1(&digest, asn1.OCTET_STRING) || !data.ReadASN1(&salt, asn1.OCTET_STRING) ||
		!data.Empty() && !data.ReadASN1Integer(&iterations) {
		return false, errPFXForm
	}
	oid := readOID(&algorithm)
	if oid == oidPBMAC1 { // which does not look at salt and iterations
		return verifyPBMAC1(algorithm, pw, content, digest)
	}
	if len(salt) > maxSalt {
		return false, errPFXForm
	}
	h, err := hashNamed(macHashes, oid)
	if err != nil {
		return false, err
	}
	if err := pw.spend(iterations); err != nil {
		return false, err
	}
	m := hmac.New(h, derive12(h, 3, pw.bmp, salt, iterations, h().Size()))
	m.Write(content)
	return hmac.Equal(m.Sum(nil), digest), nil
}

// verifyPBMAC1 is verifyMAC of a MAC by RFC 9579. The key has the length of the hash, which
// the parameters may not shorten.
func verifyPBMAC1(algorithm cryptobyte.String, pw password, content, digest []byte) (bool, error) {
	var params, kdf, mac cryptobyte.String
	if !algorithm.ReadASN1(&params, asn1.SEQUENCE) || !params.ReadASN1(&kdf, asn1.SEQUENCE) || !params.ReadASN1(&mac, asn1.SEQUENCE) {
		return false, errPFXForm
	}
	h, err := hashNamed(prfs, readOID(&mac))
	if err != nil {
		return false, err
	}
	key, err := deriveKey(kdf, pw, h().Size())
	if err != nil {
		return false, err
	}
	m := hmac.New(h, key)
	m.Write(content)
	return hmac.Equal(m.Sum(nil), digest), nil
}

// readContent reads a ContentInfo of the AuthenticatedSafe. Like OpenSSL it passes over
// those that are neither plain nor sealed by a passphrase.
func (p *pfx) readContent(in cryptobyte.String) error {
	oid := readOID(&in)
	var content, octets cryptobyte.String
	if !in.ReadASN1(&content, tagContent) {
		return errPFXForm
	}
	switch oid {
	case oidData:
		if !content.ReadASN1(&octets, asn1.OCTET_STRING) {
			return errPFXForm
		}
		return p.readContents(octets)
	case oidEncryptedData:
		plain, err := p.decryptData(content)
		if err != nil {
			return err
		}
		return p.readContents(plain)
	}
	return nil
}

// decryptData opens an EncryptedData (RFC 2315 §13).
func (p *pfx) decryptData(in cryptobyte.String) ([]byte, error) {
	var data, info, algorithm cryptobyte.String
	var sealed []byte
	if !in.ReadASN1(&data, asn1.SEQUENCE) || !data.SkipASN1(asn1.INTEGER) || !data.ReadASN1(&info, asn1.SEQUENCE) ||
		readOID(&info) != oidData || !info.ReadASN1(&algorithm, asn1.SEQUENCE) || !readImplicitOctets(&info, &sealed) {
		return nil, errPFXForm
	}
	return decrypt(algorithm, p.pw, sealed)
}

// readImplicitOctets reads a [0] that is an OCTET STRING, whole or in the pieces (X.690 §8.7) that derOf has left.
func readImplicitOctets(in *cryptobyte.String, octets *[]byte) bool {
	var pieces, piece cryptobyte.String
	if in.PeekASN1Tag(tagEncrypted) {
		return in.ReadASN1((*cryptobyte.String)(octets), tagEncrypted)
	}
	if !in.ReadASN1(&pieces, tagContent) {
		return false
	}
	for !pieces.Empty() {
		if !pieces.ReadASN1(&piece, asn1.OCTET_STRING) {
			return false
		}
		*octets = append(*octets, piece...)
	}
	return true
}

// readContents reads SafeContents that come as bytes.
func (p *pfx) readContents(ber []byte) error {
	der, err := derOf(ber)
	if err != nil {
		return err
	}
	return p.readSafe(der, 0)
}

// maxNested bounds the SafeContents within SafeContents.
const maxNested = 8

// readSafe reads SafeContents (RFC 7292 §4.2).
func (p *pfx) readSafe(in cryptobyte.String, depth int) error {
	var bags, bag, value cryptobyte.String
	if depth > maxNested || !in.ReadASN1(&bags, asn1.SEQUENCE) {
		return errPFXForm
	}
	for !bags.Empty() {
		if !bags.ReadASN1(&bag, asn1.SEQUENCE) {
			return errPFXForm
		}
		oid := readOID(&bag)
		if !bag.ReadASN1(&value, tagContent) {
			return errPFXForm
		}
		var err error
		switch oid {
		case oidBags + "\x01":
			err = p.addKey(value)
		case oidBags + "\x02":
			err = p.openKey(value)
		case oidBags + "\x03":
			err = p.addCertificate(value)
		case oidBags + "\x06":
			err = p.readSafe(value, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openKey takes the first key, and leaves others sealed, as OpenSSL does.
func (p *pfx) openKey(sealed []byte) error {
	if p.key != nil {
		return nil
	}
	plain, err := decryptPKCS8(sealed, p.pw)
	if err != nil {
		return err
	}
	return p.addKey(plain)
}

// addKey takes the first key.
func (p *pfx) addKey(der []byte) error {
	if p.key != nil {
		return nil
	}
	key, err := parsePKCS8(der)
	p.key = key
	return err
}

// addCertificate reads a CertBag, which may hold other than certificates of X.509.
func (p *pfx) addCertificate(in cryptobyte.String) error {
	var bag, content, der cryptobyte.String
	if !in.ReadASN1(&bag, asn1.SEQUENCE) {
		return errPFXForm
	}
	if readOID(&bag) != oidCertX509 {
		return nil
	}
	if !bag.ReadASN1(&content, tagContent) || !content.ReadASN1(&der, asn1.OCTET_STRING) {
		return errPFXForm
	}
	c, err := ParseCertificate(bytes.Clone(der)) // it keeps them, and would keep keys of the file with them
	if err != nil {
		return fmt.Errorf("certificate %d: %w", len(p.certs), err)
	}
	p.certs = append(p.certs, c)
	return nil
}
