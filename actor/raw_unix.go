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

	// What the attempt came to; no byte and no error are the end.
	n     int
	errno syscall.Errno
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
	r.n, r.errno = 0, 0
	err := r.conn.Read(r.try)
	switch {
	case err != nil || r.n > 0:
		return r.n, err
	case r.errno == 0:
		return 0, io.EOF
	}
	nc := r.c.nc
	return 0, &net.OpError{
		Op: "read", Net: nc.LocalAddr().Network(), Source: nc.LocalAddr(), Addr: nc.RemoteAddr(),
		Err: os.NewSyscallError("read", r.errno),
	}
}

// attempt reads once; false if nothing is there yet.
func (r *rawReader) attempt(fd uintptr) bool {
	in := &r.c.in
	buf := in.room()
	for {
		n, err := syscall.Read(int(fd), buf)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			in.shrink()
			return false
		}
		r.n = max(n, 0)
		r.errno, _ = err.(syscall.Errno)
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
