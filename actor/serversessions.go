package actor

import (
	"container/list"
	"sync"
	"time"

	"tacet/handshake"
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

// NewServerSessions returns ServerSessions in memory: at most a number of them, those used
// last, each as long as its Lifetime. sessions < 1 means 20,480. Servers that trust or show
// different certificates may share one if each has a Config.SessionContext of its own.
func NewServerSessions(sessions int) ServerSessions {
	if sessions < 1 {
		sessions = 20_480
	}
	return &shelves{most: sessions, byID: make(map[string]*stored)}
}

type shelves struct {
	mu        sync.Mutex
	most      int
	byID      map[string]*stored
	used, age list.List // of *stored: the last used first, and the last made
}

// stored is a session with its places in the orders.
type stored struct {
	session   *session.Session
	used, age *list.Element
}

func (c *shelves) Load(id []byte) *session.Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.byID[string(id)]
	switch {
	case one == nil:
		return nil
	case one.session.Expired(time.Now()):
		c.drop(one)
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
	one := &stored{session: s}
	one.used, one.age = c.used.PushFront(one), c.age.PushFront(one)
	c.byID[string(s.ID)] = one
	// Secrets are not kept for longer than they are good for: the oldest expire first.
	for now := time.Now(); ; {
		oldest := c.age.Back().Value.(*stored)
		if oldest == one || !oldest.session.Expired(now) {
			break
		}
		c.drop(oldest)
	}
	if len(c.byID) > c.most {
		c.drop(c.used.Back().Value.(*stored))
	}
}

func (c *shelves) Drop(id []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one := c.byID[string(id)]; one != nil {
		c.drop(one)
	}
}

func (c *shelves) drop(one *stored) {
	delete(c.byID, string(one.session.ID))
	c.used.Remove(one.used)
	c.age.Remove(one.age)
}

// storedSession is the session of a connection, or one that was offered and may not have been resumed.
type storedSession struct {
	id      []byte
	offered bool
}

// lookUp answers with a session that a client offers.
func (c *Conn) lookUp(q *handshake.SessionLookup) handshake.Answer {
	found := c.cfg.ServerSessions.Load(q.ID)
	if found != nil {
		c.session.Store(&storedSession{found.ID, true})
	}
	return q.Found(found)
}

// keepSession answers once a session is kept.
func (c *Conn) keepSession(q *handshake.SessionStore) handshake.Answer {
	c.cfg.ServerSessions.Store(q.Session)
	c.session.Store(&storedSession{q.Session.ID, false})
	return q.Stored()
}

// forget has the session of a connection that ended with a fatal alert resumed no more.
// Before it was secure the peer has not shown that the session is its own.
func (c *Conn) forget(e *handshake.Error) {
	//= RFC 5246 §7.2.2
	own, state := c.session.Load(), c.state.Load()
	switch {
	case own == nil || state == nil || !e.Sent && e.Kind != handshake.KindAlertReceived:
	case !own.offered || state.Resumed:
		c.cfg.ServerSessions.Drop(own.id)
	}
}
