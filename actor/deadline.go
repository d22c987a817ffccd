package actor

import (
	"sync/atomic"
	"time"
)

// epoch is what deadlines are counted from, by the monotonic clock.
var epoch = time.Now()

// deadline is a time after which calls of one direction fail, as the caller set it.
type deadline struct{ at atomic.Int64 } // nanoseconds since epoch; 0: none

func (d *deadline) set(t time.Time) {
	if t.IsZero() {
		d.at.Store(0)
		return
	}
	at := int64(time.Since(epoch)) + int64(min(time.Until(t), 1<<62)) // no overflow
	if at == 0 {
		at = 1
	}
	d.at.Store(at)
}

// passed reports whether the deadline is over.
func (d *deadline) passed() bool {
	at := d.at.Load()
	return at != 0 && int64(time.Since(epoch)) >= at
}

// before reports whether d is earlier than e.
func (d *deadline) before(e *deadline) bool {
	x, y := d.at.Load(), e.at.Load()
	return x != 0 && (y == 0 || x < y)
}

// time gives the deadline back, zero for none.
func (d *deadline) time() time.Time {
	at := d.at.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(at) - time.Since(epoch))
}

// never is no deadline, longAgo one that has always passed.
var (
	never   time.Time
	longAgo = time.Unix(1, 0)
)
