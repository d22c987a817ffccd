package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"tacet/handshake"
	"tacet/record"
)

// check compares what was negotiated with what the flags expect.
func (c *conn) check(resume bool) error {
	st, x := c.e.State(), &c.set.expect
	for _, f := range []func(*handshake.ConnectionState, *expectations) error{
		checkParameters, checkProperties, checkPeer, c.checkProtocol, c.checkCredential,
	} {
		if err := f(st, x); err != nil {
			return err
		}
	}
	if want := time.Duration(x.ticketAgeSkew) * time.Second; want != 0 && resume && st.TicketAgeSkew().Round(time.Second) != want {
		return wrong("skew of the ticket's age %v, got %v", want, st.TicketAgeSkew())
	}
	if want := resume && !x.sessionMiss; st.Resumed != want {
		return wrong("resumed %v, got %v", want, st.Resumed)
	}
	if c.set.reverify && st.Resumed && c.asked["*handshake.VerifyQuery"] != 1 {
		return wrong("a new verdict on the session's chain")
	}
	if !c.set.server && st.Version < record.TLS13 {
		if want := !x.noSession && (!st.Resumed || x.ticketRenewal); c.newSession != want {
			return wrong("new session %v, got %v", want, c.newSession)
		}
	}
	if stored := c.set.server && c.newSession; !resume && (x.sessionID && !stored || x.noSessionID && stored) {
		return wrong("a session stored under its id %v, got %v", x.sessionID, stored)
	}
	if c.set.psk != "" && len(st.PeerCertificates) > 0 {
		return wrong("no certificate beside a pre-shared key")
	}
	if (!c.set.server || c.set.requireAnyClientCert) && !x.noPeerCert && c.set.psk == "" && len(st.PeerCertificates) == 0 {
		return wrong("a certificate of the peer")
	}
	return nil
}

func checkParameters(st *handshake.ConnectionState, x *expectations) error {
	group := 0
	if st.Group != nil {
		group = int(st.Group.ID())
	}
	for _, p := range []struct {
		what      string
		want, got int
	}{
		{"version", x.version, int(st.Version)}, {"suite", x.cipher, int(st.Suite.ID)},
		{"group", x.curve, group}, {"scheme of the peer", x.peerScheme, int(st.PeerScheme)},
	} {
		if p.got == 0 && st.Resumed {
			continue // a resumed handshake has no such thing
		}
		if p.want != 0 && p.want != p.got {
			return wrong("%s %#04x, got %#04x", p.what, p.want, p.got)
		}
	}
	return nil
}

// checkProperties checks what is so or not. TLS 1.3 has what the extensions of
// TLS 1.2 brought.
func checkProperties(st *handshake.ConnectionState, x *expectations) error {
	tls13 := st.Version >= record.TLS13
	for _, p := range []struct {
		what        string
		expect, got bool
	}{
		{"extended master secret", x.extendedMaster, tls13 || st.ExtendedMasterSecret},
		{"secure renegotiation", x.secureRenegotiation, tls13 || st.SecureRenegotiation},
		{"no secure renegotiation", x.noSecureRenegotiation, !st.SecureRenegotiation},
		{"HelloRetryRequest", x.hrr, st.Retried}, {"no HelloRetryRequest", x.noHRR, !st.Retried},
		{"no certificate of the peer", x.noPeerCert, len(st.PeerCertificates) == 0},
	} {
		if p.expect && !p.got {
			return wrong("%s", p.what)
		}
	}
	return nil
}

func checkPeer(st *handshake.ConnectionState, x *expectations) error {
	if !st.Resumed && len(x.ocsp) > 0 && !bytes.Equal(x.ocsp, st.OCSPResponse) {
		return wrong("OCSP response %x, got %x", x.ocsp, st.OCSPResponse)
	}
	if scts := joinSCTs(st.SCTs); !st.Resumed && len(x.scts) > 0 && !bytes.Equal(x.scts, scts) {
		return wrong("SCTs %x, got %x", x.scts, scts)
	}
	if x.serverName != "" && x.serverName != st.ServerName {
		return wrong("server name %q, got %q", x.serverName, st.ServerName)
	}
	if x.peerCertFile == "" {
		return nil
	}
	want, err := readCertificates(x.peerCertFile)
	if err != nil {
		return err
	}
	if len(want) != len(st.PeerCertificates) {
		return wrong("%d certificates, got %d", len(want), len(st.PeerCertificates))
	}
	for i := range want {
		if !want[i].Equal(st.PeerCertificates[i]) {
			return wrong("certificate %d", i)
		}
	}
	return nil
}

func (c *conn) checkProtocol(st *handshake.ConnectionState, x *expectations) error {
	want := x.alpn
	if c.set.server {
		want = c.set.selectALPN
	}
	if st.ALPN != want {
		return wrong("ALPN %q, got %q", want, st.ALPN)
	}
	return nil
}

func (c *conn) checkCredential(st *handshake.ConnectionState, x *expectations) error {
	if failed := st.VerifyError != nil; !st.Resumed && failed != c.set.verifyFail {
		return wrong("verification to fail %v, got %v", c.set.verifyFail, st.VerifyError)
	}
	if x.selectedCredential == noCredential {
		return nil
	}
	got := -1
	if h := c.up.of(st.Credential); h != nil {
		got = h.index
	}
	if got != x.selectedCredential {
		return wrong("credential %d, got %d", x.selectedCredential, got)
	}
	return nil
}

// checkTicket: a client must have got a session after a handshake of TLS 1.3.
func (c *conn) checkTicket() error {
	if c.set.server || c.e.State().Version < record.TLS13 {
		return nil
	}
	if want := !c.set.expect.noSession && !c.set.shimShutsDown; c.newSession != want {
		return wrong("new session %v, got %v", want, c.newSession)
	}
	if want := c.set.expect.ticketEarlyData; c.newSession && want != (c.mem.session.MaxEarlyData > 0) {
		return wrong("a ticket for early data %v, got %d bytes", want, c.mem.session.MaxEarlyData)
	}
	return nil
}

// describe writes an error so that config.json can find its parts: for an
// engine's error the kind, the field and the alert.
func describe(err error) string {
	var own *handshake.Error
	if !errors.As(err, &own) {
		return err.Error()
	}
	cause := ""
	if own.Err != nil {
		cause = own.Err.Error()
	}
	return fmt.Sprintf("kind=%s; field=%s; alert=%s; cause=%s; state=%s\n%v", own.Kind.String(), own.Field, own.Alert.String(), cause, own.State, err)
}
