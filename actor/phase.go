package actor

// phase says how far a connection is with its handshakes, and with that who may use the
// engine and the transport. It changes under driving.mu, by become alone:
//
//	first ──► apart ──► wanted ──► whole ──► apart …
//	            │ ▲        ▲         ▲
//	            ▼ │        │         │
//	           asking ─────┘         │
//	            └────────── Do ──────┘
//
// An engine that is split becomes whole only by who has both roles. Beside the phase stands
// Conn.saying: a goroutine writes what a renegotiation has said.
type phase uint32

const (
	first  phase = iota // the first handshake: one goroutine drives the engine
	apart               // the engine is split: reading and writing are two roles
	asking              // a server has asked; who did reads until its client begins
	wanted              // the peer has begun, or asked to: the next call, of whatever kind, makes the engine whole
	whole               // the handshake of a renegotiation: one goroutine drives the engine
)

// phases is what each phase allows. Whose call the deadlines of the transport are is
// to be seen in readingDeadline and writingDeadline.
var phases = [...]struct {
	reads  bool // Read takes the reading role; else it drives, or waits for who does
	writes bool // Write takes the writing role, unless something is being said; else it drives or waits
}{
	first:  {reads: false, writes: false},
	apart:  {reads: true, writes: true},
	asking: {reads: false, writes: true},
	wanted: {reads: false, writes: false},
	whole:  {reads: false, writes: false},
}

// at reports whether the connection is in phase p.
func (c *Conn) at(p phase) bool { return phase(c.phase.Load()) == p }

// reads reports whether who has the reading role may read.
func (c *Conn) reads() bool { return phases[c.phase.Load()].reads }

// writes reports whether who has the writing role may write. It stays so until that is
// given up, but a peer that wants a renegotiation breaks off what blocks.
func (c *Conn) writes() bool { return phases[c.phase.Load()].writes && !c.saying.Load() }

// become goes on to another phase, and tells all whom that concerns. The caller holds hs.mu.
func (c *Conn) become(p phase) {
	c.phase.Store(uint32(p))
	c.changed()
}

// changed has those who wait, and the transport's deadlines, follow a change of phase or
// saying. The caller holds hs.mu.
func (c *Conn) changed() {
	c.hs.wake()
	c.dl.Lock()
	c.aim()
	c.dl.Unlock()
	if p := c.pump.Load(); p != nil {
		p.announce()
	}
}
