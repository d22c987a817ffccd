package cred

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cloudflare/circl/sign/ed448"

	"tacet/record"
)

const (
	serverContext = "TLS 1.3, server CertificateVerify\x00"
	clientContext = "TLS 1.3, client CertificateVerify\x00"
	contextPad    = "                                                                " // 64 blanks
)

// SignedContent appends to dst what a TLS 1.3 CertificateVerify signs over, and
// returns the extended slice: 64 blanks, a string that names the signer's role, a
// zero byte, and the transcript hash up to Certificate. server says whose signature it is.
func SignedContent(dst []byte, server bool, transcriptHash []byte) []byte {
	//= RFC 9846 §4.5.2
	dst = slices.Grow(dst, len(contextPad)+len(serverContext)+len(transcriptHash))
	dst = append(dst, contextPad...)
	if server {
		dst = append(dst, serverContext...)
	} else {
		dst = append(dst, clientContext...)
	}
	return append(dst, transcriptHash...)
}

// SaltLen returns how many random bytes Sign needs for s: the length of the hash for
// RSA-PSS, 0 for all others (ECDSA draws nothing, see Sign).
func SaltLen(s Scheme) int {
	if r := s.lookup(); r != nil && r.pss() {
		return r.hash.Size()
	}
	return 0
}

// Sign signs content, not yet hashed, with key by scheme s. salt holds SaltLen(s)
// uniform bytes, drawn by the caller. The result depends on nothing but the arguments for
// keys of the standard library: ECDSA is deterministic by RFC 6979, and the salt of RSA-PSS
// is the one given.
//
// Any other crypto.Signer is called with a nil rand for schemes that draw nothing; one that
// needs randomness must bring its own.
//
// Errors are an *Error of KindScheme when s is unknown or does not fit the key, or
// salt has another length, and else what the key itself returns.
func Sign(key crypto.Signer, s Scheme, content, salt []byte) ([]byte, error) {
	r := s.lookup()
	if r == nil || !r.signs(key.Public()) {
		return nil, fail(KindScheme, nil, fmt.Errorf("%v cannot be signed with a %T", s, key))
	}
	if len(salt) != SaltLen(s) {
		return nil, fail(KindScheme, nil, fmt.Errorf("%v needs a salt of %d bytes, not %d", s, SaltLen(s), len(salt)))
	}
	return r.sign(r, key, content, salt)
}

// signs reports whether a private key with this public part can make the signature. Here an RSA
// key is an RSA key: whether its certificate says RSASSA-PSS is the Credential's to know.
func (r *row) signs(pub crypto.PublicKey) bool {
	if k, ok := pub.(*rsa.PublicKey); ok && r.key == keyRSAPSS {
		return r.roomIn(k)
	}
	return r.fits(pub, record.TLS12)
}

// Verify checks a signature by pub over content, not yet hashed, in a handshake of
// version v. The errors are *Error: KindSchemeUnfit (illegal_parameter) when the scheme
// is unknown, not for this version or not for this key, and KindSignature
// (decrypt_error) when the signature is malformed or wrong. Whether the scheme was
// offered is the caller's to check. It keeps none of the slices.
func Verify(pub crypto.PublicKey, s Scheme, v record.Version, content, sig []byte) error {
	//= RFC 9846 §4.5.2
	//# If the verification fails, the receiver MUST terminate the handshake with a "decrypt_error" alert.
	r := s.lookup()
	if r == nil || !r.in(v) || !r.fits(pub, v) {
		return fail(KindSchemeUnfit, nil, fmt.Errorf("%v by a %T in %v", s, pub, v))
	}
	if !r.verify(r, pub, content, sig) {
		return fail(KindSignature, nil, fmt.Errorf("%v signature does not verify", s))
	}
	return nil
}

func (r *row) pss() bool { return r.key == keyRSAPSS || r.code>>8 == 8 && r.key == keyRSA }

// digest appends the content's hash to dst.
func (r *row) digest(dst, content []byte) []byte {
	switch r.hash {
	case crypto.MD5SHA1:
		m, h := md5.Sum(content), sha1.Sum(content)
		return append(append(dst, m[:]...), h[:]...)
	case crypto.SHA1:
		h := sha1.Sum(content)
		return append(dst, h[:]...)
	case crypto.SHA256:
		h := sha256.Sum256(content)
		return append(dst, h[:]...)
	case crypto.SHA384:
		h := sha512.Sum384(content)
		return append(dst, h[:]...)
	}
	h := sha512.Sum512(content)
	return append(dst, h[:]...)
}

func signECDSA(r *row, key crypto.Signer, content, _ []byte) ([]byte, error) {
	return key.Sign(nil, r.digest(nil, content), r.hash)
}

func signPKCS1(r *row, key crypto.Signer, content, _ []byte) ([]byte, error) {
	return key.Sign(nil, r.digest(nil, content), r.hash)
}

// signPlain is for schemes that hash by themselves: Ed25519 and Ed448.
func signPlain(_ *row, key crypto.Signer, content, _ []byte) ([]byte, error) {
	return key.Sign(nil, content, crypto.Hash(0))
}

func signPSS(r *row, key crypto.Signer, content, salt []byte) ([]byte, error) {
	opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: r.hash}
	return key.Sign(&saltReader{bytes.NewReader(salt)}, r.digest(nil, content), opts)
}

// saltReader gives the drawn salt once; a Signer that asks for more gets an error, not
// bytes that repeat.
type saltReader struct{ left *bytes.Reader }

var errSaltSpent = errors.New("signer draws more randomness than the salt")

func (s *saltReader) Read(p []byte) (int, error) {
	n, err := s.left.Read(p)
	if err == io.EOF {
		err = errSaltSpent
	}
	return n, err
}

// verifyECDSA needs strict DER with r and s in [1, n-1], which VerifyASN1 checks.
func verifyECDSA(r *row, pub crypto.PublicKey, content, sig []byte) bool {
	var h [64]byte
	return ecdsa.VerifyASN1(pub.(*ecdsa.PublicKey), r.digest(h[:0], content), sig)
}

func verifyPKCS1(r *row, pub crypto.PublicKey, content, sig []byte) bool {
	var h [64]byte
	return rsa.VerifyPKCS1v15(pub.(*rsa.PublicKey), r.hash, r.digest(h[:0], content), sig) == nil
}

var pssOptions = rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}

// verifyPSS takes no salt length but the hash's.
func verifyPSS(r *row, pub crypto.PublicKey, content, sig []byte) bool {
	//= RFC 9846 §4.3.3
	//# The length of the Salt MUST be equal to the length of the output of the digest algorithm.
	k, ok := pub.(*rsa.PublicKey)
	if !ok {
		k = pub.(*PSSPublicKey).RSA
	}
	var h [64]byte
	return rsa.VerifyPSS(k, r.hash, r.digest(h[:0], content), sig, &pssOptions) == nil
}

func verifyEd25519(_ *row, pub crypto.PublicKey, content, sig []byte) bool {
	return ed25519.Verify(pub.(ed25519.PublicKey), content, sig)
}

func verifyEd448(_ *row, pub crypto.PublicKey, content, sig []byte) bool {
	return ed448.Verify(pub.(ed448.PublicKey), content, sig, "")
}
