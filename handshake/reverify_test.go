package handshake_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// shortLived is a credential whose issuer is valid for an hour more.
func shortLived(t *testing.T, names ...string) *cred.Credential {
	template := credtest.AuthorityTemplate("short-lived CA")
	template.NotAfter = credtest.Now.Add(time.Hour)
	return credtest.CA(t).Sub(t, template, credtest.P256).Leaf(t, credtest.P256, names...)
}

// TestReverify: a session outlives an authority in its chain, unless it is verified anew.
func TestReverify(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, anew := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/%v", v, anew), func(t *testing.T) {
				c := baseConfig(t)
				c.client.MaxVersion, c.client.Reverify = v, anew
				c.server.Credentials = []*cred.Credential{shortLived(t, "example.org")}
				p := newPair(t, c).secure()
				p.run()
				c.session, c.seed = p.c.sess[0], 1
				if p = newPair(t, c); !p.secure().c.e.State().Resumed {
					t.Error("not resumed at once")
				}
				p = newPair(t, c)
				p.now = p.now.Add(90 * time.Minute)
				p.run()
				switch err := p.c.e.Err(); {
				case !anew && (err != nil || !p.c.e.State().Resumed):
					t.Error("not resumed by the verdict of then", err)
				case anew && !errors.Is(err, handshake.KindVerification):
					t.Error("no new verdict", err)
				}
			})
		}
	}
}

// TestReverifyRecords: where verdicts are kept only, the new one is.
func TestReverifyRecords(t *testing.T) {
	c := baseConfig(t)
	c.server.Credentials = []*cred.Credential{shortLived(t, "example.org")}
	c.client.Reverify, c.client.Verify = true, handshake.VerifyRecord
	p := newPair(t, c).secure()
	p.run()
	c.session, c.seed = p.c.sess[0], 1
	p = newPair(t, c)
	p.now = p.now.Add(90 * time.Minute)
	if st := p.secure().c.e.State(); !st.Resumed || st.VerifyError == nil || st.Verified {
		t.Errorf("resumed %v, verified %v: %v", st.Resumed, st.Verified, st.VerifyError)
	}
}

// TestReverifyAsks: the application is asked about a session before it is offered.
func TestReverifyAsks(t *testing.T) {
	refused := errors.New("no more")
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, tc := range []struct {
			name    string
			answer  func(q *handshake.VerifyQuery) handshake.Answer // about a session
			asked   int
			resumed bool
			err     error
		}{
			{"accepted", func(q *handshake.VerifyQuery) handshake.Answer { return q.Accept(nil) }, 1, true, nil},
			{"tolerated", func(q *handshake.VerifyQuery) handshake.Answer { return q.Tolerate(refused) }, 2, false, nil},
			{"refused", func(q *handshake.VerifyQuery) handshake.Answer { return q.Refuse(refused) }, 1, false, refused},
		} {
			t.Run(v.String()+"/"+tc.name, func(t *testing.T) {
				c := baseConfig(t)
				c.client.MaxVersion, c.client.AskVerify, c.client.Reverify = v, true, true
				asked := 0
				connect := func() *pair {
					p := newPair(t, c)
					offer := p.c.ans
					p.c.ans = func(e *handshake.Engine, q handshake.Query) bool {
						verify, ok := q.(*handshake.VerifyQuery)
						if !ok {
							return offer(e, q)
						}
						asked++
						if len(verify.Chain) == 0 || verify.ServerName != "example.org" || verify.OfSession != (c.session != nil && asked == 1) {
							t.Errorf("query %d: %+v", asked, verify)
						}
						a := verify.Accept(nil)
						if verify.OfSession {
							a = tc.answer(verify)
						}
						e.Answer(a)
						return true
					}
					p.run()
					return p
				}
				c.session, c.seed = connect().c.sess[0], 1
				asked = 0
				p := connect()
				if err := p.c.e.Err(); asked != tc.asked || p.c.e.State().Resumed != tc.resumed || !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
					t.Errorf("asked %d times, resumed %v, error %v", asked, p.c.e.State().Resumed, err)
				}
			})
		}
	}
}
