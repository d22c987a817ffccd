package main

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// certificateFacts is node's object for a certificate, less what is bytes.
type certificateFacts struct {
	Subject        map[string]any `json:"subject"`
	Issuer         map[string]any `json:"issuer"`
	SubjectAltName string         `json:"subjectaltname,omitempty"`
	CA             bool           `json:"ca"`
	Modulus        string         `json:"modulus,omitempty"`
	Bits           int            `json:"bits,omitempty"`
	Exponent       string         `json:"exponent,omitempty"`
	ASN1Curve      string         `json:"asn1Curve,omitempty"`
	NISTCurve      string         `json:"nistCurve,omitempty"`
	ValidFrom      string         `json:"valid_from,omitempty"`
	ValidTo        string         `json:"valid_to,omitempty"`
	Fingerprint    string         `json:"fingerprint,omitempty"`
	Fingerprint256 string         `json:"fingerprint256,omitempty"`
	Fingerprint512 string         `json:"fingerprint512,omitempty"`
	ExtKeyUsage    []string       `json:"ext_key_usage,omitempty"`
	SerialNumber   string         `json:"serialNumber,omitempty"`
}

func certificateOf(c *x509.Certificate) *certificateFacts {
	sum1, sum256, sum512 := sha1.Sum(c.Raw), sha256.Sum256(c.Raw), sha512.Sum512(c.Raw)
	f := &certificateFacts{
		Subject: nameOf(c.Subject), Issuer: nameOf(c.Issuer), SubjectAltName: altNames(c), CA: c.BasicConstraintsValid && c.IsCA,
		ValidFrom: asnTime(c.NotBefore), ValidTo: asnTime(c.NotAfter),
		Fingerprint: colons(sum1[:]), Fingerprint256: colons(sum256[:]), Fingerprint512: colons(sum512[:]),
		SerialNumber: serial(c.SerialNumber), ExtKeyUsage: usages(c),
	}
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		f.Modulus, f.Bits = fmt.Sprintf("%X", key.N), key.N.BitLen()
		f.Exponent = fmt.Sprintf("%#x", key.E)
	case *ecdsa.PublicKey:
		f.Bits, f.NISTCurve = key.Params().BitSize, key.Params().Name
		f.ASN1Curve = asn1Curves[f.NISTCurve]
	}
	return f
}

var asn1Curves = map[string]string{
	"P-224": "secp224r1", "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1",
}

// attributes are OpenSSL's short names of what stands in a name.
var attributes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.17": "postalCode",
	"2.5.4.42": "GN", "1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.1": "UID",
	"0.9.2342.19200300.100.1.25": "DC", "2.5.4.15": "businessCategory", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
	"2.5.4.97": "organizationIdentifier",
}

// nameOf is a distinguished name by its attributes; one that repeats is a list.
func nameOf(name pkix.Name) map[string]any {
	m := make(map[string]any)
	for _, a := range name.Names {
		key := attribute(a.Type)
		value := fmt.Sprint(a.Value)
		switch before := m[key].(type) {
		case nil:
			m[key] = value
		case string:
			m[key] = []string{before, value}
		case []string:
			m[key] = append(before, value)
		}
	}
	return m
}

// attribute is the short name of an attribute, or its number.
func attribute(id asn1.ObjectIdentifier) string {
	if name, ok := attributes[id.String()]; ok {
		return name
	}
	return id.String()
}

func asnTime(t time.Time) string { return t.UTC().Format("Jan _2 15:04:05 2006") + " GMT" }

func colons(b []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", b), " ", ":")
}

func serial(n *big.Int) string {
	b := n.Bytes() // of the absolute value
	if len(b) == 0 {
		return "0"
	}
	s := strings.ToUpper(hex.EncodeToString(b))
	if n.Sign() < 0 {
		s = "-" + s
	}
	return s
}

var (
	extKeyUsageOID = asn1.ObjectIdentifier{2, 5, 29, 37}
	altNameOID     = asn1.ObjectIdentifier{2, 5, 29, 17}
)

// extension is the value of a certificate's extension, nil if it has none.
func extension(c *x509.Certificate, id asn1.ObjectIdentifier) cryptobyte.String {
	for _, e := range c.Extensions {
		if e.Id.Equal(id) {
			return e.Value
		}
	}
	return nil
}

// usages are the extended key usages in the certificate's order.
func usages(c *x509.Certificate) []string {
	value := extension(c, extKeyUsageOID)
	var all cryptobyte.String
	var list []string
	if !value.ReadASN1(&all, cbasn1.SEQUENCE) {
		return nil
	}
	for {
		var id asn1.ObjectIdentifier
		if !all.ReadASN1ObjectIdentifier(&id) {
			return list
		}
		list = append(list, id.String())
	}
}

// altNames are the subject alternative names in the certificate's order.
func altNames(c *x509.Certificate) string {
	value := extension(c, altNameOID)
	var all cryptobyte.String
	var list []string
	if !value.ReadASN1(&all, cbasn1.SEQUENCE) {
		return ""
	}
	for {
		var name cryptobyte.String
		var tag cbasn1.Tag
		if !all.ReadAnyASN1(&name, &tag) {
			return strings.Join(list, ", ")
		}
		list = append(list, altName(tag&0x1f, name))
	}
}

// altName is one GeneralName (RFC 5280 §4.2.1.6) as node prints it.
func altName(tag cbasn1.Tag, value []byte) string {
	switch tag {
	case 1:
		return "email:" + escaped(value)
	case 2:
		return "DNS:" + escaped(value)
	case 3:
		return "X400Name:<unsupported>"
	case 4:
		return "DirName:" + escaped([]byte(directoryName(value)))
	case 5:
		return "EdiPartyName:<unsupported>"
	case 6:
		return "URI:" + escaped(value)
	case 7:
		return "IP Address:" + address(value)
	case 8:
		return "Registered ID:" + registeredID(value)
	}
	return "othername:<unsupported>"
}

// directoryName is a Name by RFC 2253, the last part first.
func directoryName(der []byte) string {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &rdns); err != nil || len(rest) > 0 {
		return "<unsupported>"
	}
	var parts []string
	for _, rdn := range slices.Backward(rdns) {
		var values []string
		for _, a := range rdn {
			values = append(values, attribute(a.Type)+"="+special.ReplaceAllString(fmt.Sprint(a.Value), `\$0`))
		}
		parts = append(parts, strings.Join(values, "+"))
	}
	return strings.Join(parts, ",")
}

// special are the characters that RFC 2253 §2.4 escapes anywhere.
var special = regexp.MustCompile(`[,+"\\<>;]`)

func registeredID(body []byte) string {
	var id asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(append([]byte{byte(cbasn1.OBJECT_IDENTIFIER), byte(len(body))}, body...), &id); err != nil || len(rest) > 0 {
		return "<unsupported>"
	}
	return id.String()
}

func address(b []byte) string {
	ip, ok := netip.AddrFromSlice(b)
	switch {
	case !ok:
		return fmt.Sprintf("<invalid length=%d>", len(b))
	case ip.Is4():
		return ip.String()
	}
	var groups []string
	for i := 0; i < len(b); i += 2 {
		groups = append(groups, fmt.Sprintf("%X", uint(b[i])<<8|uint(b[i+1])))
	}
	return strings.Join(groups, ":")
}

// escaped makes a JSON string of a value that could be taken for several names.
func escaped(b []byte) string {
	if strings.IndexFunc(string(b), suspicious) < 0 {
		return string(b)
	}
	runes := make([]rune, len(b)) // Latin-1
	for i, c := range b {
		runes[i] = rune(c)
	}
	quoted, err := json.Marshal(string(runes))
	if err != nil {
		return "<unsupported>"
	}
	return strings.ReplaceAll(string(quoted), ",", `\u002c`)
}

func suspicious(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`,"'\`, r) }
