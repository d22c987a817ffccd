package actor

import "net"

// maxKept bounds what is kept for Read while a renegotiation is waited for, in bytes.
const maxKept = 1 << 20

// keep keeps application data for Read.
func (c *Conn) keep(data []byte) {
	if len(data) == 0 {
		return
	}
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.kept = append(hs.kept, data...)
	c.kept.Store(int32(len(hs.kept)))
	hs.wake()
}

// keepPlain keeps what was opened in place before.
func (c *Conn) keepPlain() {
	c.keep(c.in.plain)
	c.in.plain = nil
}

// takeKept is Read of what was kept.
func (c *Conn) takeKept(p []byte) int {
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	n := copy(p, hs.kept)
	clear(hs.kept[:n])
	if hs.kept = hs.kept[n:]; len(hs.kept) == 0 {
		hs.kept = nil
	}
	c.kept.Store(int32(len(hs.kept)))
	hs.wake()
	return n
}

// stolen is what was kept, for good.
func (c *Conn) stolen() []byte {
	kept := make([]byte, c.kept.Load())
	return kept[:c.takeKept(kept)]
}

// awaitRoom waits, without the reading role, until Read has taken enough of what is kept.
func (c *Conn) awaitRoom(d call) error {
	if c.kept.Load() < maxKept {
		return nil
	}
	c.in.role.Unlock()
	defer c.in.role.Lock()
	hs := &c.hs
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for len(hs.kept) >= maxKept {
		if c.isClosed() {
			return net.ErrClosed
		}
		if err := c.await(d); err != nil {
			return err
		}
	}
	return nil
}
