// Package handshake is the engine: one side of a TLS connection as a state
// machine that does no I/O. Bytes go in, bytes and events come out.
//
// An [Engine] never blocks, calls back, locks, reads a clock, draws randomness
// of its own or keeps a caller's slice. Its inputs are a [ClientProfile] or
// [ServerProfile] (compiled once from a [Config]), an [Env] for randomness, the
// time, the peer's bytes, and the answers to its queries. The same inputs give
// the same bytes and events, and how the peer's bytes are cut changes nothing.
//
//	e := handshake.NewClient(profile, "example.org", env)
//	for {
//		n, ev := e.Step(now, in) // consumes n bytes of in, which it decrypts in place
//		out = e.AppendOut(out)   // what has to be sent
//		in = in[n:]
//		switch ev.Kind {
//		case handshake.NeedInput: // read more from the transport
//		case handshake.Secure:    // Seal may be called from here on
//		case handshake.Data:      // ev.Data is plaintext, a part of in
//		case handshake.Failed:    // e.Err() says why; send out, then close
//		}
//	}
//
// The package must never know sockets, goroutines, files or clocks; those stand
// in package actor. How the handshake runs is written in edges.go, which lists
// every vertex and its legal successors in wire order: start there, then read
// client13.go beside RFC 9846 Figure 1. The wire codec is package msg, the key
// schedule package keys, certificates package cred, tickets package session.
package handshake
