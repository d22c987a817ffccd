// Package transport is the surface of node:tls in the idiom of Go: servers,
// connections and contexts with node's nouns, options and defaults, over the
// engine of package handshake and the connections of package actor.
//
// Begin with [Connect], [NewServer], or [NewSocket] over a stream that is there already;
// the options of all three begin with [SecureContextOptions]. A [Socket] is a net.Conn.
//
// It is for whoever wants TLS without knowing the protocol. It must never hold
// any protocol itself: it turns options into a handshake.Config, events into
// handlers and queries into callbacks. What a connection can tell comes from
// handshake.ConnectionState.
//
// What node throws or emits is an error here, with node's code: [CodeOf] tells
// it of any error, and errors.Is takes a [Code] as a target. What node keeps in
// variables that a program may assign is a value here ([Defaults]), so that
// nothing is shared. PARITY.md lists every member of node's page with its name
// in Go and the test that shows it; FROM.md shows tasks side by side in node, crypto/tls
// and this package.
//
// Read next: options.go and server.go (the options), certificate.go (what is told of a
// certificate), identity.go (whom it is for), errors.go; then the command in
// transport/tacet, which speaks in the same options, and package actor.
package transport
