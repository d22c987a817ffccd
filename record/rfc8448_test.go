package record

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRFC8448 opens and seals the protected records that the application keys
// of RFC 8448 §3 (Simple 1-RTT Handshake) protect, in the order of the trace.
func TestRFC8448(t *testing.T) {
	//= RFC 8448 §3 type=test
	fifty := make([]byte, 50)
	for i := range fifty {
		fifty[i] = byte(i)
	}
	type step struct {
		typ     Type
		content []byte
		record  string
	}
	tests := []struct {
		name, key, iv string
		steps         []step
	}{
		{"client", "17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9", []step{
			{TypeApplicationData, fifty, `17 03 03 00 43 a2 3f 70 54 b6 2c 94 d0 af fa fe
				82 28 ba 55 cb ef ac ea 42 f9 14 aa 66 bc ab 3f 2b 98 19 a8 a5 b4 6b
				39 5b d5 4a 9a 20 44 1e 2b 62 97 4e 1f 5a 62 92 a2 97 70 14 bd 1e 3d
				ea e6 3a ee bb 21 69 49 15 e4`},
			{TypeAlert, []byte{1, 0}, `17 03 03 00 13 c9 87 27 60 65 56 66 b7 4d 7f f1 15 3e fd 6d b6 d0 b0 e3`},
		}},
		{"server", "9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984", []step{
			{TypeHandshake, nil, ``},
			{TypeApplicationData, fifty, `17 03 03 00 43 2e 93 7e 11 ef 4a c7 40 e5 38 ad
				36 00 5f c4 a4 69 32 fc 32 25 d0 5f 82 aa 1b 36 e3 0e fa f9 7d 90 e6
				df fc 60 2d cb 50 1a 59 a8 fc c4 9c 4b f2 e5 f0 a2 1c 00 47 c2 ab f3
				32 54 0d d0 32 e1 67 c2 95 5d`},
			{TypeAlert, []byte{1, 0}, `17 03 03 00 13 b5 8f d6 71 66 eb f5 99 d2 47 20 cf be 7e fa 7a 88 64 a9`},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var w Sealer
			var o Opener
			p := AEAD13(newGCM, unhex(t, test.key), unhex(t, test.iv), 0)
			w.Install(p)
			o.Install(p)
			for _, step := range test.steps {
				if step.record == "" { // the NewSessionTicket stands elsewhere
					w.seq, o.seq = 1, 1
					continue
				}
				want := unhex(t, step.record)
				if got := w.Seal(nil, step.typ, step.content); !bytes.Equal(got, want) {
					t.Errorf("sealed\n%x, want\n%x", got, want)
				}
				wantOpened(t, &o, want, step.typ, step.content)
			}
		})
	}
}
