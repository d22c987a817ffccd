//go:build !unix

package actor

// rawReader is for systems whose sockets can be read without blocking.
type rawReader struct{}

func newRawReader(*Conn) *rawReader { return nil }

func (*rawReader) read() (int, error) { panic("actor: no raw reads here") }

func (*rawReader) discard() {}
