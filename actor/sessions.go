package actor

import (
	"container/list"
	"sync"

	"tacet/handshake/session"
	"tacet/record"
)

// SessionCache keeps a client's sessions by the name of the server. It is
// used by several connections at once.
type SessionCache interface {
	// Get returns a session for name, nil if there is none.
	Get(name string) *session.Session
	// Put keeps s for name. What it keeps it does not change.
	Put(name string, s *session.Session)
}

// sessionsPerName bounds how many sessions are kept for one name: a server
// gives two tickets a connection, and TLS 1.3 uses one up with each.
const sessionsPerName = 4

// NewSessionCache returns a SessionCache in memory that keeps the sessions of
// at most names servers, those used last, and four sessions each. names < 1 means 64.
//
// Get gives the newest session first, and a TLS 1.3 session once only, so that
// connections cannot be linked by their tickets.
func NewSessionCache(names int) SessionCache {
	//= RFC 9846 §C.4
	if names < 1 {
		names = 64
	}
	return &lru{most: names, byName: make(map[string]*list.Element)}
}

type lru struct {
	mu     sync.Mutex
	most   int
	used   list.List // of *shelf, the last used first
	byName map[string]*list.Element
}

// shelf holds the sessions of one name, the newest last.
type shelf struct {
	name     string
	sessions []*session.Session
}

func (c *lru) Get(name string) *session.Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byName[name]
	if e == nil {
		return nil
	}
	c.used.MoveToFront(e)
	s := e.Value.(*shelf)
	last := len(s.sessions) - 1
	got := s.sessions[last]
	if got.Version < record.TLS13 {
		return got
	}
	s.sessions[last] = nil
	if s.sessions = s.sessions[:last]; last == 0 {
		c.drop(e)
	}
	return got
}

func (c *lru) Put(name string, s *session.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byName[name]
	if e == nil {
		e = c.used.PushFront(&shelf{name: name})
		c.byName[name] = e
		if len(c.byName) > c.most {
			c.drop(c.used.Back())
		}
	}
	c.used.MoveToFront(e)
	kept := e.Value.(*shelf)
	if len(kept.sessions) == sessionsPerName {
		kept.sessions = append(kept.sessions[:0], kept.sessions[1:]...)
	}
	kept.sessions = append(kept.sessions, s)
}

func (c *lru) drop(e *list.Element) {
	delete(c.byName, e.Value.(*shelf).name)
	c.used.Remove(e)
}
