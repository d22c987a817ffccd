// Package credtest makes certificates for tests: authorities, intermediates and leaves
// with every kind of key, valid from 2024 to 2124.
//
// Everything is reproducible: the private keys are embedded, serial numbers are derived
// from the subject, and ECDSA signatures are deterministic, so the same calls give the same
// bytes. The keys are public; they must never be used for anything else.
//
// It must never be imported but by tests. Read next: authority.go; kind.go lists the keys.
package credtest
