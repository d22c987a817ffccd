//go:build unix

package actor_test

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime measures the processor's time of the whole process, both ends of a
// connection, which a busy machine disturbs less than the clock's.
type cpuTime struct {
	b     *testing.B
	start time.Duration
}

func startCPU(b *testing.B) cpuTime {
	b.ResetTimer()
	return cpuTime{b, usage()}
}

func (c cpuTime) stop() {
	c.b.StopTimer()
	c.b.ReportMetric(float64(usage()-c.start)/float64(c.b.N), "cpu-ns/op")
}

func usage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
