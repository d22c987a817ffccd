package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/msg"
	"tacet/record"
)

// attend answers the pending query; with -async only after it was seen some
// times, in which the engine must have consumed and said nothing.
func (c *conn) attend() error {
	if c.set.async {
		if c.patience++; c.patience < lateness {
			if n, ev := c.e.Step(c.mem.clock, []byte("not looked at")); n != 0 || ev.Kind != handshake.QueryPending {
				return fmt.Errorf("engine defect: parked, it consumed %d bytes and said %v", n, ev.Kind)
			}
			return c.exchange1()
		}
		c.patience = 0
	}
	a, err := c.answer(c.e.Query())
	if err != nil {
		return err
	}
	if err := c.e.Answer(a); err != nil {
		return c.finish(err)
	}
	if c.set.async {
		if err := c.e.Answer(a); err == nil {
			return errors.New("engine defect: it took an answer twice")
		}
	}
	return nil
}

// exchange1 lets some output leave while a query is open.
func (c *conn) exchange1() error { return c.write(c.portion(c.sent)) }

// finish is what becomes of an answer's error: a refusal is the connection's end.
func (c *conn) finish(err error) error {
	c.out = c.e.AppendOut(c.out)
	return c.end(err)
}

func (c *conn) answer(q handshake.Query) (handshake.Answer, error) {
	c.asked[fmt.Sprintf("%T", q)]++
	switch q := q.(type) {
	case *handshake.HelloQuery:
		return c.hello(q)
	case *handshake.SessionQuery:
		return q.Offer(c.mem.session), nil
	case *handshake.SessionLookup:
		return q.Found(c.mem.stored[string(q.ID)]), nil
	case *handshake.SessionStore:
		c.mem.stored[string(q.Session.ID)], c.newSession = q.Session, true
		return q.Stored(), nil
	case *handshake.PSKQuery:
		return c.psk(q)
	case *handshake.PSKLookup:
		return c.lookUpPSK(q)
	case *handshake.CredentialQuery:
		return c.credential(q)
	case *handshake.StapleQuery:
		return c.staple(q), nil
	case *handshake.DecryptQuery:
		return c.decrypt(q)
	case *handshake.SignQuery:
		return c.sign(q)
	case *handshake.VerifyQuery:
		return c.verify(q)
	}
	return handshake.Answer{}, fmt.Errorf("query of unknown type %T", q)
}

// wrong is a test's expectation that was not met.
func wrong(format string, args ...any) error { return fmt.Errorf("expectation: "+format, args...) }

func (c *conn) hello(q *handshake.HelloQuery) (a handshake.Answer, err error) {
	x := &c.set.expect
	switch {
	case x.noServerName && q.ServerName != "":
		return a, wrong("no server name, got %q", q.ServerName)
	case x.serverName != "" && q.ServerName != x.serverName:
		return a, wrong("server name %q, got %q", x.serverName, q.ServerName)
	case x.advertisedALPN != "" && x.advertisedALPN != string(q.Hello.Ext.ALPN):
		return a, wrong("ALPN %q, got %q", x.advertisedALPN, q.Hello.Ext.ALPN)
	case c.set.failEarlyCallback:
		return q.Refuse(errEarly), nil
	case c.set.failCertCallback:
		return q.Refuse(errCertCallback), nil
	}
	if x.peerVerifyPrefs != nil {
		if err := samePrefs(x.peerVerifyPrefs, q.Hello.Ext.SignatureAlgorithms); err != nil {
			return a, err
		}
	}
	p, err := c.up.serverFor(c.set, q.Hello)
	if no := (refusal{}); errors.As(err, &no) {
		return q.Refuse(no), nil
	}
	if err != nil {
		return a, err
	}
	choice := handshake.HelloChoice{Profile: p, Unacknowledged: c.set.noNameAck}
	if slices.Contains(q.Protocols, c.set.selectALPN) {
		choice.Protocol = c.set.selectALPN
	}
	return q.Choose(choice), nil
}

func samePrefs(want []int, got msg.Uint16s) error {
	i := 0
	for s := range got.All() {
		if i >= len(want) || int(s) != want[i] {
			return wrong("verify preferences %x, got %x", want, []byte(got))
		}
		i++
	}
	if i != len(want) {
		return wrong("verify preferences %x, got %x", want, []byte(got))
	}
	return nil
}

func (c *conn) credential(q *handshake.CredentialQuery) (a handshake.Answer, err error) {
	x := &c.set.expect
	if x.clientCAs != "" {
		want, err := namedCAs(x.clientCAs)
		if err != nil {
			return a, err
		}
		if !slices.EqualFunc(want, q.Authorities, func(c *x509.Certificate, got []byte) bool { return string(c.RawSubject) == string(got) }) {
			return a, wrong("client CAs %s, got %x", x.clientCAs, q.Authorities)
		}
	}
	if want := x.certificateTypes; want != nil && !bytes.Equal(want, c.types) {
		return a, wrong("certificate types %x, got %x", want, c.types)
	}
	if x.peerVerifyPrefs != nil {
		var got msg.Uint16s
		for _, s := range q.Schemes {
			got = msg.AppendUint16s(got, uint16(s))
		}
		if err := samePrefs(x.peerVerifyPrefs, got); err != nil {
			return a, err
		}
	}
	if c.set.failCertCallback {
		return q.Refuse(errCertCallback), nil
	}
	if len(c.up.creds) == 0 {
		return q.Use(nil), nil
	}
	offered := func(s uint16) bool { return slices.Contains(q.Schemes, cred.Scheme(s)) }
	list, why := c.up.usable(func(s cred.Scheme) bool { return q.Version < record.TLS12 || offered(uint16(s)) }, q.Authorities)
	for _, h := range list {
		if s, ok := h.Pick(q.Version, offered, h.prefs); ok && offered(uint16(s)) {
			return q.Use(h.Credential), nil
		}
		why = errNoScheme
	}
	return q.Refuse(why), nil
}

func (c *conn) sign(q *handshake.SignQuery) (handshake.Answer, error) {
	if h := c.up.of(q.Credential); h != nil && h.key != nil {
		sig, err := cred.Sign(h.key, q.Scheme, q.Content, q.Salt)
		return q.Signed(sig), err
	}
	return handshake.Answer{}, errors.New("signature by an unknown credential")
}

// staple is the server's OCSP callback, if the flags give it one.
func (c *conn) staple(q *handshake.StapleQuery) handshake.Answer {
	switch {
	case c.set.ocspCallback && c.set.failOCSP:
		return q.Refuse(errOCSPCallback)
	case c.set.ocspCallback && c.set.declineOCSP:
		return q.Staple(nil)
	case c.set.ocspCallback && c.set.setOCSPInCallback:
		return q.Staple(c.up.of(q.Credential).from.ocsp)
	}
	return q.Staple(q.Credential.Staple)
}

// decrypt answers with -async, when the engine does not hold the key.
func (c *conn) decrypt(q *handshake.DecryptQuery) (handshake.Answer, error) {
	if h := c.up.of(q.Credential); h != nil {
		if key, ok := h.key.(crypto.Decrypter); ok {
			return q.Decrypted(cred.DecryptPremaster(key, q.Version, q.Ciphertext, &q.Random)), nil
		}
	}
	return handshake.Answer{}, errors.New("decryption by an unknown credential")
}

// psk is the client's key. It is one for TLS up to 1.2, whose hint must be its identity.
func (c *conn) psk(q *handshake.PSKQuery) (handshake.Answer, error) {
	switch {
	case q.Version >= record.TLS13:
		return q.None(), nil
	case q.Hint != c.set.pskIdentity:
		return handshake.Answer{}, wrong("PSK hint %q, got %q", c.set.pskIdentity, q.Hint)
	}
	return q.Offer([]byte(c.set.pskIdentity), []byte(c.set.psk)), nil
}

func (c *conn) lookUpPSK(q *handshake.PSKLookup) (handshake.Answer, error) {
	if i := slices.IndexFunc(q.Identities, func(id []byte) bool { return string(id) == c.set.pskIdentity }); i >= 0 && q.Version < record.TLS13 {
		return q.Found(i, []byte(c.set.psk)), nil
	}
	return q.None(), nil
}

// verify judges as the flags say: whatever the chain, -verify-fail refuses it.
func (c *conn) verify(q *handshake.VerifyQuery) (a handshake.Answer, err error) {
	if c.asked["*handshake.VerifyQuery"] > 1+c.handshakes {
		return a, wrong("one verification")
	}
	if len(c.set.expect.ocsp) > 0 && len(q.OCSPResponse) == 0 {
		return a, wrong("an OCSP response when the chain is verified")
	}
	switch {
	case q.OfSession && c.set.verifyFail: // not offered, so that it comes to a handshake that fails
		c.asked["*handshake.VerifyQuery"]--
		return q.Tolerate(errVerify), nil
	case c.set.verifyFail && c.set.mustVerify() && c.set.customVerify:
		return q.Refuse(errCustomVerify), nil
	case c.set.verifyFail && c.set.mustVerify():
		return q.Refuse(errVerify), nil
	case c.set.verifyFail:
		return q.Tolerate(errVerify), nil
	case !c.set.server && c.set.ocspCallback && c.set.failOCSP:
		return q.Refuse(errOCSP), nil
	}
	return q.Accept(nil), nil
}

// refusal is what the application says no for; the runner looks for its name.
type refusal struct {
	name  string
	alert record.Alert
}

func (r refusal) Error() string { return r.name }
func (r refusal) Unwrap() error { return r.alert }

var (
	errCustomVerify = refusal{"verification callback", record.AlertCertificateUnknown}
	errVerify       = refusal{"verification callback", record.AlertHandshakeFailure}
	errOCSP         = refusal{"OCSP callback of the client", record.AlertBadCertificateStatusResponse}
	errOCSPCallback = refusal{"OCSP callback of the server", record.AlertInternalError}
	errEarly        = refusal{"early callback", record.AlertHandshakeFailure}
	errCertCallback = refusal{"certificate callback", record.AlertInternalError}
	errNoScheme     = refusal{"signing preferences", record.AlertHandshakeFailure}
	errNoIssuer     = refusal{"issuer not named", record.AlertHandshakeFailure}
)
