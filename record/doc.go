// Package record is the TLS record layer: framing, protection, sequence
// numbers and limits, for TLS 1.0 to 1.3 (RFC 9846 §5, RFC 5246 §6).
//
// It turns bytes of the transport into records ([Opener]) and payloads into
// records ([Sealer]), one value for each direction of a connection. What a
// payload means is not its business: it must never know a handshake message,
// a cipher suite or a key schedule, and it draws no randomness, reads no clock
// and keeps no slice of the caller's. A [Protection] brings the keys.
//
// # Buffers
//
// Open works in place on the caller's buffer. One record of TLS 1.3 before and after:
//
//	in:      | header 5 | content      | type 1 | padding | tag 16 | next record …
//	         0          5                                          N
//	Payload:            |<- content ->|
//
//	0 ≤ HeaderLen ≤ HeaderLen+len(Payload) ≤ N ≤ len(in)
//
// and one of TLS 1.2 with an explicit nonce:
//
//	in:      | header 5 | nonce 8 | content      | tag 16 | next record …
//	Payload:                      |<- content ->|
//
// Seal appends to the caller's buffer. The plaintext is moved once, into its
// place behind the header, and sealed there:
//
//	dst:     | what was there | header 5 | (nonce 8) plain | type 1 | tag 16 | spare
//	         0            len(dst)                          len(result) ≤ cap(result)
//
//	len(result) = len(dst) + len(plain) + Overhead()
//
// Suites without an AEAD have a MAC of their own. In NULL suites it takes the tag's
// place; in CBC suites there is padding too, and Overhead is the most that it makes:
//
//	dst:     | what was there | header 5 | (IV 16) plain | MAC | padding 1…16 | spare
//	         | what was there | header 5 | (IV 16) plain | padding 1…16 | MAC | spare    encrypt-then-MAC
//
// Neither allocates once the keys of a direction are in use, unless dst must
// grow or a record is refused.
//
// # Reading on
//
// Start at [Opener.Open] and [Sealer.Seal]; mode.go says how a protection is
// made; alert.go and error.go hold the tables of alerts and of refusals.
package record
