// Package actor drives engines over real transports: it is the owner that the
// engine of package handshake needs, one for each connection.
//
// [Conn] is a complete net.Conn. [Client] and [Server] make one of anything
// that can Read, Write and Close; [NewListener] makes them of a net.Listener.
//
//	p, err := handshake.Config{Verifier: v}.CompileClient()
//	c := actor.Client(tcp, p, "example.org", nil)
//	defer c.Close()
//	_, err = c.Write(request) // the handshake happens here
//
// By default the goroutine that calls Read, Write or Handshake drives the
// engine: a connection has no goroutine, and one that rests holds no buffer.
// With [Config].Pumped a goroutine of its own reads for the connection, so that
// what the peer sends is served while nobody calls Read.
//
// # Roles
//
// Until the handshake is complete, one goroutine at a time drives the engine.
// From then on the engine is split, and there are two roles: the reading role
// owns the handshake.Receiver, the writing role the handshake.Sender. Each is a
// lock that is held for as long as its transport call blocks. Who needs both
// ([Conn.Do]) takes the writing role first; who reads never waits for the
// writing role.
//
// The two meet in one atomic word: what reading finds that writing must do (a
// KeyUpdate to answer, an alert) is a handshake.Action, merged into it. Who sets
// the word and finds the writing role free takes it; else its holder looks at
// the word when it lets go. So a reader never waits for a writer.
//
// A renegotiation (up to TLS 1.2) makes one engine of the halves again. Who reads, calls
// Renegotiate or wants to write drives it; a goroutine writes what it says, so that reading
// never stops; what comes meanwhile is kept for Read. How far a connection is with its
// handshakes is its phase, and who may read and write then is a table: phase.go.
//
// [Pipe] is two engines and the wire between them in the hands of a test.
//
// The package must never know what a message means: that is the engine's. Read
// on in conn.go and phase.go, then handshake.go, read.go and write.go; renegotiate.go and say.go
// come last.
package actor
