package handshake_test

import (
	"errors"
	"fmt"
	"testing"

	"tacet/handshake"
)

// decision is an answer to one kind of query, and what becomes of both sides by it.
type decision struct {
	want   string
	answer func(handshake.Query) (handshake.Answer, bool) // nil: as always
}

// to makes a decision of an answer to queries of type Q.
func to[Q handshake.Query](want string, answer func(q Q) handshake.Answer) decision {
	return decision{want, func(q handshake.Query) (handshake.Answer, bool) {
		own, ok := q.(Q)
		if !ok {
			return handshake.Answer{}, false
		}
		return answer(own), true
	}}
}

var errNo = errors.New("no")

// dilemmas are conversations in which one side may decide in several ways, and what
// becomes of both: their ends, and a fact.
var dilemmas = []struct {
	name, conv string
	server     bool // which side decides
	fact       func(client, server *handshake.ConnectionState) any
	ways       []decision
}{
	{"the server's chain", "TLSv1.3/full", false, clientVerified, []decision{
		to("Secure, Secure: true", acceptChain), to("Secure, Secure: false", tolerateChain), to("refused by the application, received alert: false", refuseChain),
	}},
	{"the server's chain", "TLSv1.2/full", false, clientVerified, []decision{
		to("Secure, Secure: true", acceptChain), to("Secure, Secure: false", tolerateChain), to("refused by the application, received alert: false", refuseChain),
	}},
	{"the client's chain", "TLSv1.3/client certificate", true, serverVerified, []decision{
		to("Secure, Secure: true", acceptChain), to("Secure, Secure: false", tolerateChain), to("received alert, refused by the application: false", refuseChain),
	}},
	{"the client's chain", "TLSv1.2/client certificate", true, serverVerified, []decision{
		to("Secure, Secure: true", acceptChain), to("Secure, Secure: false", tolerateChain), to("received alert, refused by the application: false", refuseChain),
	}},
	{"protocol", "TLSv1.3/watched", true, protocol, protocolWays},
	{"protocol", "TLSv1.2/watched", true, protocol, protocolWays},
	{"key to offer", "TLSv1.3/external key", false, identity, []decision{
		to("Secure, Secure: "+pskIdentity, offerKey(pskIdentity, "a key")), to("received alert, PSK binder does not verify: ", offerKey(pskIdentity, "another")),
		to("Secure, Secure: ", offerKey("nobody", "a key")), to("Secure, Secure: ", func(q *handshake.PSKQuery) handshake.Answer { return q.None() }),
	}},
	{"key of an identity", "TLSv1.3/external key", true, identity, []decision{
		to("Secure, Secure: "+pskIdentity, foundKey("a key")), to("received alert, PSK binder does not verify: ", foundKey("another")),
		to("Secure, Secure: ", noKey), to("received alert, refused by the application: ", func(q *handshake.PSKLookup) handshake.Answer { return q.Refuse(errNo) }),
	}},
	{"key of an identity", "TLSv1.3/external PSK alone", true, identity, []decision{
		to("Secure, Secure: "+pskIdentity, foundKey("a key")), to("received alert, PSK binder does not verify: ", foundKey("another")), to("Secure, Secure: ", noKey),
	}},
	{"key of an identity", "to 1.2/DHE-PSK", true, identity, []decision{
		to("Secure, Secure: "+pskIdentity, foundKey("a key")),
		to("received alert, record does not authenticate: "+pskIdentity, foundKey("another")), to("received alert, record does not authenticate: "+pskIdentity, noKey),
	}},
	{"staple", "TLSv1.3/stapled by the application", true, staple, stapleWays},
	{"staple", "TLSv1.2/stapled by the application", true, staple, stapleWays},
	{"session", "TLSv1.3/resumed", false, resumed, sessionWays},
	{"session", "TLSv1.2/resumed", false, resumed, sessionWays},
	{"stored session", "to 1.2/RSA, resumed by id", true, resumed, []decision{
		{"Secure, Secure: true", nil}, to("Secure, Secure: false", func(q *handshake.SessionLookup) handshake.Answer { return q.Found(nil) }),
	}},
	{"premaster secret", "to 1.2/RSA", true, resumed, []decision{
		{"Secure, Secure: false", nil}, to("received alert, record does not authenticate: false", func(q *handshake.DecryptQuery) handshake.Answer { return q.Decrypted([48]byte{}) }),
		to("received alert, record does not authenticate: false", func(q *handshake.DecryptQuery) handshake.Answer { return q.Decrypted(q.Random) }),
	}},
	{"signature", "TLSv1.3/full", true, resumed, []decision{
		{"Secure, Secure: false", nil}, to("signature does not verify, received alert: false", func(q *handshake.SignQuery) handshake.Answer { return q.Signed([]byte("mine")) }),
	}},
	{"certificate", "TLSv1.3/no client certificate", false, serverVerified, []decision{
		to("Secure, Secure: false", func(q *handshake.CredentialQuery) handshake.Answer { return q.Use(nil) }),
		to("refused by the application, received alert: false", func(q *handshake.CredentialQuery) handshake.Answer { return q.Refuse(errNo) }),
	}},
}

func clientVerified(c, s *handshake.ConnectionState) any { return c.Verified }
func serverVerified(c, s *handshake.ConnectionState) any { return s.Verified }
func resumed(c, s *handshake.ConnectionState) any        { return c.Resumed }
func staple(c, s *handshake.ConnectionState) any         { return string(c.OCSPResponse) }
func identity(c, s *handshake.ConnectionState) any       { return s.PSKIdentity }
func protocol(c, s *handshake.ConnectionState) any       { return c.ALPN + s.ALPN }

func acceptChain(q *handshake.VerifyQuery) handshake.Answer   { return q.Accept(nil) }
func tolerateChain(q *handshake.VerifyQuery) handshake.Answer { return q.Tolerate(errNo) }
func refuseChain(q *handshake.VerifyQuery) handshake.Answer   { return q.Refuse(errNo) }
func noKey(q *handshake.PSKLookup) handshake.Answer           { return q.None() }

func foundKey(key string) func(*handshake.PSKLookup) handshake.Answer {
	return func(q *handshake.PSKLookup) handshake.Answer { return q.Found(0, []byte(key)) }
}

func offerKey(identity, key string) func(*handshake.PSKQuery) handshake.Answer {
	return func(q *handshake.PSKQuery) handshake.Answer { return q.Offer([]byte(identity), []byte(key)) }
}

func choose(c handshake.HelloChoice) func(*handshake.HelloQuery) handshake.Answer {
	return func(q *handshake.HelloQuery) handshake.Answer { return q.Choose(c) }
}

func stapling(response string) func(*handshake.StapleQuery) handshake.Answer {
	return func(q *handshake.StapleQuery) handshake.Answer { return q.Staple([]byte(response)) }
}

var (
	protocolWays = []decision{
		to("Secure, Secure: http/1.1http/1.1", choose(handshake.HelloChoice{})), to("Secure, Secure: h2h2", choose(handshake.HelloChoice{Protocol: "h2"})),
		to("Secure, Secure: ", choose(handshake.HelloChoice{NoProtocol: true})),
	}
	stapleWays = []decision{
		to("Secure, Secure: one", stapling("one")), to("Secure, Secure: another", stapling("another")), to("Secure, Secure: ", stapling("")),
	}
	sessionWays = []decision{
		{"Secure, Secure: true", nil}, to("Secure, Secure: false", func(q *handshake.SessionQuery) handshake.Answer { return q.Offer(nil) }),
	}
)

// TestForksDecideDifferently: of a world that waits for a decision, forks that get
// different answers, and go on side by side, each end as a world does that never forked.
func TestForksDecideDifferently(t *testing.T) {
	all := map[string]conversation{}
	for _, conv := range conversations() {
		all[conv.name] = conv
	}
	for _, d := range dilemmas {
		t.Run(d.conv+"/"+d.name, func(t *testing.T) {
			conv, ok := all[d.conv]
			if !ok {
				t.Fatal("no such conversation")
			}
			decider := func(w *world) *party {
				if d.server {
					return w.s
				}
				return w.c
			}
			end := func(w *world) string {
				return fmt.Sprintf("%s, %s: %v", ended(w.c), ended(w.s), d.fact(w.c.e.State(), w.s.e.State()))
			}
			wants := make([]string, len(d.ways))
			for i, way := range d.ways {
				w := newWorld(t, &conv, true)
				decider(w).instead = way.answer
				if wants[i] = w.run().outcome(); end(w) != way.want {
					t.Errorf("%s, want %s", end(w), way.want)
				}
			}
			w := newWorld(t, &conv, true)
			for !asks(decider(w), d.ways) {
				if !w.tick() {
					t.Fatal("nothing is asked")
				}
			}
			forks := make([]*world, 2*len(d.ways)) // two of each, with another's between
			for i := range forks {
				forks[i] = w.fork()
				decider(forks[i]).instead = d.ways[i%len(d.ways)].answer
			}
			for busy := true; busy; {
				busy = false
				for _, f := range forks {
					busy = f.tick() || busy
				}
			}
			for i, f := range forks {
				differ(t, fmt.Sprintf("fork %d", i), wants[i%len(d.ways)], f.outcome())
			}
		})
	}
}

// asks reports whether a party waits for an answer that there is a choice of.
func asks(p *party, ways []decision) bool {
	if !p.parked {
		return false
	}
	for _, way := range ways {
		if way.answer != nil {
			_, ok := way.answer(p.e.Query())
			return ok
		}
	}
	return false
}

// ended says how a party's connection did.
func ended(p *party) string {
	var e *handshake.Error
	switch {
	case errors.As(p.e.Err(), &e):
		return e.Kind.String()
	case p.e.Secure():
		return "Secure"
	}
	return p.e.StateName()
}
