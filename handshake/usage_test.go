package handshake

import (
	"errors"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// TestUsageLimit: before a key has sealed all that it may, TLS 1.3 changes it without being
// asked, and an older connection ends.
func TestUsageLimit(t *testing.T) {
	//= RFC 9846 §5.5 type=test
	const limit = 3 * rekeyMargin
	key, iv := make([]byte, 32), make([]byte, 12)
	for _, old := range []bool{false, true} {
		protect := record.AEAD13
		d := newDuo(t, func(client, server *Config) {
			if old {
				tls12(client, server)
				protect = record.AEAD12XOR
			}
		})
		d.connect()
		d.c.send.seal.Install(protect(chacha20poly1305.New, key, iv, limit))
		d.s.recv.open.Install(protect(chacha20poly1305.New, key, iv, limit))
		sealed, updates := 0, 0
		for range 2 * limit {
			out, err := d.c.Seal(nil, []byte("x"))
			if err != nil {
				if !old || !errors.Is(err, KindKeyExhausted) {
					t.Fatal(err)
				}
				break
			}
			sealed++
			for len(out) > 0 {
				n, ev := d.s.Step(credtest.Now, out)
				if out = out[n:]; ev.Kind == KeyUpdated {
					updates++
				}
			}
		}
		if want := limit - rekeyMargin; old && sealed != want || !old && (sealed != 2*limit || updates != 1) {
			t.Errorf("up to TLS 1.2 %v: %d records, %d updates; the first key is good for %d", old, sealed, updates, want)
		}
	}
}
