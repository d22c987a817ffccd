//go:build unix

package actor

import (
	"io"
	"net"
	"os"
	"syscall"
)

// rawReader reads a socket so that a buffer is taken only when there is
// something to read: a connection that waits holds none.
type rawReader struct {
	conn syscall.RawConn
	c    *Conn
	try  func(fd uintptr) bool // attempt, made once
	n    int
	err  error
}

// newRawReader returns nil if nc is not a stream socket of package net itself:
// of what embeds one, Read must be called.
func newRawReader(c *Conn) *rawReader {
	var conn syscall.RawConn
	var err error
	switch s := c.nc.(type) {
	case *net.TCPConn:
		conn, err = s.SyscallConn()
	case *net.UnixConn:
		if s.LocalAddr().Network() != "unix" {
			return nil
		}
		conn, err = s.SyscallConn()
	}
	if conn == nil || err != nil {
		return nil
	}
	r := &rawReader{conn: conn, c: c}
	r.try = r.attempt
	return r
}

// read blocks until there is something to read, an error or the deadline.
func (r *rawReader) read() (int, error) {
	r.n, r.err = 0, nil
	err := r.conn.Read(r.try)
	if err == nil {
		err = r.err
	}
	return r.n, err
}

// attempt reads once; false if nothing is there yet.
func (r *rawReader) attempt(fd uintptr) bool {
	in, nc := &r.c.in, r.c.nc
	buf := in.room()
	for {
		n, err := syscall.Read(int(fd), buf)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			in.shrink()
			return false
		case err != nil:
			r.err = &net.OpError{
				Op: "read", Net: nc.LocalAddr().Network(), Source: nc.LocalAddr(), Addr: nc.RemoteAddr(),
				Err: os.NewSyscallError("read", err),
			}
		case n == 0:
			r.err = io.EOF
		}
		r.n = max(n, 0)
		if r.n == 0 {
			in.release()
		}
		return true
	}
}

// discard reads and drops what the socket has received, as far as lingering goes.
// A socket that is closed with unread bytes resets the connection, and the
// reset may overtake what was sent: session tickets that a client never reads would
// cost the server the end of the stream.
func (r *rawReader) discard() {
	buf := getBuffer(largeBuffer)
	left := lingering
	_ = r.conn.Read(func(fd uintptr) bool {
		for left > 0 {
			n, err := syscall.Read(int(fd), buf)
			if err != syscall.EINTR && n <= 0 {
				break
			}
			left -= max(n, 0)
		}
		return true
	})
	putBuffer(buf)
}

// lingering is how much is discarded at most, in bytes. Whoever has more to read and closes
// means to break off.
const lingering = largeBuffer
