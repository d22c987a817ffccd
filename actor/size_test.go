package actor

import (
	"testing"
	"unsafe"

	"tacet/handshake"
)

// TestSizes holds what a resting connection consists of to the allocator's size classes:
// a field too many costs 32 bytes of each connection, and nobody sees it.
func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("the classes are those of 64-bit processors")
	}
	for name, c := range map[string]struct{ size, class uintptr }{
		"Conn":               {unsafe.Sizeof(Conn{}), 480},
		"rawReader":          {unsafe.Sizeof(rawReader{}), 48},
		"handshake.Receiver": {unsafe.Sizeof(handshake.Receiver{}), 288},
		"handshake.Sender":   {unsafe.Sizeof(handshake.Sender{}), 256},
	} {
		if c.size > c.class {
			t.Errorf("%s is of %d bytes, over %d", name, c.size, c.class)
		}
	}
}
