package msg

import (
	"strings"

	"tacet/record"
	"tacet/suites"
)

// exchange is a suite's key exchange at a version, and what its messages look like.
type exchange struct {
	name   string
	suite  string
	v      record.Version
	server []field // of ServerKeyExchange; nil: there is none
	client []field
}

// The parts of key exchange messages, as the RFCs draw them.
var (
	hint     = opaque(2)
	ecParams = []field{fixed(3), opaque(1)}             // RFC 8422 §5.4
	dhParams = []field{opaque(2), opaque(2), opaque(2)} // RFC 5246 §7.4.3
	signed10 = []field{opaque(2)}                       // RFC 4346 §7.4.3
	signed12 = []field{fixed(2), opaque(2)}             // RFC 5246 §4.7
)

func fields(parts ...[]field) (list []field) {
	for _, p := range parts {
		list = append(list, p...)
	}
	return list
}

// exchanges are all that there are.
func exchanges() []exchange {
	hint, ec, dh := []field{hint}, []field{opaque(1)}, []field{opaque(2)}
	return []exchange{
		{"ECDHE_RSA", "ECDHE-RSA-AES128-SHA", record.TLS12, fields(ecParams, signed12), ec},
		{"ECDHE_ECDSA 1.1", "ECDHE-ECDSA-AES128-SHA", record.TLS11, fields(ecParams, signed10), ec},
		{"ECDHE_RSA 1.0", "ECDHE-RSA-AES128-SHA", record.TLS10, fields(ecParams, signed10), ec},
		{"DHE_RSA", "DHE-RSA-AES128-SHA", record.TLS12, fields(dhParams, signed12), dh},
		{"DHE_RSA 1.0", "DHE-RSA-AES128-SHA", record.TLS10, fields(dhParams, signed10), dh},
		{"ECDH_anon", "AECDH-AES128-SHA", record.TLS12, ecParams, ec},
		{"DH_anon", "ADH-AES128-SHA", record.TLS12, dhParams, dh},
		{"RSA", "AES128-SHA", record.TLS12, nil, []field{opaque(2)}},
		{"PSK", "PSK-AES128-CBC-SHA", record.TLS12, hint, hint},
		{"RSA_PSK", "RSA-PSK-AES128-CBC-SHA", record.TLS12, hint, fields(hint, []field{opaque(2)})},
		{"DHE_PSK", "DHE-PSK-AES128-CBC-SHA", record.TLS12, fields(hint, dhParams), fields(hint, dh)},
		{"ECDHE_PSK", "ECDHE-PSK-AES128-CBC-SHA", record.TLS10, fields(hint, ecParams), fields(hint, ec)},
	}
}

func (e *exchange) dialect() Dialect { return Dialect{e.v, suites.ByName(e.suite)} }

// samples fills every field that the exchange's name speaks of.
func (e *exchange) samples() (list []sample) {
	d := e.dialect()
	if m, ok := d.New(TypeServerKeyExchange).(*ServerKeyExchange); ok {
		list = append(list, sample{"ServerKeyExchange " + e.name, d, e.fillServer(m), e.server})
	}
	m := d.New(TypeClientKeyExchange).(*ClientKeyExchange)
	m.Public = fill(65, 0xe1)
	if strings.Contains(e.name, "PSK") {
		m.Identity = []byte("someone")
	}
	if e.name == "PSK" {
		m.Public = nil
	}
	return append(list, sample{"ClientKeyExchange " + e.name, d, m, e.client})
}

func (e *exchange) fillServer(m *ServerKeyExchange) *ServerKeyExchange {
	if strings.Contains(e.name, "PSK") {
		m.Hint = []byte("who are you?")
	}
	switch {
	case strings.Contains(e.name, "ECDH"):
		m.Group, m.Public = 23, fill(65, 0xe2)
	case strings.Contains(e.name, "DH"):
		m.P, m.G, m.Public = fill(256, 0xe3), []byte{2}, fill(255, 0xe4)
	}
	if strings.Contains(e.name, "DHE_RSA") || strings.Contains(e.name, "ECDSA") {
		m.Signature = fill(70, 0xe5)
		if e.v == record.TLS12 {
			m.Scheme = 0x0401
		}
	}
	return m
}

// legacySamples are the messages that TLS 1.0 and 1.1 write otherwise than TLS
// 1.2, and those that depend on the suite.
func legacySamples() []sample {
	tls11 := Dialect{Version: record.TLS11}
	list := []sample{
		{"CertificateRequest10", tls11, &CertificateRequest10{[]byte{1, 64}, AppendVector16(nil, fill(6, 0xe6), fill(1, 0xe7))}, []field{opaque(1), list(2, opaque(2))}},
		{"CertificateVerify10", tls11, &CertificateVerify10{fill(256, 0xe8)}, []field{opaque(2)}},
	}
	for _, e := range exchanges() {
		list = append(list, e.samples()...)
	}
	return list
}
