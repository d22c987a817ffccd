package session

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"tacet/record"
	"tacet/suites"
)

const (
	aes128in13    suites.ID = 0x1301
	aes256in13    suites.ID = 0x1302
	chacha13      suites.ID = 0x1303
	ecdheAES128   suites.ID = 0xc02f
	ecdheAES256   suites.ID = 0xc030
	unknownSuite  suites.ID = 0xfefe
	someMilli               = 1_790_000_000_123
	aDay                    = 24 * time.Hour
	unknownVerson           = record.Version(0x0305)
)

// full13 has every field set.
func full13() *Session {
	return &Session{
		Version: record.TLS13, Suite: aes256in13, Secret: filled(48, 1), ServerName: "example.com", ALPN: "h2",
		Created: time.UnixMilli(someMilli), Lifetime: aDay, AgeAdd: 0xdeadbeef, Ticket: filled(200, 2),
		PeerChain: [][]byte{filled(500, 3), filled(1, 4)}, Verified: true, MaxEarlyData: 16384,
		IDContext: []byte("ctx"), Extra: []byte("application"),
	}
}

func full12() *Session {
	return &Session{
		Version: record.TLS12, Suite: ecdheAES128, Secret: filled(48, 5), ExtendedMaster: true,
		Created: time.UnixMilli(someMilli), Lifetime: time.Hour, ID: filled(32, 6),
	}
}

func filled(n int, b byte) []byte { return slices.Repeat([]byte{b}, n) }

func TestMarshalParse(t *testing.T) {
	for name, s := range map[string]*Session{
		"1.3":   full13(),
		"1.2":   full12(),
		"least": {Version: record.TLS13, Suite: aes128in13, Secret: filled(32, 1)},
		"longest": {
			Version: record.TLS12, Suite: ecdheAES256, Secret: filled(48, 1), ServerName: string(filled(255, 'a')),
			ALPN: string(filled(255, 'b')), Ticket: filled(65535, 1), ID: filled(32, 2), IDContext: filled(32, 3),
			Extra: filled(65535, 4), Created: time.UnixMilli(-1), Lifetime: MaxLifetime,
			PeerChain: [][]byte{filled(1<<24-4, 7)},
		},
	} {
		b := s.Marshal()
		if len(b) != s.size() || cap(b) != len(b) {
			t.Errorf("%s: %d bytes in a slice of %d, size says %d", name, len(b), cap(b), s.size())
		}
		got, err := Parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		clear(b) // no retention
		if !got.Created.Equal(s.Created) {
			t.Errorf("%s: created %v, want %v", name, got.Created, s.Created)
		}
		got.Created = s.Created         // the time zone is not kept
		if !reflect.DeepEqual(s, got) { // cmp.Diff takes a minute over the longest chain
			t.Errorf("%s: comes back different", name)
		}
	}
}

// The encoding itself: a change that would strand stored sessions must raise
// the version in magic.
func TestMarshalIsStable(t *testing.T) {
	s := &Session{
		Version: record.TLS12, Suite: ecdheAES128, Secret: filled(48, 0x55), ExtendedMaster: true, Verified: true,
		ServerName: "a.b", ALPN: "h2", Created: time.UnixMilli(0x0102030405060708), Lifetime: 258 * time.Second,
		AgeAdd: 0x0a0b0c0d, MaxEarlyData: 0x0e0f1011, Ticket: []byte("TK"), ID: []byte("ID"),
		PeerChain: [][]byte{[]byte("LEAF"), []byte("CA")}, IDContext: []byte("C"), Extra: []byte("E"),
		MaxFragmentLength: 2, PSKIdentity: "me",
	}
	want := "tcs\x02" + "\x03\x03" + "\xc0\x2f" + "\x03" + "\x01\x02\x03\x04\x05\x06\x07\x08" + "\x00\x00\x01\x02" +
		"\x0a\x0b\x0c\x0d" + "\x0e\x0f\x10\x11" + "\x02" + "\x30" + string(filled(48, 0x55)) + "\x00\x02me" + "\x03a.b" + "\x02h2" +
		"\x00\x02TK" + "\x02ID" + "\x00\x00\x0c" + "\x00\x00\x04LEAF" + "\x00\x00\x02CA" + "\x01C" + "\x00\x01E"
	if got := string(s.Marshal()); got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// Lifetime is cut and Created rounded, as their docs say.
func TestMarshalRounds(t *testing.T) {
	s := full12()
	s.Created = s.Created.Add(999 * time.Microsecond)
	s.Lifetime = 30*aDay + time.Millisecond
	got, err := Parse(s.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !got.Created.Equal(time.UnixMilli(someMilli)) || got.Lifetime != 30*aDay {
		t.Errorf("created %v, lifetime %v", got.Created, got.Lifetime)
	}
	for _, c := range []struct {
		s    *Session
		most time.Duration
	}{{full12(), MaxLifetime12}, {full13(), MaxLifetime}} {
		c.s.Lifetime = c.most + time.Second
		if got, err = Parse(c.s.Marshal()); err != nil || got.Lifetime != c.most {
			t.Errorf("%v: lifetime %v, %v", c.s.Version, got, err)
		}
	}
}

func TestRefusesIllFormed(t *testing.T) {
	for name, change := range map[string]func(*Session){
		"unknown version":      func(s *Session) { s.Version = unknownVerson },
		"no version":           func(s *Session) { s.Version = 0 },
		"unknown suite":        func(s *Session) { s.Suite = unknownSuite },
		"suite of 1.2 in 1.3":  func(s *Session) { s.Suite = ecdheAES256 },
		"short secret":         func(s *Session) { s.Secret = s.Secret[1:] },
		"long secret":          func(s *Session) { s.Secret = append(s.Secret, 0) },
		"no secret":            func(s *Session) { s.Secret = nil },
		"secret of 1.2":        func(s *Session) { s.Suite = aes128in13 },
		"negative lifetime":    func(s *Session) { s.Lifetime = -time.Second },
		"long server name":     func(s *Session) { s.ServerName = string(filled(256, 'a')) },
		"long ALPN":            func(s *Session) { s.ALPN = string(filled(256, 'a')) },
		"long ticket":          func(s *Session) { s.Ticket = filled(65536, 0) },
		"long id":              func(s *Session) { s.ID = filled(33, 0) },
		"long id context":      func(s *Session) { s.IDContext = filled(33, 0) },
		"long extra":           func(s *Session) { s.Extra = filled(65536, 0) },
		"long chain":           func(s *Session) { s.PeerChain = [][]byte{filled(1<<24-3, 0)} },
		"an empty certificate": func(s *Session) { s.PeerChain = [][]byte{nil} },
	} {
		s := full13()
		change(s)
		if s.Marshal() != nil {
			t.Errorf("%s: Marshal encodes it", name)
		}
		if s.Resumable(time.UnixMilli(someMilli)) {
			t.Errorf("%s: Resumable", name)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := full13().Marshal()
	for n := range len(good) {
		if _, err := Parse(good[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are taken", n, len(good))
		}
	}
	for name, change := range map[string]func(b []byte) []byte{
		"trailing byte":        func(b []byte) []byte { return append(b, 0) },
		"another magic":        func(b []byte) []byte { b[0]++; return b },
		"next encoding":        func(b []byte) []byte { b[3]++; return b },
		"version 1.4":          func(b []byte) []byte { b[5]++; return b },
		"suite":                func(b []byte) []byte { b[7] = 0xff; return b },
		"flag":                 func(b []byte) []byte { b[8] |= 1 << 2; return b },
		"high flag":            func(b []byte) []byte { b[8] |= 1 << 7; return b },
		"lifetime of 8 days":   func(b []byte) []byte { copy(b[17:21], "\x00\x0a\x8c\x00"); return b },
		"length of the secret": func(b []byte) []byte { b[29]--; return b },
	} {
		_, err := Parse(change(slices.Clone(good)))
		if e := (*Error)(nil); !errors.As(err, &e) || e.Reason == "" {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestExpired(t *testing.T) {
	for _, c := range []struct {
		s             *Session
		age, lifetime time.Duration
		want          bool
	}{
		{full13(), 0, aDay, false},
		{full13(), aDay - 1, aDay, false},
		{full13(), aDay, aDay, true},
		{full13(), -1, aDay, true},
		{full13(), 0, 0, true},
		{full13(), 0, -1, true},
		{full13(), MaxLifetime - 1, 30 * aDay, false},
		{full13(), MaxLifetime, 30 * aDay, true},
		{full12(), MaxLifetime, 30 * aDay, false},
		{full12(), 30 * aDay, 30 * aDay, true},
		{full12(), MaxLifetime12, MaxLifetime12 + time.Hour, true},
	} {
		s := c.s
		s.Lifetime = c.lifetime
		now := s.Created.Add(c.age)
		if got := s.Expired(now); got != c.want {
			t.Errorf("age %v of %v: expired %v", c.age, c.lifetime, got)
		}
		if got := s.Resumable(now); got == c.want {
			t.Errorf("age %v of %v: resumable %v", c.age, c.lifetime, got)
		}
	}
}

func TestFits(t *testing.T) {
	//= RFC 9846 §4.3.11 type=test
	for _, c := range []struct {
		version record.Version
		own     suites.ID
		at      record.Version
		suite   suites.ID
		want    bool
	}{
		{record.TLS13, aes128in13, record.TLS13, aes128in13, true},
		{record.TLS13, aes128in13, record.TLS13, chacha13, true}, // the same hash
		{record.TLS13, aes128in13, record.TLS13, aes256in13, false},
		{record.TLS13, aes128in13, record.TLS12, aes128in13, false},
		{record.TLS13, aes128in13, record.TLS13, ecdheAES128, false},
		{record.TLS13, unknownSuite, record.TLS13, aes128in13, false},
		{record.TLS12, ecdheAES128, record.TLS12, ecdheAES128, true},
		{record.TLS12, ecdheAES128, record.TLS12, ecdheAES256, false},
		{record.TLS12, ecdheAES128, record.TLS13, ecdheAES128, false},
		{record.TLS12, ecdheAES128, record.TLS12, unknownSuite, false},
	} {
		s := &Session{Version: c.version, Suite: c.own}
		if got := s.Fits(c.at, suites.ByID(c.suite)); got != c.want {
			t.Errorf("%v %v fits %v %v: %v", c.version, c.own, c.at, c.suite, got)
		}
	}
}

func TestObfuscatedAge(t *testing.T) {
	//= RFC 9846 §4.3.11.1 type=test
	//= RFC 9846 §8.3 type=test
	s := full13()
	now := s.Created.Add(90 * time.Second)
	age := s.ObfuscatedAge(now)
	if want := s.AgeAdd + 90_000; age != want {
		t.Errorf("age %d, want %d", age, want)
	}
	s.AgeAdd = 1<<32 - 1
	if age := s.ObfuscatedAge(now); age != 89_999 {
		t.Errorf("age %d does not wrap", age)
	}
	for _, c := range []struct{ server, want time.Duration }{
		{90 * time.Second, 0},
		{91 * time.Second, -time.Second},
		{88 * time.Second, 2 * time.Second},
	} {
		if got := s.AgeSkew(s.Created.Add(c.server), s.ObfuscatedAge(now)); got != c.want {
			t.Errorf("skew %v, want %v", got, c.want)
		}
	}
}

// FuzzParse: what is taken is what Marshal writes, and nothing panics.
func FuzzParse(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(full12().Marshal())
	f.Add(full13().Marshal())
	f.Add((&Session{Version: record.TLS13, Suite: aes128in13, Secret: filled(32, 1)}).Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		if got := s.Marshal(); string(got) != string(b) {
			t.Errorf("\n in %x\nout %x", b, got)
		}
	})
}
