// Package keys derives every key of a TLS connection: the key schedule of
// TLS 1.3 (RFC 9846 §7), the pseudorandom function of TLS 1.2 and below
// (RFC 5246 §5), the transcript hash that both feed on, exporters, and the
// lines of a key log.
//
// The TLS 1.3 schedule is a type for each stage, [Early], [Handshake] and
// [Application]: a secret that the RFC's figure does not derive at a stage has
// no method there, so a wrong derivation does not compile. What a stage yields
// is a [Secret], which knows what may be made of it: keys, a Finished, the
// next generation, a resumption PSK, exported material.
//
// Everything here is a value without hidden state. Copying a stage, a Secret
// or a Master is a fork; a [Transcript] is forked by its method. Derivations
// run on the stack and allocate nothing but the AEAD that they end in.
//
// The package must never know what a handshake message means, in which order
// messages come, or which side it works for: it is told labels' moments by the
// methods called and hashes the bytes it is given. It logs nothing; the caller
// hands [AppendKeyLog] lines on if the application asked for them.
//
// Read next: package record for what a Protection does, package suites for
// what a cipher suite's row says of key lengths, and package handshake, whose
// states call this one.
package keys
