package handshake_test

import (
	"fmt"
	"testing"

	"tacet/handshake"
	"tacet/record"
)

// TestPSKModes: which mode two sides agree on, for an external key and for a ticket,
// and whether the server gives tickets.
func TestPSKModes(t *testing.T) {
	//= RFC 9846 §4.3.9 type=test
	const none, ke, dhe = "", "psk_ke", "psk_dhe_ke"
	var (
		keOnly  = []handshake.PSKMode{handshake.PSKKE}
		dheOnly = []handshake.PSKMode{handshake.PSKDHEKE}
		keFirst = []handshake.PSKMode{handshake.PSKKE, handshake.PSKDHEKE}
		dheToo  = []handshake.PSKMode{handshake.PSKDHEKE, handshake.PSKKE}
	)
	for _, tc := range []struct {
		client, server []handshake.PSKMode
		want           string
	}{
		{nil, nil, dhe},
		{nil, dheToo, dhe},
		{nil, keOnly, none},
		{dheOnly, keFirst, dhe},
		{keOnly, nil, none},
		{keOnly, keOnly, ke},
		{keOnly, dheToo, ke},
		{keFirst, nil, dhe},
		{keFirst, dheToo, dhe}, // the server's order counts
		{dheToo, keFirst, ke},
		{dheToo, keOnly, ke},
	} {
		for _, external := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v to %v, external %v", tc.client, tc.server, external), func(t *testing.T) {
				c := baseConfig(t)
				c.client.PSKModes, c.server.PSKModes = tc.client, tc.server
				var p *pair
				if external {
					p = pskPair(t, c, "key", "key").secure()
				} else {
					full := baseConfig(t)
					c.session, c.seed = newPair(t, full).secure().c.sess[0], 1
					p = newPair(t, c).secure()
				}
				p.echo()
				for _, s := range []*side{p.c, p.s} {
					if got := modeUsed(s.e.State()); got != tc.want {
						t.Errorf("client %v: %q, want %q", s.e.State().Client, got, tc.want)
					}
				}
			})
		}
		t.Run(fmt.Sprintf("%v to %v, tickets", tc.client, tc.server), func(t *testing.T) {
			c := baseConfig(t)
			c.client.PSKModes, c.server.PSKModes = tc.client, tc.server
			//= RFC 9846 §4.3.9 type=test
			if p := newPair(t, c).secure(); (len(p.c.sess) > 0) != (tc.want != none) {
				t.Errorf("%d tickets", len(p.c.sess))
			}
		})
	}
}

// modeUsed is how a connection used a pre-shared key, "" if it did not.
func modeUsed(st *handshake.ConnectionState) string {
	switch {
	case st.Version < record.TLS13 || !st.Resumed && st.PSKIdentity == "":
		return ""
	case st.Group == nil:
		return handshake.PSKKE.String()
	}
	return handshake.PSKDHEKE.String()
}
