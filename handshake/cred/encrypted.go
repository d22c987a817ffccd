package cred

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"
)

// Bounds on what a key file may ask of the machine: iterations of a key derivation, of which
// the mixing of 128 bytes by scrypt is one, and bytes of scrypt.
const (
	maxIterations   = 10_000_000
	maxScryptMemory = 256 << 20
)

var (
	errWrongPassphrase = errors.New("decryption does not give a key")
	errEncryptedForm   = errors.New("encrypted private key is malformed")
)

// decryptKey opens an encrypted block of either form. Wrong and missing passphrases are errWrongPassphrase.
func decryptKey(block *pem.Block, passphrase []byte) ([]byte, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return decryptPKCS8(block.Bytes, passwordOf(passphrase, maxIterations))
	}
	// The form of old OpenSSL is weak, and crypto/x509 warns of it; keys in it still exist.
	//lint:ignore SA1019 nothing else reads them
	der, err := x509.DecryptPEMBlock(block, passphrase)
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, errWrongPassphrase
	}
	return der, err
}

// errUnknownEncryption is an encryption of keys and certificates that nothing here knows.
var errUnknownEncryption = errors.New("unknown encryption")

// password is a passphrase in the forms in which ciphers take it.
type password struct {
	text, bmp []byte
	left      *int // iterations that what it opens may still ask for
}

func passwordOf(passphrase []byte, left int) password {
	return password{passphrase, bmp(passphrase), &left}
}

// spend takes the iterations of a derivation from those that are left.
func (p *password) spend(iterations int) error {
	if iterations < 1 || iterations > maxIterations || iterations > *p.left {
		return errEncryptedForm
	}
	*p.left -= iterations
	return nil
}

// decryptPKCS8 opens an EncryptedPrivateKeyInfo (RFC 5958 §3).
func decryptPKCS8(der []byte, pw password) ([]byte, error) {
	in := cryptobyte.String(der)
	var info, algorithm, sealed cryptobyte.String
	if !in.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) || !info.ReadASN1(&sealed, asn1.OCTET_STRING) {
		return nil, errEncryptedForm
	}
	return decrypt(algorithm, pw, sealed)
}

// decrypt opens what is encrypted by PBES2 (RFC 8018 §6.2) or by the ciphers of PKCS #12.
func decrypt(algorithm cryptobyte.String, pw password, sealed []byte) ([]byte, error) {
	oid := readOID(&algorithm)
	if oid != oidPBES2 {
		return decryptPBE12(oid, algorithm, pw, sealed)
	}
	var params, kdf, encryption cryptobyte.String
	if !algorithm.ReadASN1(&params, asn1.SEQUENCE) || !params.ReadASN1(&kdf, asn1.SEQUENCE) || !params.ReadASN1(&encryption, asn1.SEQUENCE) {
		return nil, errEncryptedForm
	}
	c, iv, err := readCipher(encryption)
	if err != nil {
		return nil, err
	}
	key, err := deriveKey(kdf, pw, c.keyLen)
	if err != nil {
		return nil, err
	}
	return openCBC(c, key, iv, sealed)
}

// readOID returns the contents of the next object identifier, "" when there is none.
func readOID(in *cryptobyte.String) string {
	var oid cryptobyte.String
	if !in.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return ""
	}
	return string(oid)
}

// Contents of object identifiers.
const (
	oidPBES2  = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"
	oidPBKDF2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"
	oidScrypt = "\x2b\x06\x01\x04\x01\xda\x47\x04\x0b"
)

// keyCipher is a block cipher that encrypts keys in CBC mode.
type keyCipher struct {
	oid    string
	keyLen int
	block  func(key []byte) (cipher.Block, error)
}

var keyCiphers = [...]keyCipher{
	{"\x60\x86\x48\x01\x65\x03\x04\x01\x02", 16, aes.NewCipher},
	{"\x60\x86\x48\x01\x65\x03\x04\x01\x16", 24, aes.NewCipher},
	{"\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 32, aes.NewCipher},
	{"\x2a\x86\x48\x86\xf7\x0d\x03\x07", 24, des.NewTripleDESCipher},
}

func readCipher(in cryptobyte.String) (*keyCipher, []byte, error) {
	oid := readOID(&in)
	var iv cryptobyte.String
	if !in.ReadASN1(&iv, asn1.OCTET_STRING) {
		return nil, nil, errEncryptedForm
	}
	for i := range keyCiphers {
		if c := &keyCiphers[i]; c.oid == oid {
			return c, iv, nil
		}
	}
	return nil, nil, fmt.Errorf("%w: cipher %x", errUnknownEncryption, oid)
}

// hmacOf is a hash by the object identifier of its HMAC, or of itself.
type hmacOf struct {
	oid string
	new func() hash.Hash
}

func hashNamed(table []hmacOf, oid string) (func() hash.Hash, error) {
	for _, h := range table {
		if h.oid == oid {
			return h.new, nil
		}
	}
	return nil, fmt.Errorf("%w: hash %x", errUnknownEncryption, oid)
}

// prfs are the HMACs of PBKDF2; the first is the default.
var prfs = []hmacOf{
	{"\x2a\x86\x48\x86\xf7\x0d\x02\x07", sha1.New},
	{"\x2a\x86\x48\x86\xf7\x0d\x02\x08", sha256.New224},
	{"\x2a\x86\x48\x86\xf7\x0d\x02\x09", sha256.New},
	{"\x2a\x86\x48\x86\xf7\x0d\x02\x0a", sha512.New384},
	{"\x2a\x86\x48\x86\xf7\x0d\x02\x0b", sha512.New},
}

func deriveKey(kdf cryptobyte.String, pw password, n int) ([]byte, error) {
	oid := readOID(&kdf)
	var params, salt cryptobyte.String
	if !kdf.ReadASN1(&params, asn1.SEQUENCE) || !params.ReadASN1(&salt, asn1.OCTET_STRING) {
		return nil, errEncryptedForm
	}
	switch oid {
	case oidPBKDF2:
		return derivePBKDF2(params, pw, salt, n)
	case oidScrypt:
		var cost, block, parallel int
		if !params.ReadASN1Integer(&cost) || !params.ReadASN1Integer(&block) || !params.ReadASN1Integer(&parallel) ||
			cost < 2 || block < 1 || parallel < 1 || block > maxScryptMemory || parallel > maxScryptMemory ||
			cost > maxScryptMemory/128/block || parallel > maxIterations/block/cost {
			return nil, errEncryptedForm
		}
		if err := pw.spend(cost * block * parallel); err != nil {
			return nil, err
		}
		return scrypt.Key(pw.text, salt, cost, block, parallel, n)
	}
	return nil, fmt.Errorf("%w: key derivation %x", errUnknownEncryption, oid)
}

// derivePBKDF2 derives n bytes; the length that the parameters may name has to be that.
func derivePBKDF2(params cryptobyte.String, pw password, salt []byte, n int) ([]byte, error) {
	var iterations int
	length := n
	if !params.ReadASN1Integer(&iterations) ||
		params.PeekASN1Tag(asn1.INTEGER) && !params.ReadASN1Integer(&length) || length != n {
		return nil, errEncryptedForm
	}
	prf := prfs[0].oid
	if !params.Empty() {
		var id cryptobyte.String
		if !params.ReadASN1(&id, asn1.SEQUENCE) {
			return nil, errEncryptedForm
		}
		prf = readOID(&id)
	}
	h, err := hashNamed(prfs, prf)
	if err != nil {
		return nil, err
	}
	if err := pw.spend(iterations); err != nil {
		return nil, err
	}
	return pbkdf2.Key(h, string(pw.text), salt, iterations, n)
}

// openCBC decrypts and takes the padding off (RFC 8018 §6.1.1). There is no one to time it
// who does not have the file.
func openCBC(c *keyCipher, key, iv, sealed []byte) ([]byte, error) {
	block, err := c.block(key)
	if err != nil {
		return nil, err
	}
	size := block.BlockSize()
	if len(iv) != size || len(sealed) == 0 || len(sealed)%size != 0 {
		return nil, errEncryptedForm
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, sealed)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > size {
		return nil, errWrongPassphrase
	}
	want := make([]byte, pad)
	for i := range want {
		want[i] = byte(pad)
	}
	if subtle.ConstantTimeCompare(plain[len(plain)-pad:], want) != 1 {
		return nil, errWrongPassphrase
	}
	return plain[:len(plain)-pad], nil
}
