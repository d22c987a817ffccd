package transport

import (
	"crypto"
	"time"
)

// SecureContextOptions are what node's createSecureContext takes, by node's names.
// The zero value of each field is node's default, and text and lists that are empty
// count as not given, but for CA. [NewSecureContext] says what a value is worth: a
// fault of any is an error that names the option, and none is taken and ignored. A
// SecureContextOptions is only read; its slices stay the caller's.
type SecureContextOptions struct {
	// AllowPartialTrustChain lets a peer's chain end in any certificate of CA, and
	// not only in a self-signed one.
	AllowPartialTrustChain bool
	// CA are the certificates to trust, in PEM, any number in each text. They complete
	// the chain that Cert begins, too, and a server names them to clients. nil means
	// Mozilla's, as bundled ([RootCertificates]); a list without certificates trusts
	// nothing, as does a text that is not PEM.
	CA [][]byte
	// Cert are certificate chains in PEM: each a leaf, and then what leads to a root. Each
	// has its key in Key, and a type of key of its own (RSA, RSA-PSS, EC, Ed25519, Ed448): the
	// peer's and one's own SigAlgs choose among them.
	Cert [][]byte
	// Ciphers is a list of OpenSSL's with TLS_ names for TLS 1.3 (see suites.Parse),
	// such as "ECDHE+AESGCM:!aNULL". Names of TLS 1.3 alone make it the least version.
	// Such suites as @SECLEVEL (1 if it is not said) forbids are left out. "" means
	// DefaultCiphers.
	Ciphers string
	// ClientCertEngine is the name of an OpenSSL engine, and an error: there are no
	// engines. Give the key itself as KeyObject.Signer.
	ClientCertEngine string
	// CRL are revocation lists in PEM. With any, each certificate of a peer's chain is
	// looked up in its issuer's list, which has to be there.
	CRL [][]byte
	// DHParam makes a server offer DHE suites up to TLS 1.2: "auto" is a group as
	// strong as the certificate, else it is in PEM, of 1024 bits or more.
	DHParam string
	// ECDHCurve are the groups of key exchange by colons, in order of preference, such
	// as "X25519:P-256:ffdhe2048" (see kx.ParseList), or "auto": X25519MLKEM768,
	// X25519, P-256, X448, P-384 and P-521. Curves of OpenSSL's that this package lacks
	// are passed over, as are suites in Ciphers.
	ECDHCurve string
	// HonorCipherOrder makes a server choose the cipher by its own order and not by
	// the client's. nil means true for [NewServer] and false for any other.
	HonorCipherOrder *bool
	// Key are the private keys of Cert, in any order; one of no certificate is an error.
	Key []KeyObject
	// MaxVersion and MinVersion bound the protocol; "" means TLS 1.3, and TLS 1.2. Below
	// TLS 1.2 Ciphers has to say @SECLEVEL=0, or that version is left out.
	MaxVersion SecureVersion
	MinVersion SecureVersion
	// Passphrase opens what is encrypted of Key and PFX and has no passphrase of its own.
	Passphrase string
	// PFX are certificates with keys in PKCS #12, an alternative to Cert and Key. What
	// else is in them completes the chain, and is trusted beside CA.
	PFX []PFXObject
	// PrivateKeyEngine and PrivateKeyIdentifier name a key of an OpenSSL engine, and
	// are errors, like ClientCertEngine.
	PrivateKeyEngine     string
	PrivateKeyIdentifier string
	// SecureOptions are OpenSSL's SSL_OP_ bits.
	SecureOptions SecureOptions
	// SecureProtocol is the name of an OpenSSL method, such as "TLSv1_2_method", in
	// place of MinVersion and MaxVersion.
	SecureProtocol string
	// SessionIDContext tells servers apart, 32 bytes at most: a session made under one
	// is not resumed under another. "" means for [NewServer] one that is made of the
	// program's arguments. Clients do not use it.
	SessionIDContext string
	// SessionTimeout is how long a server resumes a session, in whole seconds up to
	// 2,147,483,647; 0 means five minutes. In TLS 1.3 it is seven days at most (RFC 9846 §4.7.1).
	SessionTimeout time.Duration
	// SigAlgs are the signature algorithms by colons, in order of preference (see
	// cred.ParseSchemes), such as "ECDSA+SHA256:rsa_pss_rsae_sha256"; "" means
	// cred.DefaultSchemes. DSA and SHA-224 are passed over.
	SigAlgs string
	// TicketKeys are 48 bytes that seal a server's session tickets: a name, a MAC's
	// key and a cipher's key of 16 bytes each. nil means random ones, made with the
	// context: tickets of another context, process or time are then not resumed.
	TicketKeys []byte
	// Defaults stand in for those of node's that the options leave open; nil means
	// node's own.
	Defaults *Defaults
}

// KeyObject is a private key: a text, or whoever holds the key.
type KeyObject struct {
	// PEM is in PKCS #1, SEC 1 or PKCS #8, plain or encrypted.
	PEM []byte
	// Passphrase opens it; "" means that of the options.
	Passphrase string
	// Signer is the key in place of PEM: any crypto.Signer. RSA key exchange needs it
	// to be a crypto.Decrypter too. It may be slow, and is called from goroutines of
	// several connections at once.
	Signer crypto.Signer
}

// PFXObject is a PKCS #12 file (RFC 7292). Its first private key counts, of any kind that
// Key may be, and the certificate of it comes first in the chain. It may be sealed by PBES2
// with AES or 3DES, by 3DES or by RC2, which node does not read. Without a MAC it is read only if there
// is no passphrase.
type PFXObject struct {
	Buf []byte // DER
	// Passphrase opens it; "" means that of the options.
	Passphrase string
}
