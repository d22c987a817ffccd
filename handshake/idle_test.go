package handshake_test

import (
	"runtime"
	"testing"
	"unsafe"

	"tacet/handshake"
	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// An established idle engine is two AEADs and little else (I6): the struct, the
// ConnectionState, and the secrets that later keys and exports derive from.

const (
	idleServer = 1472    // bytes, without its AEADs
	idleChain  = 4 << 10 // bytes more of a client: the server's parsed certificate
	idleAEADs  = 3 << 9  // bytes: two of the standard library's GCM
	crowd      = 200     // engines that are measured together
)

// TestIdle establishes many engines, keeps one side of each, and sees what they
// hold of the heap, with their AEADs and without.
func TestIdle(t *testing.T) {
	for _, v := range []record.Version{record.TLS12, record.TLS13} {
		for _, client := range []bool{false, true} {
			name := v.String() + "/server"
			if client {
				name = v.String() + "/client"
			}
			t.Run(name, func(t *testing.T) { measureIdle(t, v, client) })
		}
	}
}

func measureIdle(t *testing.T, v record.Version, client bool) {
	c := baseConfig(t)
	c.client.MaxVersion = v
	c.client.Verify = handshake.VerifyNone // the chains that a verifier builds are the caller's wish
	cp, err := c.client.CompileClient()
	if err != nil {
		t.Fatal(err)
	}
	sp, err := c.server.CompileServer()
	if err != nil {
		t.Fatal(err)
	}
	env := seeded('i')
	establish := func() *handshake.Engine {
		p := &pair{t: t, now: credtest.Now}
		p.c, p.s = &side{e: handshake.NewClient(cp, c.name, env)}, &side{e: handshake.NewServer(sp, env)}
		p.secure()
		p.s.in, _ = p.c.e.Seal(p.s.in, []byte("x"))
		p.c.in, _ = p.s.e.Seal(p.c.in, []byte("x"))
		if p.run(); client {
			return p.c.e
		}
		return p.s.e
	}
	establish()
	engines := make([]*handshake.Engine, crowd)
	before := heap()
	for i := range engines {
		engines[i] = establish()
	}
	with := (heap() - before) / crowd
	for _, e := range engines {
		e.Idle()
	}
	without := (heap() - before) / crowd
	t.Logf("%d bytes with AEADs, %d without; the struct alone has %d", with, without, unsafe.Sizeof(handshake.Engine{}))
	most := idleServer
	if client {
		most += idleChain
	}
	if without > most {
		t.Errorf("an idle engine retains %d bytes without its AEADs, want at most %d", without, most)
	}
	if with > most+idleAEADs {
		t.Errorf("an idle engine retains %d bytes, want at most %d", with, most+idleAEADs)
	}
	for _, e := range engines {
		if out, err := e.Seal(nil, []byte("awake")); err != nil || len(out) == 0 {
			t.Fatal(err)
		}
	}
	runtime.KeepAlive(engines)
}
