//go:build !unix

package actor_test

import "testing"

type cpuTime struct{}

func startCPU(b *testing.B) cpuTime {
	b.ResetTimer()
	return cpuTime{}
}

func (cpuTime) stop() {}
