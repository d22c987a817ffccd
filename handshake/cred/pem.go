package cred

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

// LoadPEM makes a Credential of PEM text: cert holds the leaf and then the chain
// to send, key the private key (nil: opaque). Both may hold other blocks, and be the
// same text. passphrase opens an encrypted key and is otherwise ignored. Errors are *Error.
func LoadPEM(cert, key, passphrase []byte) (*Credential, error) {
	chain, err := certificateBlocks(cert)
	if err != nil {
		return nil, err
	}
	var signer crypto.Signer
	if key != nil {
		if signer, err = ParsePrivateKey(key, passphrase); err != nil {
			return nil, err
		}
	}
	return NewCredential(chain, signer)
}

// ParseCertificates parses every certificate in the PEM text, in order; other blocks are passed
// over. Errors are *Error of KindNoPEM when there is none, KindBadPEM when one does not parse.
func ParseCertificates(pemBytes []byte) ([]*x509.Certificate, error) {
	blocks, err := certificateBlocks(pemBytes)
	if err != nil {
		return nil, err
	}
	certs := make([]*x509.Certificate, len(blocks))
	for i, der := range blocks {
		if certs[i], err = ParseCertificate(der); err != nil {
			return nil, fail(KindBadPEM, nil, fmt.Errorf("certificate %d: %w", i, err))
		}
	}
	return certs, nil
}

// ParseCRLs parses every revocation list ("X509 CRL") in the PEM text. An *Error of
// KindCRLUnreadable says that there is none or that one does not parse.
func ParseCRLs(pemBytes []byte) ([]*x509.RevocationList, error) {
	var lists []*x509.RevocationList
	for block, rest := pem.Decode(pemBytes); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "X509 CRL" {
			continue
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, fail(KindCRLUnreadable, nil, err)
		}
		lists = append(lists, list)
	}
	if lists == nil {
		return nil, fail(KindCRLUnreadable, nil, nil)
	}
	return lists, nil
}

// certificateBlocks returns the DER of each certificate block.
func certificateBlocks(pemBytes []byte) ([][]byte, error) {
	var chain [][]byte
	for block, rest := pem.Decode(pemBytes); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE":
			chain = append(chain, block.Bytes)
		case "TRUSTED CERTIFICATE":
			chain = append(chain, firstElement(block.Bytes))
		}
	}
	if chain == nil {
		return nil, fail(KindNoPEM, nil, fmt.Errorf("no certificate in PEM form"))
	}
	return chain, nil
}

// ParsePrivateKey parses the first private key in the PEM text: PKCS#1, SEC1 or
// PKCS#8, plain or encrypted. Errors are *Error of KindNoPEM, KindKeyUnreadable or
// KindPassphrase.
func ParsePrivateKey(pemBytes, passphrase []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(pemBytes); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return parseKeyBlock(block, passphrase)
		}
	}
	return nil, fail(KindNoPEM, nil, fmt.Errorf("no private key in PEM form"))
}
