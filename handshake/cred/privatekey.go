package cred

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/sign/ed448"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

func parseKeyBlock(block *pem.Block, passphrase []byte) (crypto.Signer, error) {
	encrypted := block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != ""
	if !encrypted {
		key, err := parseKeyDER(block.Type, block.Bytes)
		if err != nil {
			return nil, fail(KindKeyUnreadable, nil, err)
		}
		return key, nil
	}
	der, err := decryptKey(block, passphrase)
	if errors.Is(err, errWrongPassphrase) {
		return nil, fail(KindPassphrase, nil, err)
	}
	if err != nil {
		return nil, fail(KindKeyUnreadable, nil, err)
	}
	key, err := parseKeyDER(block.Type, der)
	if err != nil { // padding can be right by chance
		return nil, fail(KindPassphrase, nil, err)
	}
	return key, nil
}

func parseKeyDER(kind string, der []byte) (crypto.Signer, error) {
	switch kind {
	case "RSA PRIVATE KEY":
		return signer(x509.ParsePKCS1PrivateKey(der))
	case "EC PRIVATE KEY":
		return signer(x509.ParseECPrivateKey(der))
	case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		return parsePKCS8(der)
	}
	return nil, fmt.Errorf("%q is of an unknown form", kind)
}

func signer(key any, err error) (crypto.Signer, error) {
	if err != nil {
		return nil, err
	}
	if s, ok := key.(crypto.Signer); ok {
		return s, nil
	}
	return nil, fmt.Errorf("a %T cannot sign", key)
}

// parsePKCS8 reads what crypto/x509 reads, and keys of RSASSA-PSS and Ed448.
func parsePKCS8(der []byte) (crypto.Signer, error) {
	in := cryptobyte.String(der)
	var info, algorithm, oid, octets cryptobyte.String
	var version int
	if !in.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1Integer(&version) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&octets, asn1.OCTET_STRING) {
		return nil, errors.New("private key is malformed")
	}
	switch {
	case bytes.Equal(oid, oidRSAPSS):
		return signer(x509.ParsePKCS1PrivateKey(octets))
	case bytes.Equal(oid, oidEd448):
		var seed cryptobyte.String
		if !octets.ReadASN1(&seed, asn1.OCTET_STRING) || len(seed) != ed448.SeedSize {
			return nil, errors.New("private key of Ed448 is malformed")
		}
		return ed448.NewKeyFromSeed(seed), nil
	}
	return signer(x509.ParsePKCS8PrivateKey(der))
}

// firstElement returns the first DER element of b, all of b when there is none.
func firstElement(b []byte) []byte {
	in := cryptobyte.String(b)
	var first cryptobyte.String
	var tag asn1.Tag
	if !in.ReadAnyASN1Element(&first, &tag) {
		return b
	}
	return first
}
