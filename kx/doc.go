// Package kx holds the key exchange groups of TLS, each as a key encapsulation
// mechanism over bytes drawn elsewhere.
//
// A group has two sides. The initiator (the TLS 1.3 client, the TLS 1.2 server)
// turns a seed into a [Secret] and sends its share; the responder turns a second
// seed and that share into a share of its own and the shared secret; the
// initiator decapsulates. Diffie-Hellman on curves, ML-KEM and the hybrids of
// both then look alike, and a handshake never asks which one it runs.
//
// The package draws no randomness: the same seeds give the same bytes. It knows
// no message, no version negotiation and no alert. It must never import another
// package of this module.
//
// The NIST curves are crypto/ecdh's. X25519, X448 and ML-KEM are circl's: the
// standard library has no X448, encapsulates only with randomness of its own,
// and is slower on the other two. So none of these three is part of Go's FIPS
// 140-3 module, whatever GODEBUG=fips140 says.
//
// Every group is one row of the table in table.go, and nothing else in the
// module lists them. Read that file next, then group.go; montgomery.go, nist.go,
// mlkem.go and hybrid.go hold the arithmetic.
package kx
