package peers

import (
	"crypto/tls"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"tacet/record"
	"tacet/suites"
)

// ownList is what a peer itself says of the suites that it has at a version, by
// IANA's names. It knows nothing of the table's rows.
type ownList func(t *testing.T, v record.Version) []string

// TestCoverage: there is a row of each suite, at each version, in each role, with each
// peer that says it has the suite, so that none is lost by a condition that holds too often.
func TestCoverage(t *testing.T) {
	visited := map[string]bool{}
	for _, c := range []struct {
		peer   peer
		list   ownList
		except func(s *suites.Suite, o role) bool // what its programs do not let be tested
	}{
		{openssl{}, opensslList, nil},
		{node{}, opensslList, nil}, // which is what it is built of
		{gnutls{}, gnutlsList, func(s *suites.Suite, o role) bool { // gnutls-cli crashes once it has agreed upon one
			return o == client && (s.Kx == suites.KxDHEPSK || s.Kx == suites.KxECDHEPSK)
		}},
		{gotls{}, gotlsList, nil},
		{boringssl{}, boringList, func(s *suites.Suite, _ role) bool { return s.Kx.PSK() }}, // bssl has no option for the key
	} {
		t.Run(c.peer.name(), func(t *testing.T) {
			require(t, c.peer)
			for _, v := range versions {
				list := c.list(t, v)
				for s := range suites.All() {
					if v < s.Min || v > s.Max || !slices.Contains(list, s.Name) {
						continue
					}
					for _, o := range []role{client, server} {
						has, want := hasRow(c.peer, o, v, s), c.except == nil || !c.except(s, o)
						if has != want {
							t.Errorf("as %s at %v with %s: there is a row is %v, want %v", o, v, s, has, want)
						}
						visited[s.Name] = visited[s.Name] || has
					}
				}
			}
		})
	}
	if t.Failed() || t.Skipped() {
		return
	}
	for s := range suites.All() {
		if !visited[s.Name] && missingProgram("openssl") == "" && missingProgram("gnutls-cli") == "" {
			t.Errorf("no peer has %s", s)
		}
	}
}

// hasRow reports whether there is a row that is of nothing but a suite.
func hasRow(p peer, o role, v record.Version, s *suites.Suite) bool {
	for _, c := range suiteCases() {
		r := &row{terms: c, version: v, peer: p, role: o}
		if c.suite == s && c.isAt(v) && r.exists() && p.lacks(r) == "" {
			return true
		}
	}
	return false
}

func opensslList(t *testing.T, v record.Version) []string {
	t.Helper()
	option := map[record.Version]string{record.TLS10: "-tls1", record.TLS11: "-tls1_1", record.TLS12: "-tls1_2", record.TLS13: "-tls1_3"}
	var of13 []string // which are not all of its default
	for s := range suites.All() {
		if s.TLS13() {
			of13 = append(of13, s.Name)
		}
	}
	return firstWords(t, "openssl", "ciphers", "-stdname", "-s", "-psk", option[v], "-ciphersuites", strings.Join(of13, ":"), "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
}

// boringList is without the suites of TLS 1.3, which bssl does not tell of.
func boringList(t *testing.T, v record.Version) []string {
	t.Helper()
	if v >= record.TLS13 {
		return []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	}
	return firstWords(t, boringssl{}.command(), "ciphers", "ALL")
}

func gnutlsList(_ *testing.T, v record.Version) (list []string) {
	for id, from := range gnutlsSuites() {
		if s := suites.ByID(id); s != nil && from <= v {
			list = append(list, s.Name)
		}
	}
	return list
}

func gotlsList(_ *testing.T, v record.Version) (list []string) {
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if slices.Contains(c.SupportedVersions, uint16(v)) {
			list = append(list, c.Name)
		}
	}
	return list
}

// firstWords are those of the lines that a program prints.
func firstWords(t *testing.T, name string, args ...string) (list []string) {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", name, err))
	}
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); len(words) > 0 {
			list = append(list, words[0])
		}
	}
	return list
}
