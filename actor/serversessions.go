package actor

import (
	"container/heap"
	"container/list"
	"sync"
	"time"

	"tacet/handshake/session"
)

// ServerSessions keeps a server's sessions up to TLS 1.2 by their ids, for clients that
// use no tickets. It is used by several connections at once, and may block.
type ServerSessions interface {
	// Load returns the session with an id of up to 32 bytes, nil if there is none.
	Load(id []byte) *session.Session
	// Store keeps s under its ID. What it keeps it does not change.
	Store(s *session.Session)
	// Drop forgets a session: a connection that goes by it ended with a fatal alert.
	Drop(id []byte)
}

// NewServerSessions returns ServerSessions in memory: at most a number of them, and of 4 KiB
// each on average, certificates of clients included: those used last, but the newest
// always. None stays for longer than its Lifetime while there are calls. sessions < 1 means
// 20,480. Servers that trust or show different certificates may share one if each has a
// Config.SessionContext of its own.
func NewServerSessions(sessions int) ServerSessions {
	if sessions < 1 {
		sessions = 20_480
	}
	return &shelves{most: sessions, byID: make(map[string]*stored)}
}

// sessionBytes is the room for a session, on average.
const sessionBytes = 4 << 10

type shelves struct {
	mu    sync.Mutex
	most  int
	bytes int // of all
	byID  map[string]*stored
	used  list.List // of *stored: the last used first
	ends  byEnd
}

// stored is a session with its places in the orders.
type stored struct {
	session *session.Session
	end     time.Time // of its life
	bytes   int
	used    *list.Element
	place   int // in byEnd
}

func (c *shelves) Load(id []byte) *session.Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(time.Now())
	one := c.byID[string(id)]
	if one == nil {
		return nil
	}
	c.used.MoveToFront(one.used)
	return one.session
}

func (c *shelves) Store(s *session.Session) {
	if len(s.ID) == 0 {
		return // nobody can ask for it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.byID[string(s.ID)]; old != nil {
		c.drop(old)
	}
	now := time.Now()
	c.expire(now)
	if s.Expired(now) {
		return
	}
	one := &stored{session: s, end: s.Created.Add(s.Lifetime), bytes: sizeOf(s)}
	one.used = c.used.PushFront(one)
	heap.Push(&c.ends, one)
	c.byID[string(s.ID)] = one
	for c.bytes += one.bytes; len(c.byID) > c.most || c.bytes > c.most*sessionBytes && len(c.byID) > 1; {
		c.drop(c.used.Back().Value.(*stored))
	}
}

// sizeOf is about how many bytes of memory a session takes.
func sizeOf(s *session.Session) int {
	n := 512 + len(s.ID) + len(s.Secret) + len(s.PSKIdentity) + len(s.ServerName) + len(s.ALPN) + len(s.IDContext) + len(s.Extra)
	for _, cert := range s.PeerChain {
		n += 3 * len(cert) // it is there as package x509 has it, too
	}
	return n
}

func (c *shelves) Drop(id []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one := c.byID[string(id)]; one != nil {
		c.drop(one)
	}
}

// expire drops what has come to its end: secrets are not kept for longer than they are good for.
func (c *shelves) expire(now time.Time) {
	for len(c.ends) > 0 && !c.ends[0].end.After(now) {
		c.drop(c.ends[0])
	}
}

func (c *shelves) drop(one *stored) {
	delete(c.byID, string(one.session.ID))
	c.used.Remove(one.used)
	heap.Remove(&c.ends, one.place)
	c.bytes -= one.bytes
}

// byEnd is a heap of sessions, the one that ends first at its top.
type byEnd []*stored

func (h byEnd) Len() int           { return len(h) }
func (h byEnd) Less(i, j int) bool { return h[i].end.Before(h[j].end) }

func (h byEnd) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *byEnd) Push(one any) {
	last := one.(*stored)
	last.place = len(*h)
	*h = append(*h, last)
}

func (h *byEnd) Pop() any {
	last := len(*h) - 1
	one := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return one
}
