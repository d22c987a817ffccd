//go:build !race

package handshake_test

import "testing"

// TestHandshakeAllocations keeps what a handshake costs the garbage collector. The race
// detector adds some of its own.
func TestHandshakeAllocations(t *testing.T) {
	for _, k := range benchKinds {
		run := handshakeLoop(t, k.version, k.group, k.resume)
		if got := testing.AllocsPerRun(20, run); got > k.allocs {
			t.Errorf("%s: %v allocations, want at most %v", k.name, got, k.allocs)
		}
	}
}
