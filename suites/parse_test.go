package suites

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// lists are cipher strings that each show one thing; randomLists has many more.
var lists = []string{
	// words alone
	"ALL", "COMPLEMENTOFALL", "COMPLEMENTOFDEFAULT", "DEFAULT", every, "HIGH", "MEDIUM", "LOW", "FIPS",
	"kRSA", "kEDH", "kDHE", "DH", "kEECDH", "kECDHE", "ECDH", "kPSK", "kRSAPSK", "kECDHEPSK", "kDHEPSK", "kSRP",
	"aRSA", "aDSS", "DSS", "aNULL", "aECDSA", "ECDSA", "aPSK", "aSRP",
	"EDH", "DHE", "EECDH", "ECDHE", "RSA", "ADH", "AECDH", "PSK", "SRP",
	"3DES", "NULL", "eNULL", "AES128", "AES256", "AES", "AESGCM", "AESCCM", "AESCCM8", "CAMELLIA128", "CAMELLIA256",
	"CAMELLIA", "CHACHA20", "ARIA", "ARIAGCM", "ARIA128", "ARIA256", "CBC",
	"MD5", "SHA1", "SHA", "SHA256", "SHA384", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3",
	"ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA", "NULL-SHA256", "ADH-AES256-GCM-SHA384", "EDH-RSA-DES-CBC3-SHA",

	// words unknown to OpenSSL 3.0, in whole or in spelling
	"RC4", "SEED", "IDEA", "DES", "GOST", "EXPORT", "AEAD", "SUITEB", "SSLv2", "NONE", "DTLSv1.2",
	"ecdhe", "aes128-sha", "FOO", "FOO:AES128-SHA", "AES128-SHA:FOO", "ECDHE-RSA-AES128-GCM-SHA25",

	// separators
	"AES128-SHA,AES256-SHA", "AES128-SHA;AES256-SHA", "AES128-SHA AES256-SHA", "::AES128-SHA::", " , ;AES128-SHA; ",
	"ALL!kRSA", "ALL+kRSA", "ALL-kRSA", "ALL@STRENGTH", "kRSA!AES-SHA256", "DEFAULT!ALL",

	// operators
	"ALL:!ALL", "ALL:-ALL", "!ALL", "-ALL", "+ALL", "ALL:-kRSA:kRSA", "ALL:-kRSA", "ALL:!kRSA:kRSA", "ALL:+kRSA",
	"kRSA:kDHE", "kDHE:kRSA", "ALL:-kRSA:-kDHE:kDHE:kRSA", "ALL:-kRSA:-kDHE:ALL", "ALL:+AES128:+SHA1", "+AES128:ALL",
	"ALL:-ECDHE:+RSA:ECDHE", "!AES128:ALL:AES128", "AES256:AES128:+AES256", "AESGCM:-AES256:ALL", "HIGH:!aNULL:!eNULL",
	"ALL:!aNULL:!eNULL:!PSK:!SRP", "ALL:eNULL:!MD5", "DEFAULT:!DHE:!kRSA:!PSK", "CHACHA20:ALL", "AES128:CHACHA20:-AES128:ALL",

	// conjunctions
	"kRSA+AESGCM", "AESGCM+kRSA", "ECDHE+AES", "ECDHE+AESGCM:ECDHE+CHACHA20", "kRSA+kDHE", "!kRSA+kDHE:ALL", "EDH+aRSA",
	"ECDHE+aNULL", "AECDH+NULL", "HIGH+FIPS", "FIPS+HIGH", "AES128+AES256", "AES+SHA256", "AES+AES128+SHA1+kRSA",
	"COMPLEMENTOFDEFAULT+HIGH", "HIGH+COMPLEMENTOFDEFAULT", "COMPLEMENTOFDEFAULT+eNULL", "COMPLEMENTOFDEFAULT+AECDH-NULL-SHA",
	"TLSv1.2+SHA1", "TLSv1.2+SSLv3", "SSLv3+RSA", "TLSv1.2+TLSv1.2", "AES128-SHA+kRSA", "kRSA+AES128-SHA", "kDHE+AES128-SHA",
	"AES128-SHA+AES256-SHA", "RSA+FOO", "FOO+RSA", "ALL:!RSA+FOO", "ALL:-AES128+SHA1", "ALL:+ECDSA+AES256", "ALL+kRSA+AES128",
	"kRSA+EDH-RSA-DES-CBC3-SHA", "AES128-SHA+FIPS", "NULL-SHA256+FIPS", "3DES+MEDIUM", "ECDHE-RSA-AES128-GCM-SHA256+TLSv1.2+AES",

	// commands
	"ALL:@STRENGTH", "AES128:AES256:@STRENGTH", every + ":@STRENGTH", "AES128:AES256:@STRENGTH:eNULL", "@STRENGTH:AES128:AES256",
	"kRSA:kDHE:@STRENGTH:!AES256", "eNULL:AES128:@STRENGTH", "ALL:@SECLEVEL=0", "ALL:@SECLEVEL=5", "@SECLEVEL=3:ALL", "@SECLEVEL=0", "@STRENGTH",
	"ALL:@STRENGTH+junk:!AES128", "ALL:@SECLEVEL=2!kRSA",

	// faults
	"*", "ALL:*", "*:ALL", "ALL:+", "ALL:-", "ALL:!", "ALL:@", "ALL:-:kRSA", "kRSA+", "ALL:kRSA+:AES", "kRSA++AES", "ALL:!@STRENGTH",
	"ALL:@FOO", "ALL:@SECLEVEL", "ALL:@SECLEVEL=", "ALL:@SECLEVEL=6", "ALL:@SECLEVEL=x", "ALL:@SECLEVEL=12", "ALL:@STRENGTHx",
	"ALL:@strength", "kRSA*ALL", "FOO*:ALL", "FOO+*:ALL", "kRSA+FOO+*", "kRSA_X", "FOO_X:ALL", "!!ALL", "ALL:+-kRSA", "\u00c4ES", "ALL:\u00c4", "ALL\t:AES",

	// words that hold only at the beginning
	"DEFAULT:", "DEFAULTX", "DEFAULTkRSA", "DEFAULT:-ALL", "DEFAULT:aNULL", "DEFAULT@STRENGTH", "ALL:DEFAULT", "kRSA:DEFAULT", "!DEFAULT", " DEFAULT",
	"SUITEB128", "SUITEB192", "SUITEB128ONLY", "SUITEB128C2", "SUITEB128:ALL", "SUITEB128X", "SUITEB99", "ALL:SUITEB128",

	// lists in use
	"HIGH:!aNULL:!eNULL:!EXPORT:!DES:!RC4:!MD5:!PSK:!SRP:!CAMELLIA",
	"EECDH+AESGCM:EDH+AESGCM:AES256+EECDH:AES256+EDH", "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL:!MD5:!DSS",
	"ALL:!aNULL:!ADH:!eNULL:!LOW:!EXP:RC4+RSA:+HIGH:+MEDIUM", "EECDH+ECDSA+AESGCM EECDH+aRSA+AESGCM EECDH+ECDSA+SHA384 EECDH !aNULL !eNULL",
	"kEECDH+ECDSA:kEECDH:kEDH:HIGH:+SHA:+3DES:!aNULL:!eNULL:!LOW:!SSLv3", "DEFAULT@SECLEVEL=0", "ALL:@SECLEVEL=0:+PSK", "PSK:!eNULL", "PSK+HIGH",
}

// randomLists are n cipher strings from the words of OpenSSL, the same for a seed.
func randomLists(seed uint64, n int) []string {
	rnd := rand.New(rand.NewPCG(seed, 0))
	var words []string
	for _, l := range lists {
		if !strings.ContainsAny(l, ":+@*, ;!_\t") {
			words = append(words, strings.TrimLeft(l, "+-!"))
		}
	}
	out := make([]string, n)
	for i := range out {
		out[i] = randomList(rnd, words)
	}
	return out
}

func randomList(rnd *rand.Rand, words []string) string {
	var b strings.Builder
	for range 1 + rnd.IntN(7) {
		if b.Len() > 0 {
			b.WriteString([]string{":", ":", ":", " ", ","}[rnd.IntN(5)])
		} else if rnd.IntN(3) == 0 {
			b.WriteString("ALL:")
		}
		if rnd.IntN(12) == 0 {
			b.WriteString("@STRENGTH")
			continue
		}
		b.WriteString([]string{"", "", "+", "-", "!"}[rnd.IntN(5)])
		for j := range 1 + rnd.IntN(3) {
			if j > 0 {
				b.WriteString("+")
			}
			b.WriteString(words[rnd.IntN(len(words))])
		}
	}
	return b.String()
}

// TestCipherStrings runs the engine over the table and over every suite that OpenSSL
// has, and wants what "openssl ciphers" prints.
func TestCipherStrings(t *testing.T) {
	all := preference(build(opensslRows(t)))
	for _, line := range golden(t, "openssl-lists.txt", "openssl", func() []string {
		return opensslLists(t, append(lists, randomLists(1, 250)...))
	}) {
		list, want, ok := strings.Cut(line, " => ")
		if !ok {
			t.Fatalf("no arrow in %q", line)
		}
		if got := runList(all, list); got != want {
			t.Errorf("%q over OpenSSL's rows\n got %s\nwant %s", list, got, want)
		}
		if !strings.HasPrefix(want, "error: ") {
			if want = ours(want); want == "" {
				want = "error: " + KindNoMatch.String()
			}
		}
		if got := runList(table, list); got != want {
			t.Errorf("%q over our rows\n got %s\nwant %s", list, got, want)
		}
	}
}

func opensslLists(t testing.TB, lists []string) []string {
	lines := make([]string, len(lists))
	for i, list := range lists {
		lines[i] = list + " => " + opensslList(t, list)
	}
	return lines
}

func opensslList(t testing.TB, list string) string {
	out, failed := openssl(t, "-V", "--", list)
	if failed {
		return "error: " + out
	}
	return opensslIDs(t, out)
}

// runList is the engine's answer in the words of the golden file.
func runList(suites []*Suite, list string) string {
	p := parser{suites: suites, order: newOrder(suites)}
	if err := p.parse(list); err != nil {
		return "error: " + kindOf(err).String()
	}
	return ids(p.order.active())
}

func kindOf(err error) Kind {
	var e *Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Kind
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(Default); err != nil {
			b.Fatal(err)
		}
	}
}
