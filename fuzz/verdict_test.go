package fuzz

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/handshake/msg"
	"tacet/record"
	"tacet/suites"
	"tacet/vectors"
)

// verdict is what a stack makes of what it hears: what it says next, and what it thinks.
type verdict struct {
	says string // "ServerHello 1.3", "HelloRetryRequest", "alert decode_error", "nothing" …
	err  error
	of   int // the length of the message that was changed
}

func (v verdict) String() string { return fmt.Sprintf("%s (%v)", v.says, v.err) }

// row is a difference that is meant: where tacet and crypto/tls judge so, they may differ.
// Empty fields match anything.
type row struct {
	kind       handshake.Kind // of tacet's error
	field      string         // of tacet's error, a part of it
	tacet, std string         // verdicts, a part of them
	stdErr     string         // crypto/tls's error, a part of it
	why        string
}

// severalFaults is the row for input that may break several rules at once: it is
// refused for whichever is found first.
var severalFaults = row{tacet: "alert", std: "alert", why: "both refuse"}

func (r row) allows(tacet, std verdict) bool {
	var e *handshake.Error
	if !errors.As(tacet.err, &e) {
		e = &handshake.Error{}
	}
	return (r.kind == 0 || r.kind == e.Kind) && strings.Contains(e.Field, r.field) && strings.Contains(tacet.says, r.tacet) &&
		strings.Contains(std.says, r.std) && (r.stdErr == "" || std.err != nil && strings.Contains(std.err.Error(), r.stdErr))
}

// differ tells why two verdicts may differ; it fails when they may not.
func differ(t testing.TB, rows []row, tacet, std verdict, input func() string) {
	t.Helper()
	if tacet.says == std.says {
		return
	}
	for i := range rows {
		if rows[i].allows(tacet, std) {
			return
		}
	}
	t.Fatalf("tacet: %v\ncrypto/tls: %v\n%s", tacet, std, input())
}

// first reads what a stack says first.
func first(out []byte) string {
	if len(out) < record.HeaderLen+2 {
		return "nothing"
	}
	switch record.Type(out[0]) {
	case record.TypeAlert:
		if len(out) == record.HeaderLen+2 {
			return "alert " + record.Alert(out[record.HeaderLen+1]).String()
		}
		return "sealed alert"
	case record.TypeHandshake:
		var m msg.ServerHello
		raw := msg.Raw(out[record.HeaderLen : record.HeaderLen+int(out[3])<<8+int(out[4])])
		if len(raw) > msg.HeaderLen && raw.Type() == msg.TypeServerHello {
			raw = raw[:msg.HeaderLen+int(raw[1])<<16+int(raw[2])<<8+int(raw[3])]
			switch {
			case m.Parse(raw.Body()) != nil:
				return "bad ServerHello"
			case m.Retry():
				return "HelloRetryRequest"
			case m.Ext.Have(msg.ExtSupportedVersions):
				return "ServerHello " + m.Ext.SelectedVersion.String()
			}
			return "ServerHello " + m.Version.String()
		}
		return raw.Type().String()
	}
	return record.Type(out[0]).String()
}

// arena is a configuration for both stacks.
type arena struct {
	conv           *conversation
	client, server *tls.Config
	blocks         bool // the suite is one of CBC
}

// arenas makes conversations that both stacks can hold.
func arenas(t testing.TB) (list []*arena) {
	for _, name := range []string{"full13", "retry13", "full12", "clientcert13", "clientcert12", "halfclose", "rsa10", "ecdhe11", "renegotiated12"} {
		c := converse(t, name)
		c.cfg[0].NoCompatibility, c.cfg[1].TicketKeys = false, nil // as crypto/tls has it
		var err error
		if c.server, err = c.cfg[1].CompileServer(); err != nil {
			t.Fatal(err)
		}
		if c.client, err = c.cfg[0].CompileClient(); err != nil {
			t.Fatal(err)
		}
		roots := credtest.CA(t).Pool()
		blocks := slices.ContainsFunc(c.cfg[0].Suites, (*suites.Suite).BlockCipher)
		list = append(list, &arena{c, vectors.CryptoTLS(c.cfg[0], true, c.host, roots), vectors.CryptoTLS(c.cfg[1], false, c.host, roots), blocks})
	}
	return list
}

// serverTacet is what tacet's server makes of bytes.
func (a *arena) serverTacet(in []byte) verdict {
	w := &world{c: &side{e: handshake.NewServer(a.conv.server, env('s'))}, tap: &vectors.Tap{}}
	w.hear(w.c, append([]byte(nil), in...))
	return verdict{says: first(w.c.said), err: w.c.e.Err()}
}

// serverStd is what crypto/tls's server makes of bytes.
func (a *arena) serverStd(in []byte) verdict {
	p := vectors.NewPeer(false, a.server, (*tls.Conn).Handshake)
	defer p.Stop()
	return verdict{says: first(p.Step(in)), err: p.Err}
}
