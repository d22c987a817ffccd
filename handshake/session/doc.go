// Package session holds what a connection leaves behind for the next one to
// resume: the [Session], its encoding, and the tickets in which a server hands
// its encoding to the client under a key that only the server knows.
//
// The encoding is our own, versioned, and read back strictly: what [Parse] does
// not know it refuses, and a session that is refused costs a full handshake,
// never a connection. Tickets are in the layout of RFC 5077 §4 under 48-byte
// keys, as node's ticketKeys are.
//
// The package must never know who stores sessions or where, when ticket keys
// rotate, what time it is, or where random bytes come from: callers pass the
// time, the IV and the keys that are good today.
//
// Read next: package keys, where the secrets come from, and package handshake,
// whose queries load and store sessions.
package session
