package transport

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// identity is a host and a certificate that may be for it.
type identity struct {
	Host string           `json:"host"`
	Cert *PeerCertificate `json:"cert"`
}

func dnsCert(altNames string) *PeerCertificate { return &PeerCertificate{SubjectAltName: altNames} }

func cnCert(names ...string) *PeerCertificate {
	c := &PeerCertificate{Subject: Name{}}
	for _, n := range names {
		c.Subject = append(c.Subject, Attribute{"CN", n})
	}
	return c
}

// identities are the cases: those of Node's own tests and more.
func identities() (list []identity) {
	add := func(cert *PeerCertificate, hosts ...string) {
		for _, host := range hosts {
			list = append(list, identity{host, cert})
		}
	}
	both := func(altNames string, cn ...string) *PeerCertificate {
		c := cnCert(cn...)
		c.SubjectAltName = altNames
		return c
	}
	add(cnCert("a.com"), "a.com", "a.com.", "a.com..", "A.COM", ".a.com", "b.com", "", ".", "..", "a", "com", "a.com:443", " a.com", "a.com ")
	add(cnCert("A.com"), "a.COM", "a.com")
	add(cnCert("a.com."), "a.com", "a.com.")
	add(cnCert(".a.com"), "a.com", ".a.com", "b.a.com")
	add(cnCert("a..com"), "a..com", "a.com")
	add(cnCert("*.a.com"), "b.a.com", "a.com", ".a.com", "c.b.a.com", "*.a.com", "B.A.com", "xn--bcher-kva.a.com", "bücher.a.com")
	add(cnCert("b*.a.com"), "b.a.com", "bc.a.com", "a.a.com", "b.c.a.com", "bxn--x.a.com")
	add(cnCert("*d.a.com"), "d.a.com", "bcd.a.com", "b.a.com", "dd.a.com")
	add(cnCert("b*d.a.com"), "bd.a.com", "bcd.a.com", "b.a.com", "d.a.com", "BCD.A.COM")
	add(cnCert("ab*ba.a.com"), "aba.a.com", "abba.a.com", "abxba.a.com")
	add(cnCert("*b*.a.com"), "b.a.com", "abc.a.com")
	add(cnCert("**.a.com"), "b.a.com")
	add(cnCert("***.a.com"), "b.a.com")
	add(cnCert("*.*.a.com"), "b.c.a.com", "b.*.a.com")
	add(cnCert("a.*.com"), "a.b.com", "a.*.com")
	add(cnCert("*.com"), "a.com", "com", "*.com")
	add(cnCert("*"), "a", "a.com", "*", "")
	add(cnCert("*.a.com."), "b.a.com")
	add(cnCert("xn--*.a.com"), "xn--b.a.com", "xn--*.a.com")
	add(cnCert("*xn--.a.com"), "axn--.a.com")
	add(cnCert("*.xn--bcher-kva.com"), "a.xn--bcher-kva.com", "a.bücher.com")
	add(cnCert("bücher.com"), "bücher.com", "xn--bcher-kva.com")
	add(cnCert("b\x00a.com"), "b", "b\x00a.com")
	add(cnCert("a b.com"), "a b.com")
	add(cnCert("a\tb.com", "a.com"), "a\tb.com", "a.com")
	add(cnCert("a\x7fb.com"), "a\x7fb.com")
	add(cnCert("a.com", "b.com"), "a.com", "b.com", "c.com")
	add(cnCert("", ""), "a.com", "")
	add(cnCert(""), "a.com", "")
	add(cnCert("127.0.0.1"), "127.0.0.1", "127.0.0.1.", "127.0.0.01")
	add(cnCert("::1"), "::1")
	add(cnCert(), "a.com", "8.8.8.8")
	add(&PeerCertificate{}, "a.com", "8.8.8.8", "")

	add(dnsCert("DNS:a.com"), "a.com", "b.com", "A.com", "a.com.", "a.com..", "1.2.3.4")
	add(dnsCert("DNS:*.a.com"), "a.com", "b.a.com", "c.b.a.com")
	add(dnsCert("DNS:"), "a.com", "")
	add(dnsCert("DNS:."), "a.com", ".", "")
	add(dnsCert("DNS:a.com, DNS:b.com"), "a.com", "b.com", "c.com")
	add(dnsCert("DNS:a.com,DNS:b.com"), "a.com", "b.com")
	add(dnsCert("dns:a.com"), "a.com")
	add(dnsCert("DNS:localhost"), "localhost", "LOCALHOST", "localhost.localdomain")
	add(dnsCert("URI:http://a.com/"), "a.com")
	add(dnsCert("URI:http://*.b.a.com/"), "a.b.a.com")
	add(both("URI:http://b.a.com/", "a.com"), "a.com", "b.a.com")
	add(both("email:x@b.com", "a.com"), "a.com", "b.com")
	add(both("IP Address:127.0.0.1", "a.com"), "a.com", "127.0.0.1", "127.0.0.2")
	add(both("DNS:b.com", "a.com"), "a.com", "b.com")
	add(both("DNS:*.co.uk", "a.com"), "a.co.uk", "co.uk", "a.com")
	add(both("DNS:b*.a.com, URI:x, IP Address:10.0.0.1", "*.a.com"), "bc.a.com", "c.a.com", "10.0.0.1", "10.0.0.2")
	add(dnsCert("IP Address:1.2.3.4"), "1.2.3.4", "1.2.3.5", "::ffff:1.2.3.4", "::ffff:102:304", "01.2.3.4", "1.2.3.4.", "0x1.2.3.4", "16909060", "1.2.3")
	add(dnsCert("IP Address:::ffff:1.2.3.4"), "1.2.3.4", "::ffff:1.2.3.4", "::FFFF:102:304")
	add(dnsCert("IP Address:2001:DB8:0:0:0:0:0:1"), "2001:db8::1", "2001:DB8::1", "2001:db8:0::1", "2001:db8::2", "[2001:db8::1]", "2001:db8::1.", "2001:0db8::0001")
	add(dnsCert("IP Address:FE80:0:0:0:0:0:0:1"), "fe80::1%eth0", "fe80::1", "fe80::1%", "fe80::1%e_h")
	add(dnsCert("IP Address:<invalid length=3>, IP Address:10.0.0.1"), "10.0.0.1", "10.0.0.2", "a.com")
	add(dnsCert("IP Address:0:0:0:0:0:0:102:304"), "::1.2.3.4", "::102:304", "::1.2.3.5")
	add(dnsCert("IP Address:0:0:0:0:0:0:0:5"), "::5", "::0.0.0.5", "::", "::1:0")
	add(dnsCert("IP Address:0:0:0:0:0:0:1:0"), "::1:0", "::0.1.0.0", "::")
	add(dnsCert("IP Address:0:0:0:0:0:FFFE:102:304"), "::fffe:1.2.3.4", "::fffe:102:305")
	add(dnsCert("IP Address:1:0:0:2:3:0:0:4"), "1::2:3:0:0:4", "1:0:0:2:3::4", "1::4")
	add(dnsCert("IP Address:0:2:3:4:5:6:7:8"), "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1:2:3:4:5:6:7::")
	add(dnsCert("IP Address:FE80::1%, IP Address:1.2.3.4%a, IP Address:::1.2.3.4%x"), "::2", "fe80::1", "fe80::1%a.b:-c", "1.2.3.4%a")
	add(dnsCert("IP Address:a.com"), "a.com")
	add(dnsCert("DNS:1.2.3.4"), "1.2.3.4")

	add(dnsCert(`DNS:"a.com"`), "a.com", `"a.com"`)
	add(dnsCert(`DNS:"good.example\u002c DNS:evil.example"`), "good.example", "evil.example", "good.example, DNS:evil.example")
	add(dnsCert(`DNS:"a.com", DNS:b.com`), "a.com", "b.com")
	add(dnsCert(`DNS:b.com, DNS:"caf\u00e9.com"`), "b.com", "café.com")
	add(dnsCert(`"DNS:a.com"`), "a.com")
	add(dnsCert(`"DNS:"a.com`), "a.com")
	add(dnsCert(`DNS:a"."com`), "a.com")
	add(dnsCert(`URI:"x\u002c DNS:a.com", DNS:b.com`), "a.com", "b.com")
	add(dnsCert(`DNS:"a.com`), "a.com")
	add(dnsCert(`DNS:"a\xcom"`), "a.com")
	add(dnsCert(`DNS:"a`+"\n"+`.com"`), "a.com")
	add(dnsCert(`DNS:"\ud800.com"`), "a.com")
	add(dnsCert(`DNS:"\u0061.com"`), "a.com")
	add(dnsCert(`DNS:"a.com",`), "a.com", "b.com")
	add(dnsCert(`DNS:"a.com",  DNS:b.com`), "a.com", "b.com")
	add(dnsCert(`DNS:"a\/.com"`), "a/.com")
	add(dnsCert(`DNS:"`), "")
	add(dnsCert(`IP Address:"10.0.0.1"`), "10.0.0.1")
	return list
}

// identityScript answers with what node's check makes of a host and a certificate.
const identityScript = `
const {checkServerIdentity} = require('tls');
console.log(JSON.stringify(Q.map(({host, cert}) => {
  try {
    const e = checkServerIdentity(host, cert);
    return e ? {code: e.code, reason: e.reason, host: e.host, message: e.message} : {};
  } catch (e) {
    return {code: e.code, message: e.message};
  }
})));`

// verdict is what a check comes to.
type verdict struct{ Code, Reason, Host, Message string }

func verdictOf(t *testing.T, q identity) (v verdict) {
	err := CheckServerIdentity(q.Host, q.Cert)
	var name *AltNameError
	var other *Error
	switch {
	case errors.As(err, &name):
		v = verdict{string(name.Code), name.Reason, name.Host, name.Error()}
		if name.Cert != q.Cert || !errors.Is(err, CodeAltNameInvalid) {
			t.Errorf("%v is of another certificate or code", err)
		}
	case errors.As(err, &other):
		v.Code, v.Message = string(other.Code), other.Message
	}
	return v
}

// compareVerdicts compares verdicts, reasons and messages with node's.
func compareVerdicts(t *testing.T, list []identity, answers []json.RawMessage) (good int) {
	for i, answer := range answers {
		var want verdict
		if err := json.Unmarshal(answer, &want); err != nil {
			t.Fatal(err)
		}
		if want.Code == "" {
			good++
		}
		if got := verdictOf(t, list[i]); got != want {
			t.Errorf("%d: %q for %q %v:\nours:   %q\nnode's: %q", i, list[i].Host, list[i].Cert.SubjectAltName, list[i].Cert.Subject, got, want)
		}
	}
	return good
}

func TestCheckServerIdentity(t *testing.T) {
	//= RFC 6125 §6.4 type=test
	list := identities()
	if len(list) < 200 {
		t.Errorf("only %d cases", len(list))
	}
	compareVerdicts(t, list, recorded(t, "identity", identityScript, list))
}

// anyOf are random names of parts that are hard to tell.
type anyOf struct{ *rand.Rand }

func (r anyOf) pick(list ...string) string { return list[r.IntN(len(list))] }

func (r anyOf) name() string {
	if r.IntN(4) == 0 {
		return r.pick("1.2.3.4", "1.2.3.04", "::1", "::", "0:0:0:0:0:0:0:1", "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "::ffff:1.2.3.4", "::1.2.3.4", "1::1%a",
			"1.2.3", "<invalid length=3>", "00:0::1", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4.5", "1::2::3", "12345::", "1.2.3.4.", "fe80::1%e_0", "::FFFF:0:0")
	}
	var labels []string
	for range 1 + r.IntN(4) {
		labels = append(labels, r.pick("a", "b", "A", "ab", "*", "a*", "*b", "a*b", "**", "xn--a", "xn--a*", "*xn--", "", " ", "é", "_", "1", "a-b", "\x7f", "İ", "ſ", "K"))
	}
	return strings.Join(labels, ".") + r.pick("", "", "", "", ".")
}

func (r anyOf) quoted(s string) string {
	text, _ := json.Marshal(s) // of a string it does not fail
	return r.pick(s, s, s, string(text), `"`+s+r.pick(`"`, ``, `\"`, `\u002c"`, `\x"`, `\`, `", "`, `",`), s+r.pick(`"`, `""`, `"a"`, `\`))
}

// identity is a certificate, and a host that it may be for.
func (r anyOf) identity() identity {
	c := &PeerCertificate{Subject: Name{}}
	host := r.name()
	for range r.IntN(3) {
		c.Subject = append(c.Subject, Attribute{"CN", r.name()})
		host = r.pick(host, c.Subject[0].Value)
	}
	if r.IntN(3) > 0 {
		var parts []string
		for range 1 + r.IntN(3) {
			name := r.name()
			host = r.pick(host, name, name)
			parts = append(parts, r.pick("DNS:", "DNS:", "DNS:", "IP Address:", "URI:", "email:", "dns:", "DNS :", "", " DNS:", "DirName:")+r.quoted(name))
		}
		c.SubjectAltName = strings.Join(parts, r.pick(", ", ", ", ", ", ",", ",  "))
	}
	return identity{strings.ReplaceAll(host, "*", r.pick("", "a", "b", "x.y")), c}
}

// TestCheckServerIdentityRandom asks node of names that nobody has thought of.
func TestCheckServerIdentityRandom(t *testing.T) {
	r := anyOf{rand.New(rand.NewPCG(6125, 0))}
	var list []identity
	for range 5000 {
		list = append(list, r.identity())
	}
	if good := compareVerdicts(t, list, askNode(t, identityScript, list)); good < 200 {
		t.Errorf("only %d hosts are any certificate's", good)
	}
}
