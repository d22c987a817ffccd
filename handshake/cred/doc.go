// Package cred holds what a peer proves its identity with: certificates,
// private keys, signature schemes, and the verification of the other side's.
//
// It is for the handshake, which signs and checks CertificateVerify and
// ServerKeyExchange through [Sign] and [Verify], picks a scheme through
// [Credential.Pick], and judges a peer's chain through [Verifier]; and for
// whoever turns PEM files into a [Credential].
//
// It must never know sockets, files, clocks or sources of randomness: the time
// and the drawn bytes (an RSA-PSS salt) are arguments. Nor does it know the
// messages that carry certificates, nor which schemes were negotiated: the
// caller refuses what it did not offer.
//
// X.509 is parsed and chains are built by crypto/x509. What this package adds
// is the verdict in the words of OpenSSL (and so of node:tls), revocation
// lists, and keys that crypto/x509 leaves out (RSASSA-PSS and Ed448).
//
// Read next: scheme.go (the table), signature.go, credential.go, verifier.go,
// diagnose.go (why a chain failed), error.go (kinds, codes and alerts).
package cred
