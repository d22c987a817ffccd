// Package vectors holds conversations: scripts that read like the RFC's
// figures, transcripts of them byte for byte, and the traces of RFC 8448; and
// what plays them, two engines face to face without a socket.
//
// A script (testdata/*.txt) is configuration, then who says what, then what is
// wanted in the end:
//
//	client groups=x25519
//	C> ClientHello
//	mutate S> ServerHello.legacy_version=0304
//	S> ServerHello
//	want client alert=illegal_parameter state=waitServerHello
//
// [Parse] tells the whole language, [Play] plays it. Between the engines sits a
// [Tap], which reads both directions with the secrets that the engines log,
// and can change what it reads: a changed message is sealed again, so that a
// peer may lie under protection. Package fuzz uses it too.
//
// testdata/*.flows are the recorded bytes of the scripts that succeed, in the
// form of crypto/tls's testdata; README.md says how to renew them and what checked
// them. rfc8448/*.txt are the traces of RFC 8448.
//
// The package must never know how an engine does something: it uses the public
// packages of the module alone. Command bogo, below it, runs BoringSSL's tests.
package vectors
