package session

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
)

// testKey is 00 01 … 2f, plus n in every byte.
func testKey(n byte) (k TicketKey) {
	for i := range k {
		k[i] = byte(i) + n
	}
	return k
}

func testIV() (iv [16]byte) {
	for i := range iv {
		iv[i] = 0xf0 + byte(i)
	}
	return iv
}

// The ticket of "a session's state, of 37 bytes in all" as OpenSSL 3.0 makes its parts:
//
//	openssl enc -aes-128-cbc -K 2021…2f -iv f0f1…ff
//	openssl dgst -sha256 -mac HMAC -macopt hexkey:1011…1f   (over name, iv and body)
func TestSealAgainstOpenSSL(t *testing.T) {
	//= RFC 5077 §4 type=test
	const want = "000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0382ec4ae646a7b3862b3759ff39cc058e743d0b16e4b055311f1c654469f4f097e7059f77fc4b7962a60178f405bf62d033d15e2ec6fd83a9a2e53b201ff16b9fe22ad48275e389cdef33d16b42929f"
	k := testKey(0)
	got := Seal([]byte("x"), &k, testIV(), []byte("a session's state, of 37 bytes in all"))
	if hex.EncodeToString(got[1:]) != want || got[0] != 'x' {
		t.Errorf("ticket %x, want %s", got[1:], want)
	}
}

func TestOpenSeal(t *testing.T) {
	k := testKey(0)
	for n := range 100 {
		state := filled(n, byte(n))
		ticket := Seal(nil, &k, testIV(), state)
		if len(ticket) <= n || len(ticket) > n+Overhead {
			t.Errorf("state of %d bytes: ticket of %d", n, len(ticket))
		}
		before := bytes.Clone(ticket)
		got, i, ok := Open([]TicketKey{k}, ticket)
		if !ok || i != 0 || !bytes.Equal(got, state) {
			t.Errorf("state of %d bytes: %x, %d, %v", n, got, i, ok)
		}
		if !bytes.Equal(ticket, before) {
			t.Error("Open changed the ticket")
		}
	}
}

// index tells a ticket of the current key from one that is to be renewed, even
// if two keys have one name.
func TestOpenRotation(t *testing.T) {
	old, current, namesake := testKey(0), testKey(100), testKey(0)
	namesake[20]++
	ticket := Seal(nil, &old, testIV(), []byte("state"))
	for _, c := range []struct {
		name string
		keys []TicketKey
		want int
	}{
		{"current", []TicketKey{old, current}, 0},
		{"rotated", []TicketKey{current, old}, 1},
		{"behind a namesake", []TicketKey{namesake, current, old}, 2},
		{"dropped", []TicketKey{current}, -1},
		{"namesake alone", []TicketKey{namesake}, -1},
		{"none", nil, -1},
	} {
		state, i, ok := Open(c.keys, ticket)
		if ok != (c.want >= 0) || ok && (i != c.want || string(state) != "state") {
			t.Errorf("%s: %q, %d, %v", c.name, state, i, ok)
		}
	}
}

// No altered ticket opens: every bit counts, every length.
func TestOpenRefuses(t *testing.T) {
	k := testKey(0)
	ticket := Seal(nil, &k, testIV(), filled(20, 7))
	refused := func(what string, ticket []byte) {
		t.Helper()
		if state, _, ok := Open([]TicketKey{k}, ticket); ok || state != nil {
			t.Errorf("%s: opens", what)
		}
	}
	for bit := range 8 * len(ticket) {
		bad := bytes.Clone(ticket)
		bad[bit/8] ^= 1 << (bit % 8)
		refused("a flipped bit", bad)
	}
	for n := range len(ticket) {
		refused("a cut ticket", ticket[:n])
	}
	refused("a longer ticket", slices.Concat(ticket, filled(16, 0)))
	refused("without a body", remac(&k, ticket[:32]))
}

// A body that our Seal never wrote is refused though its MAC holds: padding
// and length are checked behind the MAC as well.
func TestOpenChecksPaddingBehindTheMAC(t *testing.T) {
	k := testKey(0)
	ticket := Seal(nil, &k, testIV(), filled(16, 0x40)) // the last block is padding alone
	for _, body := range []int{1, 15, 17, 31} {
		if _, _, ok := Open([]TicketKey{k}, remac(&k, ticket[:32+body])); ok {
			t.Errorf("a body of %d bytes opens", body)
		}
	}
	if _, _, ok := Open([]TicketKey{k}, remac(&k, ticket[:32+16])); ok {
		t.Error("a body without padding opens")
	}
	for _, last := range []byte{0, 1, 2, 15, 16, 17, 255} {
		// A flipped bit in the block before shows in the padding.
		bad := bytes.Clone(ticket[:32+32])
		bad[32+15] ^= 16 ^ last
		if state, _, ok := Open([]TicketKey{k}, remac(&k, bad)); ok != (last == 1 || last == 16) {
			t.Errorf("padding that ends in %d: %x, %v", last, state, ok)
		}
	}
}

func remac(k *TicketKey, sealed []byte) []byte {
	h := hmac.New(sha256.New, k.macKey())
	h.Write(sealed)
	return h.Sum(bytes.Clone(sealed))
}

// FuzzOpen: nothing opens but what was sealed, whatever the ticket, and
// nothing panics even where the MAC holds.
func FuzzOpen(f *testing.F) {
	k := testKey(0)
	f.Add(Seal(nil, &k, testIV(), []byte("state")))
	f.Add([]byte(nil))
	f.Add(make([]byte, 79))
	f.Add(make([]byte, 80))
	f.Fuzz(func(t *testing.T, b []byte) {
		if state, _, ok := Open([]TicketKey{k}, b); ok && !bytes.Equal(Seal(nil, &k, [16]byte(b[16:32]), state), b) {
			t.Errorf("%x opens to %x, which seals otherwise", b, state)
		}
		forged := remac(&k, append(k.Name()[:16:16], b...))
		state, _, ok := Open([]TicketKey{k}, forged)
		if ok && !bytes.Equal(Seal(nil, &k, [16]byte(forged[16:32]), state), forged) {
			t.Errorf("%x opens to %x, which seals otherwise", forged, state)
		}
		sealed := Seal(nil, &k, testIV(), b)
		if state, _, ok := Open([]TicketKey{k}, sealed); !ok || !bytes.Equal(state, b) {
			t.Errorf("%x comes back as %x, %v", b, state, ok)
		}
	})
}

func BenchmarkTicket(b *testing.B) {
	k, state := testKey(0), filled(300, 1)
	ticket := Seal(nil, &k, testIV(), state)
	b.Run("Seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Seal(nil, &k, testIV(), state)
		}
	})
	b.Run("Open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Open([]TicketKey{k}, ticket)
		}
	})
}
