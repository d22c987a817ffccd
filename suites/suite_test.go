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
		out, _ := openssl(t, "-v", "-ciphersuites", every13, every+"@SECLEVEL=0")
		return strings.Split(out, "\n")
	})
	for _, s := range preference(build(opensslRows(t))) {
		if !slices.Contains(lines, s.Verbose()) {
			t.Errorf("not a line of openssl ciphers -v: %q", s.Verbose())
		}
	}
	l, err := Parse(every13 + ":" + every)
	if err != nil || len(l.Suites) != len(rows) {
		t.Fatalf("%d suites of %d, %v", len(l.Suites), len(rows), err)
	}
	var got []string
	for _, s := range l.Suites {
		got = append(got, s.Verbose())
	}
	want := slices.DeleteFunc(lines, func(line string) bool { return ByName(strings.Fields(line)[0]) == nil })
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRows compares each row of the table with OpenSSL's of the same id, and finds
// all rows of OpenSSL's in the table but those that are left out on purpose.
func TestRows(t *testing.T) {
	theirs := map[ID]row{}
	leftOut := setOf(tripleDES, camellia128, camellia256, aria128GCM, aria256GCM)
	for _, r := range opensslRows(t) {
		theirs[r.id] = r
		if out := leftOut.has(uint8(r.bulk)) || r.kx == kxSRP || r.auth == authDSS; out != (ByID(r.id) == nil) {
			t.Errorf("%s: left out %v, want %v", r.name, !out, out)
		}
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
		if got := tls.CipherSuiteName(uint16(s.ID)); got != s.Name && !strings.HasPrefix(got, "0x") {
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

// TestParameters holds what follows from a row against the RFCs: 5246 §A.5 and §C, 5288
// §3, 5289 §3, 5487, 6655 §3, 7905 §2 and 9846 §5.2, §5.3, §5.5.
func TestParameters(t *testing.T) {
	const never = math.MaxUint64
	for _, want := range []struct {
		name                          string
		key, mac, salt, inline, first int // first: IV of a direction in the first version
		hash                          crypto.Hash
		min, max                      record.Version
		since                         string
		limit                         uint64
	}{
		{"TLS_AES_128_GCM_SHA256", 16, 0, 12, 0, 12, crypto.SHA256, record.TLS13, record.TLS13, "TLSv1.3", 1 << 24},
		{"TLS_AES_256_GCM_SHA384", 32, 0, 12, 0, 12, crypto.SHA384, record.TLS13, record.TLS13, "TLSv1.3", 1 << 24},
		{"TLS_CHACHA20_POLY1305_SHA256", 32, 0, 12, 0, 12, crypto.SHA256, record.TLS13, record.TLS13, "TLSv1.3", never},
		{"TLS_AES_128_CCM_SHA256", 16, 0, 12, 0, 12, crypto.SHA256, record.TLS13, record.TLS13, "TLSv1.3", 1 << 23},
		{"TLS_AES_128_CCM_8_SHA256", 16, 0, 12, 0, 12, crypto.SHA256, record.TLS13, record.TLS13, "TLSv1.3", 1 << 23},
		{"ECDHE-RSA-AES128-GCM-SHA256", 16, 0, 4, 8, 4, crypto.SHA256, record.TLS12, record.TLS12, "TLSv1.2", 1 << 24},
		{"ECDHE-ECDSA-AES256-GCM-SHA384", 32, 0, 4, 8, 4, crypto.SHA384, record.TLS12, record.TLS12, "TLSv1.2", 1 << 24},
		{"ECDHE-RSA-CHACHA20-POLY1305", 32, 0, 12, 0, 12, crypto.SHA256, record.TLS12, record.TLS12, "TLSv1.2", never},
		{"PSK-AES256-CCM8", 32, 0, 4, 8, 4, crypto.SHA256, record.TLS12, record.TLS12, "TLSv1.2", 1 << 23},
		{"AES128-CCM", 16, 0, 4, 8, 4, crypto.SHA256, record.TLS12, record.TLS12, "TLSv1.2", 1 << 23},
		{"AES128-SHA", 16, 20, 0, 0, 16, crypto.SHA256, record.TLS10, record.TLS12, "SSLv3", never},
		{"ECDHE-RSA-AES256-SHA", 32, 20, 0, 0, 16, crypto.SHA256, record.TLS10, record.TLS12, "TLSv1.0", never},
		{"DHE-RSA-AES256-SHA256", 32, 32, 0, 0, 0, crypto.SHA256, record.TLS12, record.TLS12, "TLSv1.2", never},
		{"ECDHE-RSA-AES256-SHA384", 32, 48, 0, 0, 0, crypto.SHA384, record.TLS12, record.TLS12, "TLSv1.2", never},
		{"PSK-AES256-CBC-SHA384", 32, 48, 0, 0, 16, crypto.SHA384, record.TLS10, record.TLS12, "TLSv1.0", never},
		{"NULL-MD5", 0, 16, 0, 0, 0, crypto.SHA256, record.TLS10, record.TLS12, "SSLv3", never},
		{"NULL-SHA256", 0, 32, 0, 0, 0, crypto.SHA256, record.TLS12, record.TLS12, "TLSv1.2", never},
	} {
		s := ByName(want.name)
		if s.KeyLen != want.key || s.MACLen != want.mac || s.SaltLen != want.salt || s.ExplicitLen != want.inline || s.IVLen(s.Min) != want.first ||
			s.Hash != want.hash || s.Min != want.min || s.Max != want.max || s.Since != want.since || s.Limit != want.limit {
			t.Errorf("%s: %+v, first IV %d", want.name, *s, s.IVLen(s.Min))
		}
		if s.AEAD() != (want.mac == 0) || s.BlockCipher() != (want.mac > 0 && want.key > 0) || s.TLS13() != (want.min == record.TLS13) {
			t.Errorf("%s: AEAD %v, BlockCipher %v, TLS13 %v", want.name, s.AEAD(), s.BlockCipher(), s.TLS13())
		}
		if want.min == record.TLS10 && (s.IVLen(record.TLS11) != 0 || s.IVLen(record.TLS12) != 0) {
			t.Errorf("%s: IVs of %d and %d bytes after TLS 1.0", want.name, s.IVLen(record.TLS11), s.IVLen(record.TLS12))
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

// TestProtect sends records of each suite and version through their protection and
// back, and looks at their length.
func TestProtect(t *testing.T) {
	for s := range All() {
		for v := s.Min; v <= s.Max; v++ {
			for _, etm := range []bool{false, true} {
				protect(t, s, v, etm)
			}
		}
	}
}

func protect(t *testing.T, s *Suite, v record.Version, etm bool) {
	seal, open := halves(s, v, etm)
	if seal.SplitsFirst() != (s.BlockCipher() && v == record.TLS10) {
		t.Errorf("%v, %v: SplitsFirst %v", s, v, seal.SplitsFirst())
	}
	for _, text := range []string{"first", "second record", strings.Repeat("a long one", 1000)} {
		wire := seal.Seal(nil, record.TypeApplicationData, []byte(text))
		if want := record.HeaderLen + sealedLen(s, v, etm, len(text)); len(wire) != want {
			t.Errorf("%v, %v: a record of %d bytes, want %d", s, v, len(wire), want)
		}
		got, err := open.Open(wire)
		if err != nil || string(got.Payload) != text || got.Type != record.TypeApplicationData {
			t.Errorf("%v, %v: opened %q, %v", s, v, got.Payload, err)
		}
	}
	open.Install(s.Protect(v, make([]byte, s.MACLen+s.KeyLen), make([]byte, s.IVLen(v)), etm))
	if _, err := open.Open(seal.Seal(nil, record.TypeApplicationData, []byte("third"))); err == nil {
		t.Errorf("%v, %v: opened with other keys", s, v)
	}
}

// halves are both ends of one direction under keys that are the same at every call.
func halves(s *Suite, v record.Version, etm bool) (*record.Sealer, *record.Opener) {
	key, iv := bytes.Repeat([]byte{1}, s.MACLen+s.KeyLen), bytes.Repeat([]byte{2}, s.IVLen(v))
	var seal record.Sealer
	var open record.Opener
	seal.SetVersion(v)
	open.SetVersion(v)
	seal.Install(s.Protect(v, key, iv, etm))
	open.Install(s.Protect(v, key, iv, etm))
	clear(key)
	clear(iv)
	return &seal, &open
}

// sealedLen is how long n bytes are in a record, by the RFCs.
func sealedLen(s *Suite, v record.Version, etm bool, n int) int {
	blocks := func(n int) int { return (n/16 + 1) * 16 } // one byte of padding at the least
	tag := 16
	if strings.Contains(s.Name, "CCM_8") {
		tag = 8
	}
	ivs := 16
	if v == record.TLS10 {
		ivs = 0
	}
	switch {
	case v == record.TLS13:
		return n + 1 + tag
	case strings.Contains(s.Name, "CHACHA20"):
		return n + tag
	case s.AEAD():
		return 8 + n + tag
	case strings.Contains(s.Name, "NULL"):
		return n + s.MACLen
	case etm:
		return ivs + blocks(n) + s.MACLen
	}
	return ivs + blocks(n+s.MACLen)
}

func TestProtectMisuse(t *testing.T) {
	for _, try := range []struct {
		name    string
		v       record.Version
		key, iv int
	}{
		{"ECDHE-RSA-AES128-GCM-SHA256", record.TLS12, 32, 4},
		{"ECDHE-RSA-AES128-GCM-SHA256", record.TLS12, 16, 12},
		{"ECDHE-RSA-AES128-GCM-SHA256", record.TLS13, 16, 4},
		{"ECDHE-RSA-AES128-GCM-SHA256", record.TLS11, 16, 4},
		{"AES128-SHA", record.TLS10, 36, 0},
		{"AES128-SHA", record.TLS12, 36, 16},
		{"AES128-SHA", record.TLS13, 36, 0},
		{"AES128-SHA256", record.TLS11, 48, 0},
		{"NULL-SHA", record.TLS10, 20, 16},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s, %v, key of %d, iv of %d: no panic", try.name, try.v, try.key, try.iv)
				}
			}()
			ByName(try.name).Protect(try.v, make([]byte, try.key), make([]byte, try.iv), false)
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
