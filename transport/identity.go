package transport

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// AltNameError says that a certificate is for other names than the host's.
type AltNameError struct {
	Code   Code             // CodeAltNameInvalid
	Reason string           // node's error.reason
	Host   string           // that was asked for, without the dot at its end
	Cert   *PeerCertificate // that was shown
}

// Error is node's message.
func (e *AltNameError) Error() string {
	return "Hostname/IP does not match certificate's altnames: " + e.Reason
}

// Is reports whether target is the error's Code.
func (e *AltNameError) Is(target error) bool { return target == e.Code }

// CheckServerIdentity reports whether a certificate is for a host, as node does:
// an IP address has to be among its IP addresses, and else a name among its DNS
// names, or if there is none, its common names. A "*" may stand
// for a part of the leftmost label where two more follow. URIs never match.
//
// The error is an *AltNameError, or an *Error of CodeAltNameFormat for a
// SubjectAltName whose quotes are broken.
func CheckServerIdentity(host string, cert *PeerCertificate) error {
	//= RFC 6125 §6.4
	dns, ips, err := namesOf(cert.SubjectAltName)
	if err != nil {
		return err
	}
	host = strings.TrimSuffix(host, ".")
	if reason := mismatch(host, cert, dns, ips); reason != "" {
		return &AltNameError{Code: CodeAltNameInvalid, Reason: reason, Host: host, Cert: cert}
	}
	return nil
}

// mismatch says in node's words why a host is none of the names; "" if it is one.
func mismatch(host string, cert *PeerCertificate, dns, ips []string) string {
	match := func(pattern string) bool { return matchHost(host, pattern) }
	names := cert.Subject.Values("CN")
	switch ip, ok := hostIP(host); {
	case ok && slices.Contains(ips, ip):
		return ""
	case ok:
		return "IP: " + host + " is not in the cert's list: " + strings.Join(ips, ", ")
	case slices.ContainsFunc(dns, match):
		return ""
	case len(dns) > 0:
		return "Host: " + host + ". is not in the cert's altnames: " + cert.SubjectAltName
	case slices.ContainsFunc(names, match):
		return ""
	case strings.Join(names, "") != "" || len(names) > 1:
		return "Host: " + host + ". is not cert's CN: " + strings.Join(names, ",")
	}
	return "Cert does not contain a DNS name"
}

// namesOf are the DNS names and the IP addresses, made canonical, of a
// PeerCertificate's SubjectAltName. One that is no address is "" among them.
func namesOf(altNames string) (dns, ips []string, err error) {
	split := strings.Split(altNames, ", ")
	if strings.Contains(altNames, `"`) {
		if split, err = splitEscaped(altNames); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range split {
		if s, ok := strings.CutPrefix(name, "DNS:"); ok {
			dns = append(dns, s)
		} else if s, ok := strings.CutPrefix(name, "IP Address:"); ok {
			ip, _ := canonicalIP(s)
			ips = append(ips, ip)
		}
	}
	return dns, ips, nil
}

// jsonString is a literal of JSON at the beginning of a text.
var jsonString = regexp.MustCompile(`^"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"`)

// splitEscaped takes names apart of which some are quoted, and decodes those: a
// comma between quotes does not part names (CVE-2021-44532).
func splitEscaped(altNames string) (list []string, err error) {
	var name strings.Builder
	for altNames != "" {
		i := strings.IndexAny(altNames, `,"`)
		switch {
		case i < 0:
			name.WriteString(altNames)
			altNames = ""
		case altNames[i] == ',':
			name.WriteString(altNames[:i])
			list = append(list, name.String())
			name.Reset()
			altNames = altNames[min(i+len(", "), len(altNames)):]
		default:
			name.WriteString(altNames[:i])
			literal := jsonString.FindString(altNames[i:])
			var decoded string
			if literal == "" || json.Unmarshal([]byte(literal), &decoded) != nil {
				return nil, &Error{Code: CodeAltNameFormat, Message: "Invalid subject alternative name string"}
			}
			name.WriteString(decoded)
			altNames = altNames[i+len(literal):]
		}
	}
	return append(list, name.String()), nil
}

// canonicalIP is the one form of an IP address, without its zone: that of inet_ntop, to
// which ::102:304 is the IPv4-compatible ::1.2.3.4.
func canonicalIP(s string) (string, bool) {
	if address, _, zoned := strings.Cut(s, "%"); zoned && strings.Contains(address, ":") {
		s = address
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return "", false
	}
	b := ip.As16()
	if low := [4]byte(b[12:]); ip.Is6() && bytes.Count(b[:12], []byte{0}) == 12 && low[0]|low[1] != 0 {
		return "::" + netip.AddrFrom4(low).String(), true
	}
	return ip.String(), true
}

// zone is what node takes for the zone of an IP address.
var zone = regexp.MustCompile(`^[0-9a-zA-Z.:-]+$`)

// hostIP is the canonical form of a host that is an IP address.
func hostIP(host string) (string, bool) {
	if _, name, zoned := strings.Cut(host, "%"); zoned && !zone.MatchString(name) {
		return "", false
	}
	return canonicalIP(host)
}

// matchHost reports whether a host is what a DNS name, perhaps with a wildcard,
// stands for. Only ASCII letters count alike in either case.
func matchHost(host, pattern string) bool {
	if pattern == "" {
		return false
	}
	have, want := labels(host), labels(pattern)
	if len(have) != len(want) || slices.ContainsFunc(want, badLabel) || !slices.Equal(have[1:], want[1:]) {
		return false
	}
	prefix, suffix, wild := strings.Cut(want[0], "*")
	if !wild || strings.Contains(want[0], "xn--") {
		return have[0] == want[0]
	}
	return !strings.Contains(suffix, "*") && len(want) > 2 && len(prefix)+len(suffix) <= len(have[0]) &&
		strings.HasPrefix(have[0], prefix) && strings.HasSuffix(have[0], suffix)
}

func labels(name string) []string {
	return strings.Split(strings.Map(lowerASCII, strings.TrimSuffix(name, ".")), ".")
}

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

// badLabel reports whether a label is empty, or has a blank, a control or
// anything beyond ASCII in it: of those nobody can tell what they mean.
func badLabel(label string) bool {
	return label == "" || strings.ContainsFunc(label, func(r rune) bool { return r <= ' ' || r > 0x7f })
}
