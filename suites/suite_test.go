package suites

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"tacet/record"
)

func TestVerbose(t *testing.T) {
	lines := golden(t, "openssl-verbose.txt", "openssl", func() []string {
		out, _ := openssl(t, "-v", every+"@SECLEVEL=0")
		return strings.Split(out, "\n")
	})
	seen := 0
	for _, s := range preference(build(opensslRows(t))) {
		if !slices.Contains(lines, s.Verbose()) {
			t.Errorf("not a line of openssl ciphers -v: %q", s.Verbose())
		}
	}
	for s := range All() {
		if i := slices.Index(lines, s.Verbose()); i < seen {
			t.Errorf("%v: absent from openssl ciphers -v, or out of order", s)
		} else {
			seen = i
		}
	}
}

// TestRows compares each row of the table with OpenSSL's of the same id.
func TestRows(t *testing.T) {
	theirs := map[ID]row{}
	for _, r := range opensslRows(t) {
		theirs[r.id] = r
	}
	for _, r := range rows {
		if theirs[r.id] != r {
			t.Errorf("%s\n got %+v\nwant %+v", r.name, r, theirs[r.id])
		}
	}
}

// TestDistinct: no two suites are made of the same parts, so that a name selects one.
func TestDistinct(t *testing.T) {
	seen := map[selector]*Suite{}
	for _, s := range build(opensslRows(t)) {
		if twin := seen[s.selector()]; twin != nil && !s.TLS13() {
			t.Errorf("%v and %v are the same to a cipher string", s, twin)
		}
		seen[s.selector()] = s
	}
}

// TestNames holds ids and names against crypto/tls, and the lookups against both.
func TestNames(t *testing.T) {
	n := 0
	for s := range All() {
		n++
		if got := tls.CipherSuiteName(uint16(s.ID)); got != s.Name {
			t.Errorf("crypto/tls calls %#04x %s, we %s", uint16(s.ID), got, s.Name)
		}
		for _, name := range []string{s.Name, s.OpenSSL, strings.ToLower(s.Name), strings.ToLower(s.OpenSSL)} {
			if ByName(name) != s {
				t.Errorf("ByName(%q) = %v", name, ByName(name))
			}
		}
		if ByID(s.ID) != s || s.ID.String() != s.Name || s.String() != s.Name {
			t.Errorf("%v: ByID(%#04x) = %v", s, uint16(s.ID), ByID(s.ID))
		}
	}
	if n != len(rows) {
		t.Errorf("All yields %d suites of %d", n, len(rows))
	}
	for _, id := range []ID{0, 0x00ff, 0x0a0a, 0x5600, 0x1300, 0xffff} {
		if s := ByID(id); s != nil {
			t.Errorf("ByID(%#04x) = %v", uint16(id), s)
		}
	}
	if got := ID(0x0a0a).String(); got != "0x0A0A" {
		t.Errorf("ID(0x0a0a) = %s", got)
	}
	for _, name := range []string{"", "any", "TLS_AES_128_GCM_SHA25", "TLS_FALLBACK_SCSV"} {
		if s := ByName(name); s != nil {
			t.Errorf("ByName(%q) = %v", name, s)
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { ByID(0xc02f) }); allocs != 0 {
		t.Errorf("ByID allocates %v times", allocs)
	}
}

// TestParameters holds what follows from a row against the RFCs: 5288 §3, 7905 §2
// and 9846 §5.2, §5.3, §5.5.
func TestParameters(t *testing.T) {
	for _, want := range []struct {
		name                   string
		key, mac, salt, inline int
		hash                   crypto.Hash
		version                record.Version
		since                  string
		limit                  uint64
	}{
		{"TLS_AES_128_GCM_SHA256", 16, 0, 12, 0, crypto.SHA256, record.TLS13, "TLSv1.3", 1 << 24},
		{"TLS_AES_256_GCM_SHA384", 32, 0, 12, 0, crypto.SHA384, record.TLS13, "TLSv1.3", 1 << 24},
		{"TLS_CHACHA20_POLY1305_SHA256", 32, 0, 12, 0, crypto.SHA256, record.TLS13, "TLSv1.3", math.MaxUint64},
		{"ECDHE-RSA-AES128-GCM-SHA256", 16, 0, 4, 8, crypto.SHA256, record.TLS12, "TLSv1.2", 1 << 24},
		{"ECDHE-ECDSA-AES256-GCM-SHA384", 32, 0, 4, 8, crypto.SHA384, record.TLS12, "TLSv1.2", 1 << 24},
		{"ECDHE-RSA-CHACHA20-POLY1305", 32, 0, 12, 0, crypto.SHA256, record.TLS12, "TLSv1.2", math.MaxUint64},
	} {
		s := ByName(want.name)
		if s.KeyLen != want.key || s.MACLen != want.mac || s.SaltLen != want.salt || s.ExplicitLen != want.inline ||
			s.Hash != want.hash || s.Min != want.version || s.Max != want.version || s.Since != want.since || s.Limit != want.limit {
			t.Errorf("%s: %+v", want.name, *s)
		}
		if !s.AEAD() || s.TLS13() != (want.version == record.TLS13) {
			t.Errorf("%s: AEAD %v, TLS13 %v", want.name, s.AEAD(), s.TLS13())
		}
	}
}

// TestVersions holds the versions of rows that are not in the table yet: a suite that
// SSLv3 or TLS 1.0 brought in is good from TLS 1.0 to TLS 1.2.
func TestVersions(t *testing.T) {
	for _, s := range build(opensslRows(t)) {
		first, last := record.TLS10, record.TLS12
		switch {
		case strings.HasPrefix(s.OpenSSL, "TLS_"):
			first, last = record.TLS13, record.TLS13
		case s.AEAD(), strings.HasSuffix(s.OpenSSL, "-SHA256") && s.Since == "TLSv1.2", strings.HasSuffix(s.OpenSSL, "-SHA384") && s.Since == "TLSv1.2":
			first = record.TLS12
		}
		if s.Min != first || s.Max != last {
			t.Errorf("%s since %s: %v to %v", s.OpenSSL, s.Since, s.Min, s.Max)
		}
	}
	for name, since := range map[string]string{ // as node's getCipher().version has it
		"AES256-SHA": "SSLv3", "PSK-AES128-CBC-SHA": "SSLv3", "ECDHE-RSA-AES128-SHA": "TLSv1.0",
		"PSK-AES128-CBC-SHA256": "TLSv1.0", "AES128-SHA256": "TLSv1.2", "AES128-GCM-SHA256": "TLSv1.2",
	} {
		all := build(opensslRows(t))
		i := slices.IndexFunc(all, func(s *Suite) bool { return s.OpenSSL == name })
		if got := all[i].Since; got != since {
			t.Errorf("%s since %s, want %s", name, got, since)
		}
	}
}

// TestPermitted asks openssl ciphers -s, which prints what a level leaves.
func TestPermitted(t *testing.T) {
	lines := golden(t, "openssl-levels.txt", "openssl", func() []string {
		var lines []string
		for level := range 6 {
			out, _ := openssl(t, "-s", "-psk", "-srp", "-V", fmt.Sprintf("%s:@SECLEVEL=%d", every, level))
			lines = append(lines, fmt.Sprintf("%d => %s", level, opensslIDs(t, out)))
		}
		return lines
	})
	all, err := parse(preference(build(opensslRows(t))), every)
	if err != nil {
		t.Fatal(err)
	}
	for level, line := range lines {
		got := slices.DeleteFunc(slices.Clone(all.Suites), func(s *Suite) bool { return s.TLS13() || !s.Permitted(level) })
		if got := fmt.Sprintf("%d => %s", level, ids(got)); got != line {
			t.Errorf("got  %s\nwant %s", got, line)
		}
	}
	for s := range All() {
		if s.TLS13() && (!s.Permitted(3) || s.Permitted(4) != (s.Bits == 256)) {
			t.Errorf("%v: level 3 %v, level 4 %v", s, s.Permitted(3), s.Permitted(4))
		}
		if !s.Permitted(-1) || s.Permitted(6) != s.Permitted(5) {
			t.Errorf("%v: levels outside 0 to 5", s)
		}
	}
}

// TestProtect sends a record of each suite through its protection and back, and looks
// at its length: header, explicit nonce, tag, and TLS 1.3's content type.
func TestProtect(t *testing.T) {
	for s := range All() {
		key, iv := bytes.Repeat([]byte{1}, s.MACLen+s.KeyLen), bytes.Repeat([]byte{2}, s.IVLen(s.Max))
		var seal record.Sealer
		var open record.Opener
		seal.SetVersion(s.Max)
		open.SetVersion(s.Max)
		seal.Install(s.Protect(s.Max, key, iv, false))
		open.Install(s.Protect(s.Max, key, iv, false))
		clear(key)
		clear(iv)

		for _, text := range []string{"first", "second record"} {
			wire := seal.Seal(nil, record.TypeApplicationData, []byte(text))
			want := record.HeaderLen + s.ExplicitLen + len(text) + 16
			if s.TLS13() {
				want++
			}
			if len(wire) != want {
				t.Errorf("%v: a record of %d bytes, want %d", s, len(wire), want)
			}
			got, err := open.Open(wire)
			if err != nil || string(got.Payload) != text || got.Type != record.TypeApplicationData {
				t.Errorf("%v: opened %q, %v", s, got.Payload, err)
			}
		}
	}
}

func TestProtectMisuse(t *testing.T) {
	s := ByName("ECDHE-RSA-AES128-GCM-SHA256")
	for _, try := range []struct {
		v       record.Version
		key, iv int
	}{{record.TLS12, 32, 4}, {record.TLS12, 16, 12}, {record.TLS13, 16, 4}, {record.TLS11, 16, 4}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v, key of %d, iv of %d: no panic", try.v, try.key, try.iv)
				}
			}()
			s.Protect(try.v, make([]byte, try.key), make([]byte, try.iv), false)
		}()
	}
}

func TestWords(t *testing.T) {
	for k, psk := range map[Kx]bool{KxAny: false, KxECDHE: false, KxRSA: false, KxDHE: false, KxPSK: true, KxDHEPSK: true, KxECDHEPSK: true, KxRSAPSK: true} {
		if k.PSK() != psk {
			t.Errorf("%v.PSK() = %v", k, !psk)
		}
	}
	if Kx(99).String() != "unknown" || Auth(99).String() != "unknown" {
		t.Errorf("%v %v", Kx(99), Auth(99))
	}
}

func Example() {
	l, err := Parse("ECDHE+AESGCM:!AES128:@SECLEVEL=2")
	if err != nil {
		panic(err)
	}
	for _, s := range l.Suites {
		fmt.Println(s.Verbose())
	}
	fmt.Println("level", l.SecLevel)
	// Output:
	// TLS_AES_256_GCM_SHA384         TLSv1.3 Kx=any      Au=any   Enc=AESGCM(256)            Mac=AEAD
	// TLS_CHACHA20_POLY1305_SHA256   TLSv1.3 Kx=any      Au=any   Enc=CHACHA20/POLY1305(256) Mac=AEAD
	// TLS_AES_128_GCM_SHA256         TLSv1.3 Kx=any      Au=any   Enc=AESGCM(128)            Mac=AEAD
	// ECDHE-ECDSA-AES256-GCM-SHA384  TLSv1.2 Kx=ECDH     Au=ECDSA Enc=AESGCM(256)            Mac=AEAD
	// ECDHE-RSA-AES256-GCM-SHA384    TLSv1.2 Kx=ECDH     Au=RSA   Enc=AESGCM(256)            Mac=AEAD
	// level 2
}
