package actor

import (
	"bytes"
	"testing"
)

// TestDropClears opens more in place at first than after the buffer was filled
// again: nothing of the first may go back to the pool.
func TestDropClears(t *testing.T) {
	in := inbound{busy: true}
	buf := in.room()
	secret := bytes.Repeat([]byte("secret"), 10000)
	in.w = copy(buf, secret)
	in.r = in.w
	in.spoil()
	in.w += copy(in.room(), "ciphertext") // the buffer is filled from its beginning again
	in.r = in.w
	in.spoil()
	in.drop()
	if at := bytes.Index(buf, []byte("secret")); at >= 0 {
		t.Errorf("plaintext at %d", at)
	}
}
