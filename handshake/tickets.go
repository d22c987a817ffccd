package handshake

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"time"

	"github.com/cloudflare/circl/sign/ed448"

	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

// session describes the connection as a session with a secret.
func (c *ConnectionState) session(now time.Time, secret []byte) *session.Session {
	s := &session.Session{
		Version: c.Version, Suite: c.Suite.ID, Secret: append([]byte(nil), secret...),
		ExtendedMaster: c.ExtendedMasterSecret, ServerName: c.ServerName, ALPN: c.ALPN,
		Created: now, Verified: c.Verified, Certificates: c.PeerCertificates, VerifiedBy: c.verifiedBy,
		PSKIdentity: c.PSKIdentity, MaxFragmentLength: c.fragmentCode,
		PeerChain: make([][]byte, 0, len(c.PeerCertificates)),
	}
	for _, cert := range c.PeerCertificates {
		s.PeerChain = append(s.PeerChain, cert.Raw)
	}
	return s
}

// ticketLifetime is how long a client keeps a ticket: what the server says, in
// seconds, within what the profile allows. 0 is "not said" up to TLS 1.2.
func ticketLifetime(seconds uint32, most time.Duration) time.Duration {
	said := time.Duration(seconds) * time.Second
	if said == 0 || said > most {
		return most
	}
	return said
}

// maxTicket is the most that a ticket's length field holds, and a ClientHello has room for.
const maxTicket = 1<<16 - 1 - 1<<10

// newSessionTicket makes a session of a TLS 1.3 ticket.
func (r *Receiver) newSessionTicket(now time.Time, m *msg.NewSessionTicket13) (Event, error) {
	//= RFC 9846 §4.7.1
	if r.tickets++; r.tickets > MaxSessionTickets {
		return Event{}, failure(KindTooManyTickets, "")
	}
	if time.Duration(m.Lifetime)*time.Second > session.MaxLifetime {
		return Event{}, failure(KindIllegalParameter, "NewSessionTicket.ticket_lifetime")
	}
	if m.Lifetime == 0 {
		return Event{}, nil // to be discarded at once
	}
	psk := r.origin.resumption.ResumptionPSK(m.Nonce)
	s := r.origin.conn.session(now, psk.Bytes())
	s.Ticket = append([]byte(nil), m.Ticket...)
	s.AgeAdd = m.AgeAdd
	s.Lifetime = ticketLifetime(m.Lifetime, r.origin.profile.lifetime)
	if m.Ext.Have(msg.ExtEarlyData) {
		s.MaxEarlyData = m.Ext.MaxEarlyData
	}
	r.session = s
	return Event{Kind: SessionReady}, nil
}

// sealTicket makes a ticket of a session, nil if it would be longer than a
// ticket can be: a peer's chain is part of it.
func (fx *effects) sealTicket(s *session.Session) []byte {
	//= RFC 5077 §4
	s.IDContext = fx.profile.cfg.SessionContext
	state := s.Marshal()
	if state == nil || len(state)+session.Overhead > maxTicket {
		return nil
	}
	iv := [16]byte(fx.draw(LabelTicketIV, 16))
	return session.Seal(nil, &fx.profile.cfg.TicketKeys[0], iv, state)
}

// trusts reports whether a session may be resumed as far as its peer's
// certificates go. A pre-shared key stands for them only where keys are known, and there
// were no certificates: those beside it (RFC 4279 §4) are judged as others are.
func (fx *effects) trusts(s *session.Session) bool {
	cfg := &fx.profile.cfg
	byKey := cfg.AskPSK && s.PSKIdentity != "" && len(s.PeerChain) == 0
	if cfg.Verify != VerifyRequired || byKey {
		return fx.legible(s)
	}
	return s.Verified && fx.judgeAgain(s) == nil
}

// judgedBy is what a chain was verified by, in a session and a connection.
type judgedBy struct {
	verifier *cred.Verifier
	level    int    // the security level
	signed   string // what certificates may be signed with
}

// judgedBy is the profile's; nil where it is the application that judges.
func (p *profile) judgedBy() any {
	if p.cfg.AskVerify {
		return nil
	}
	return judgedBy{p.cfg.Verifier, p.level, string(p.wire.certSchemes)}
}

// judgeAgain is this profile's verdict on the peer of a session, nil if it is
// verified. It was, if it was so by the same verifier at the same level, or by the application
// where that is asked, and the leaf is still valid; else the chain is verified
// anew, for a session may come from a store, a ticket or another configuration.
func (fx *effects) judgeAgain(s *session.Session) error {
	cfg := &fx.profile.cfg
	chain, err := fx.chainOf(s)
	if err != nil {
		return err
	}
	// The application's verdict leaves no verifier's name behind, and stands for no other's.
	anew := cfg.Reverify && !cfg.AskVerify // the application is asked on the way; see verifyingSession
	judged := !anew && s.Verified && s.VerifiedBy == fx.profile.judgedBy() && !fx.now.After(chain[0].NotAfter)
	switch {
	case judged:
		return nil
	case cfg.AskVerify || cfg.Verifier == nil:
		return failure(KindVerification, "session")
	}
	name := ""
	if fx.conn.Client {
		name = fx.conn.ServerName
	}
	_, err = fx.profile.verify(chain, name, fx.conn.Client, fx.now)
	return err
}

// legible reports whether the chain of a session's peer, if there is one, parses. A store
// may bring back anything, and a program of another version other certificates than this
// one reads: they cost a full handshake, not the connection.
func (fx *effects) legible(s *session.Session) bool {
	if len(s.PeerChain) == 0 {
		return true
	}
	_, err := fx.chainOf(s)
	return err == nil
}

// chainOf is the chain of a session's peer.
func (fx *effects) chainOf(s *session.Session) ([]*x509.Certificate, error) {
	if len(s.Certificates) > 0 {
		return s.Certificates, nil
	}
	return fx.profile.cfg.ParseCertificate.Chain(s.PeerChain)
}

// openTicket opens a client's ticket; nil if it is none of ours, or stale.
func (fx *effects) openTicket(ticket []byte) (s *session.Session, current bool) {
	state, index, ok := session.Open(fx.profile.cfg.TicketKeys, ticket)
	if !ok {
		return nil, false
	}
	s, err := session.Parse(state)
	if err != nil || !fx.fresh(s) {
		return nil, false
	}
	return s, index == 0
}

// fresh reports whether a session that a server is given can be resumed in this
// handshake as far as its age, version, context and peer go.
func (fx *effects) fresh(s *session.Session) bool {
	return s != nil && s.Resumable(fx.now) && s.Version == fx.conn.Version &&
		string(s.IDContext) == string(fx.profile.cfg.SessionContext) && fx.identifies(s)
}

// identifies reports whether what a session knows of the client is enough, and
// is this host's to know. Several virtual hosts, each with a profile of its own
// that a HelloQuery chooses, may share ticket keys: who the client was to one of
// them is nothing to another, least of all proof.
func (fx *effects) identifies(s *session.Session) bool {
	auth := fx.profile.cfg.ClientAuth
	if s.PSKIdentity != "" && (!fx.profile.cfg.AskPSK || s.ServerName != fx.conn.ServerName) {
		return false
	}
	if len(s.PeerChain) == 0 {
		return auth != RequireClientCert
	}
	return auth != NoClientCert && s.ServerName == fx.conn.ServerName && fx.trusts(s)
}

// sendTickets13 sends n NewSessionTickets, whose PSKs psk derives.
func (fx *effects) sendTickets13(n int, lifetime time.Duration, psk func(nonce []byte) []byte) {
	//= RFC 9846 §4.7.1
	for i := range n {
		nonce := []byte{byte(i)}
		s := fx.conn.session(fx.now, psk(nonce))
		s.Lifetime = lifetime
		s.AgeAdd = binary.BigEndian.Uint32(fx.draw(LabelTicketAge, 4))
		ticket := fx.sealTicket(s)
		if ticket == nil {
			return
		}
		lo := len(fx.out)
		m := msg.NewSessionTicket13{
			Lifetime: uint32(lifetime / time.Second), AgeAdd: s.AgeAdd, Nonce: nonce, Ticket: ticket,
		}
		fx.out = m.Append(fx.out)
		fx.sendUnheard(lo)
	}
}

// message handles a handshake message after the handshake.
func (r *Receiver) message(now time.Time, m msg.Raw) (Event, error) {
	if r.origin.conn.Version < record.TLS13 {
		return r.renegotiation(m)
	}
	switch {
	case m.Type() == msg.TypeKeyUpdate:
		return r.keyUpdate(m)
	case m.Type() == msg.TypeNewSessionTicket && r.origin.conn.Client:
		var t msg.NewSessionTicket13
		if err := t.Parse(m.Body()); err != nil {
			return Event{}, err
		}
		if err := t.Ext.Check(msg.InNewSessionTicket, 0); err != nil {
			return Event{}, err
		}
		return r.newSessionTicket(now, &t)
	}
	return Event{}, unexpected(m)
}

// keyUpdate changes the read keys.
func (r *Receiver) keyUpdate(m msg.Raw) (Event, error) {
	//= RFC 9846 §4.7.3
	var u msg.KeyUpdate
	if err := u.Parse(m.Body()); err != nil {
		return Event{}, err
	}
	aligned, ok := r.hand.Aligned()
	if !ok {
		return Event{}, failure(KindExcessHandshakeData, "KeyUpdate")
	}
	aligned.Must()
	if r.updates++; r.updates > MaxKeyUpdates {
		return Event{}, failure(KindTooManyKeyUpdates, "")
	}
	r.secret = r.secret.Next()
	r.open.Install(r.secret.Protection(r.origin.conn.Suite))
	ev := Event{Kind: KeyUpdated}
	if u.Request {
		ev.Action = actKeyUpdate
	}
	return ev, nil
}

// authOf is the authentication that a key does in a suite up to TLS 1.2.
func authOf(pub any) suites.Auth {
	switch pub.(type) {
	case *rsa.PublicKey, *cred.PSSPublicKey:
		return suites.AuthRSA
	case *ecdsa.PublicKey, ed25519.PublicKey, ed448.PublicKey: // RFC 8422 §5.10
		return suites.AuthECDSA
	}
	return suites.AuthNone
}

func isSeedFault(err error) bool { return errors.Is(err, kx.ErrSeed) }
