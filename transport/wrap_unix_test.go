//go:build unix

package transport

import (
	"io"
	"os"
	"syscall"
	"testing"
)

// socketPair makes two files of a connection.
func socketPair(t *testing.T) (client, server io.ReadWriteCloser) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if err := syscall.SetNonblock(fd, true); err != nil { // so that closing it ends a Read
			t.Fatal(err)
		}
	}
	return os.NewFile(uintptr(fds[0]), "a"), os.NewFile(uintptr(fds[1]), "b")
}
