package actor

import (
	"errors"
	"io"
	"net"
	"os"
)

// Transport is what a connection talks through: anything that carries bytes
// both ways. Read and Write are called from two goroutines at once, each by one
// at a time; Close unblocks both. If it is a net.Conn, its deadlines are used.
// Otherwise they are emulated: a blocked Read or Write then goes on in a
// goroutine until it returns or Close ends it.
type Transport interface {
	io.Reader
	io.Writer
	io.Closer
}

// Duplex makes a Transport of two half pipes. Closing it closes both.
func Duplex(r io.ReadCloser, w io.WriteCloser) Transport { return duplex{r, w} }

type duplex struct {
	io.ReadCloser
	w io.WriteCloser
}

func (d duplex) Write(p []byte) (int, error) { return d.w.Write(p) }

// CloseWrite closes the writing half.
func (d duplex) CloseWrite() error { return d.w.Close() }

func (d duplex) Close() error { return errors.Join(d.ReadCloser.Close(), d.w.Close()) }

// TransportError says that the transport of a connection failed. It is final
// for the direction that it happened in.
type TransportError struct {
	Op  string // "read" or "write"
	Err error  // what the transport said
}

// Error names the operation and the cause.
func (e *TransportError) Error() string { return "tls: transport " + e.Op + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// isTimeout reports whether err says that a deadline passed: such an error is
// not final, and is handed on as it is.
func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// noAddr is the address of a transport that has none.
type noAddr struct{}

func (noAddr) Network() string { return "tls" }
func (noAddr) String() string  { return "tls" }
