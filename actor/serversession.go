package actor

import "tacet/handshake"

// byID is what ServerSessions has of a handshake that is under way. Which of it becomes the
// connection's, the end of the handshake tells.
type byID struct {
	offered []byte // the id of the session that the client offers: anybody may have read it off the wire
	made    []byte // that of a new one
}

// lookUp answers with a session that a client offers.
func (c *Conn) lookUp(q *handshake.SessionLookup) handshake.Answer {
	found := c.cfg.ServerSessions.Load(q.ID)
	if found != nil {
		c.hs.byID.offered = found.ID
	}
	return q.Found(found)
}

// keepSession answers once a session is kept.
func (c *Conn) keepSession(q *handshake.SessionStore) handshake.Answer {
	c.cfg.ServerSessions.Store(q.Session)
	c.hs.byID.made = q.Session.ID
	return q.Stored()
}

// own makes the session of a complete handshake the connection's. A handshake that fails
// proves nothing, and like one that has none leaves it the one of before.
func (c *Conn) own(s *handshake.ConnectionState) {
	id := c.hs.byID.made
	if s.Resumed {
		id = c.hs.byID.offered
	}
	c.hs.byID = byID{}
	if id != nil {
		c.session.Store(new(id))
	}
}

// forget has the session of a connection that ended with a fatal alert resumed no more.
func (c *Conn) forget(e *handshake.Error) {
	//= RFC 5246 §7.2.2
	if own := c.session.Load(); own != nil && (e.Sent || e.Kind == handshake.KindAlertReceived) {
		c.cfg.ServerSessions.Drop(*own)
	}
}
