package actor

import (
	"tacet/handshake"
	"tacet/handshake/session"
	"tacet/record"
)

// sessionIDs is what ServerSessions has of a connection, and what Sessions is to have. It is
// never changed, only replaced. Which of what a handshake under way has becomes the
// connection's, its end tells.
type sessionIDs struct {
	own     []byte // the id of the session of the last handshake that is complete
	offered []byte // under way, that of the session that the client offers: anybody may have read it off the wire
	made    []byte // under way, that of a new one

	fresh *session.Session // of a client up to TLS 1.2, under way
}

// sessionIDs is a copy.
func (c *Conn) sessionIDs() (ids sessionIDs) {
	if of := c.session.Load(); of != nil {
		ids = *of
	}
	return ids
}

// lookUp answers with a session that a client offers.
func (c *Conn) lookUp(q *handshake.SessionLookup) handshake.Answer {
	found := c.cfg.ServerSessions.Load(q.ID)
	if found != nil {
		ids := c.sessionIDs()
		ids.offered = found.ID
		c.session.Store(&ids)
	}
	return q.Found(found)
}

// keepSession answers once a session is kept.
func (c *Conn) keepSession(q *handshake.SessionStore) handshake.Answer {
	c.cfg.ServerSessions.Store(q.Session)
	ids := c.sessionIDs()
	ids.made = q.Session.ID
	c.session.Store(&ids)
	return q.Stored()
}

// own makes the session of a complete handshake the connection's. A handshake that fails
// proves nothing, and like one that has none leaves it the one of before.
func (c *Conn) own(s *handshake.ConnectionState) {
	ids := c.session.Load()
	if ids == nil {
		return
	}
	id := ids.made
	if s.Resumed {
		id = ids.offered
	}
	if id == nil {
		id = ids.own
	}
	c.session.Store(&sessionIDs{own: id, fresh: ids.fresh})
}

// keepClientSession puts a session where Sessions has it: one up to TLS 1.2, which comes before
// its handshake is complete, once OnSecure has not refused that.
func (c *Conn) keepClientSession(s *session.Session) {
	if s.Version >= record.TLS13 {
		c.cfg.Sessions.Put(s.ServerName, s)
		return
	}
	c.session.Store(&sessionIDs{fresh: s})
}

// putFresh puts what keepClientSession held back.
func (c *Conn) putFresh() {
	if s := c.sessionIDs().fresh; s != nil {
		c.session.Store(nil) // a client has no more of it
		c.cfg.Sessions.Put(s.ServerName, s)
	}
}

// forget has the session of a connection that ended with a fatal alert resumed no more.
func (c *Conn) forget(e *handshake.Error) {
	//= RFC 5246 §7.2.2
	if own := c.sessionIDs().own; own != nil && (e.Sent || e.Kind == handshake.KindAlertReceived) {
		c.cfg.ServerSessions.Drop(own)
	}
}
