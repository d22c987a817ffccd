package peers

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"tacet/handshake"
	"tacet/record"
)

// check compares what both sides say of a connection that went well. t is nil
// if the peer is not asked.
func (r *row) check(e *end, t talk, resumed bool) {
	r.Helper()
	for _, f := range r.facts(e.State(), resumed) {
		if f.got != f.want {
			r.Errorf("%s is %v, want %v", f.name, f.got, f.want)
		}
	}
	r.checkSizes(e)
	if t == nil {
		return
	}
	report := t.String()
	for _, pattern := range r.peer.says(r, e) {
		if _, err := t.await(r.ctx, pattern); err != nil {
			r.Error(err)
		}
	}
	r.checkKeyLog(e.keys.String(), t.keyLog())
	if r.Failed() {
		r.Logf("the peer's report:\n%s", printable(report))
	}
}

// fact is something that this side says of a connection.
type fact struct {
	name      string
	got, want any
}

func (r *row) facts(s *handshake.ConnectionState, resumed bool) []fact {
	t := &r.terms
	list := []fact{
		{"version", s.Version, r.version}, {"Resumed", s.Resumed, resumed}, {"Retried", s.Retried, t.retry && !resumed},
		{"ServerName", s.ServerName, serverName}, {"ALPN", s.ALPN, t.agreed()},
		{"ExtendedMasterSecret", s.ExtendedMasterSecret, r.version < record.TLS13 && !t.noEMS},
		{"EncryptThenMAC", s.EncryptThenMAC, s.Suite.BlockCipher() && !t.noETM && !t.ownMTE && !r.withoutETM()},
		{"SecureRenegotiation", s.SecureRenegotiation, r.version < record.TLS13 && !t.legacy},
	}
	if r.psk() {
		list = append(list, fact{"PSKIdentity", s.PSKIdentity, pskIdentity})
	}
	if t.modes != "" {
		list = append(list, fact{"without a group", s.Group == nil, r.alone(resumed)})
	}
	if t.staple && r.role == server && !resumed {
		list = append(list, fact{"OCSPResponse", string(s.OCSPResponse), string(r.staple())}, fact{"SCTs", string(bytes.Join(s.SCTs, nil)), r.stamp()})
	}
	if want := r.suite(); want != nil {
		list = append(list, fact{"suite", s.Suite, want})
	}
	if t.group != nil && !resumed {
		list = append(list, fact{"group", s.Group, t.group})
	}
	if t.scheme != 0 && r.role == server {
		list = append(list, fact{"PeerScheme", s.PeerScheme, t.scheme})
	}
	if t.scheme != 0 && r.role == client {
		list = append(list, fact{"Scheme", s.Scheme, t.scheme})
	}
	name := ""
	if len(s.PeerCertificates) > 0 {
		name = s.PeerCertificates[0].Subject.CommonName
	}
	want := r.peerName()
	return append(list, fact{"peer's name", name, want}, fact{"Verified", s.Verified, want != ""})
}

// peerName is the name in the peer's certificate, "" if it shows none.
func (r *row) peerName() string {
	switch {
	case r.role == server && r.certified():
		return serverName
	case r.role == client && r.shows():
		return r.clientName()
	}
	return ""
}

// ownName is the name in this side's certificate, "" if it shows none.
func (r *row) ownName() string {
	switch {
	case r.role == client && r.certified():
		return serverName
	case r.role == server && r.shows():
		return r.clientName()
	}
	return ""
}

// etmless is a peer that does not know encrypt_then_mac.
type etmless interface{ etmless() }

func (r *row) withoutETM() bool {
	_, ok := r.peer.(etmless)
	return ok
}

// agreed is the protocol that the row's sides must agree upon.
func (t *terms) agreed() string {
	for _, p := range t.accepted {
		if slices.Contains(t.offered, p) {
			return p
		}
	}
	return ""
}

// checkKeyLog compares the secrets of a connection in both sides' key logs.
func (r *row) checkKeyLog(ours, theirs string) {
	r.Helper()
	if k, ok := r.peer.(keyless); ok && k.noKeyLog(r) {
		return
	}
	got, lines, compared := keyLines(theirs), keyLines(ours), 0
	if r.denied() { // by a handshake that not all sides have come to the keys of
		lines = lines[:1]
	}
	for _, line := range lines {
		if strings.HasPrefix(line, exporterSecret) && !strings.Contains(theirs, exporterSecret) {
			continue // it came later than the others, and some do not log it
		}
		if compared++; !slices.Contains(got, line) {
			r.Errorf("the peer's key log lacks %q; it holds:\n%s", line, theirs)
		}
	}
	want := 1
	if r.version >= record.TLS13 {
		want = 4
	}
	if compared < want {
		r.Errorf("%d secrets compared, want %d", compared, want)
	}
}

const exporterSecret = "EXPORTER_SECRET"

// keyless is a peer that keeps no key log, at least not of some rows.
type keyless interface{ noKeyLog(r *row) bool }

// keyLines are the lines of a key log that speak of keys, in lower case but for the label.
func keyLines(log string) (lines []string) {
	for line := range strings.Lines(log) {
		if f := strings.Fields(line); len(f) == 3 && f[0] != "#" {
			lines = append(lines, f[0]+" "+strings.ToLower(f[1]+" "+f[2]))
		}
	}
	return lines
}

// refused is the end of a row that one side must refuse: the other must be told why.
func (r *row) refused(e *end, err error, t talk) {
	r.Helper()
	if err == nil { // TLS 1.3: the client is through before the server has looked at it
		err = e.readEnd()
	}
	a, sent, ok := alertOf(err)
	want := r.terms.alert(r.version)
	ours := r.terms.refuser == r.role.other()
	wants := r.peer.tells(r)
	if wants == nil {
		wants = []record.Alert{want}
	}
	switch {
	case !ours && len(wants) == 0 && !ok:
		// it is enough that the connection does not go on
	case !ok:
		r.Fatalf("%v; want an alert", err)
	case sent != ours:
		r.Fatalf("%v: the wrong side has refused", err)
	case ours && a != want:
		r.Fatalf("%v; want %v", err, want)
	case !ours && !slices.Contains(wants, a):
		r.Fatalf("%v; want one of %v", err, wants)
	case ours && r.terms.why != 0 && !errors.Is(err, r.terms.why):
		r.Fatalf("%v; want %v", err, r.terms.why)
	}
	_ = e.Close()
	if ours {
		if _, err := t.await(r.ctx, r.peer.told(want)); err != nil {
			r.Error(err)
		}
	}
	t.quit()
	if err := t.awaitEnd(r.ctx); err != nil {
		r.Error(err)
	}
}
