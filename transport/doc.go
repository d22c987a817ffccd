// Package transport is the surface of node:tls in the idiom of Go: servers,
// connections and contexts with node's nouns, options and defaults, over the
// engine of package handshake and the connections of package actor.
//
// It is for whoever wants TLS without knowing the protocol. It must never hold
// any protocol itself: it turns options into a handshake.Config, events into
// handlers and queries into callbacks. What a connection can tell comes from
// handshake.ConnectionState.
//
// Read next: the command in transport/tacet, which speaks in the same options,
// then package actor.
package transport
