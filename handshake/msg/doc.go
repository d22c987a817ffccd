// Package msg is the wire codec of the handshake messages of TLS 1.0 to
// TLS 1.3, and of their extensions. It can be fuzzed alone.
//
// A message type is a struct with Parse, which reads a body, and Append, which
// writes header and body. Parse checks the whole syntax and keeps views: byte
// fields alias the input, and lists stay as they are on the wire ([Uint16s],
// [Vector16], [KeyShares] …), so that a ClientHello with every extension costs
// no allocation beyond its own struct. Views are only as good as their input:
// [Reassembler] is append-only, so what aliases it stays true.
//
// Every extension is one row of one table (table.go), and so is every
// message type (type.go). The walker enforces from the row what holds for all
// extensions: no duplicate, nothing left over, pre_shared_key last. What needs
// to know the negotiated version or the request that is answered waits for
// [Extensions.Check].
//
// Some messages do not say what they hold: the version does, and of key exchange
// messages up to TLS 1.2 the cipher suite ([KeyExchangeForm]). A state of the
// engine knows which it waits for; who looks on from outside reads by a [Dialect].
//
// The package must never know states, keys, transcripts, randomness or time.
// It does not judge values that only the engine can judge: which suite, group
// or scheme is acceptable, whether a signature or a Finished verifies.
//
// Read next: type.go, table.go, extensions.go, then clienthello.go and keyexchange.go; package handshake
// for the states that these messages move.
package msg
