package transport

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// PeerCertificate is node's object of a certificate. Its JSON is node's, field by
// field; what a certificate lacks is "" or nil here and left out there. The slices
// are the owner's, and not to be changed.
type PeerCertificate struct {
	Subject Name // nil if it is no text
	Issuer  Name // nil if it is no text

	// SubjectAltName are the names that it is for, such as "DNS:a.example, IP
	// Address:192.0.2.1". One that holds a comma, a quote or a control character
	// is a JSON string after its prefix.
	SubjectAltName string
	InfoAccess     []InfoAccess // where to ask more of it
	CA             bool         // may issue certificates

	Modulus   string // of an RSA key, in upper-case hexadecimal
	Bits      int    // of an RSA modulus or the order of a curve; 0 for other keys
	Exponent  string // of an RSA key: "0x10001"
	PubKey    []byte // RSA: a SubjectPublicKeyInfo in DER; elliptic curves: the point
	ASN1Curve string // OpenSSL's name of the curve
	NISTCurve string // NIST's name of the curve

	ValidFrom, ValidTo string // "Jan  2 03:04:05 2034 GMT"

	Fingerprint    string // SHA-1 of the certificate: "01:AB:…"
	Fingerprint256 string // SHA-256
	Fingerprint512 string // SHA-512

	ExtKeyUsage  []string // object identifiers
	SerialNumber string   // in upper-case hexadecimal
	Raw          []byte   // DER

	// IssuerCertificate is who issued it, where that was asked for and is known: a
	// root's is itself, which JSON leaves out.
	IssuerCertificate *PeerCertificate

	altNames, access presence
}

// presence tells an extension that is empty from none.
type presence uint8

const (
	absent presence = iota
	present
	unreadable // null in JSON
)

func presenceOf(readable bool) presence {
	if readable {
		return present
	}
	return unreadable
}

// Name is a distinguished name: its attributes in the certificate's order.
type Name []Attribute

// Attribute is a part of a Name. Type is OpenSSL's short name, such as "CN", or an
// object identifier that it does not know.
type Attribute struct{ Type, Value string }

// Values are those of all attributes of a type, such as "CN" or "OU".
func (n Name) Values(typ string) (list []string) {
	for _, a := range n {
		if a.Type == typ {
			list = append(list, a.Value)
		}
	}
	return list
}

// MarshalJSON writes an object whose values are strings, or lists of strings
// for types that the name holds more than once.
func (n Name) MarshalJSON() ([]byte, error) {
	var o object
	for i, a := range n {
		if values := n.Values(a.Type); len(n[:i].Values(a.Type)) > 0 {
			continue
		} else if len(values) > 1 {
			o.add(a.Type, values)
		} else {
			o.add(a.Type, a.Value)
		}
	}
	return o.close()
}

// InfoAccess is where a certificate says that there is more of its issuer: Method is
// such as "OCSP - URI" or "CA Issuers - URI".
type InfoAccess struct {
	Method   string
	Location []string
}

// NewPeerCertificate tells of a certificate in DER, which is kept. The error is an *Error
// for what is none.
func NewPeerCertificate(der []byte) (*PeerCertificate, error) {
	c, err := readCertificate(der)
	if err != nil {
		return nil, err
	}
	return c.peerCertificate(), nil
}

// namesInCertificate is a PeerCertificate of nothing but what CheckServerIdentity looks at.
func namesInCertificate(der []byte) (*PeerCertificate, error) {
	c, err := readCertificate(der)
	if err != nil {
		return nil, err
	}
	p := &PeerCertificate{Subject: nameOf(c.subject)}
	c.describeAltNames(p)
	return p, nil
}

func (c *derCertificate) describeAltNames(p *PeerCertificate) {
	if value, ok := c.extensions[oidAltName]; ok {
		text, readable := altNames(value)
		p.SubjectAltName, p.altNames = text, presenceOf(readable)
	}
}

func (c *derCertificate) peerCertificate() *PeerCertificate {
	sum1, sum256, sum512 := sha1.Sum(c.raw), sha256.Sum256(c.raw), sha512.Sum512(c.raw)
	p := &PeerCertificate{
		Subject: nameOf(c.subject), Issuer: nameOf(c.issuer), CA: c.isCA(),
		ValidFrom: asnTime(c.notBefore), ValidTo: asnTime(c.notAfter),
		Fingerprint: colons(sum1[:]), Fingerprint256: colons(sum256[:]), Fingerprint512: colons(sum512[:]),
		ExtKeyUsage: c.extKeyUsage(), SerialNumber: serial(c.serial), Raw: bytes.Clone(c.raw),
	}
	c.describeAltNames(p)
	if value, ok := c.extensions[oidInfoAccess]; ok {
		text, readable := accessDescriptions(value)
		p.InfoAccess, p.access = infoAccess(text), presenceOf(readable)
	}
	c.describeKey(p)
	return p
}

// nameOf is a name as text, nil if one of its values is none.
func nameOf(list []rdn) Name {
	n := Name{}
	for _, a := range list {
		value, ok := a.value.text()
		if !ok {
			return nil
		}
		n = append(n, Attribute{shortName(a.oid), strings.ToValidUTF8(value, "\ufffd")})
	}
	return n
}

// accessLine is one of OpenSSL's print of an AuthorityInfoAccess.
var accessLine = regexp.MustCompile(`([^\n:]*):([^\n]*)(?:\n|$)`)

func infoAccess(text string) (list []InfoAccess) {
	for _, m := range accessLine.FindAllStringSubmatch(text, -1) {
		method, location := m[1], m[2]
		if strings.HasPrefix(location, `"`) {
			var decoded string
			if json.Unmarshal([]byte(location), &decoded) == nil {
				location = decoded
			}
		}
		i := 0
		for i < len(list) && list[i].Method != method {
			i++
		}
		if i == len(list) {
			list = append(list, InfoAccess{Method: method})
		}
		list[i].Location = append(list[i].Location, location)
	}
	return list
}

func colons(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% X", b), " ", ":") }

// serial prints a two's complement number as OpenSSL does.
func serial(b []byte) string {
	n, sign := new(big.Int).SetBytes(b), ""
	if b[0]&0x80 != 0 {
		n.Sub(new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))), n)
		sign = "-"
	}
	if n.Sign() == 0 {
		return "0"
	}
	return sign + strings.ToUpper(hex.EncodeToString(n.Bytes()))
}

// MarshalJSON writes node's object.
func (p *PeerCertificate) MarshalJSON() ([]byte, error) {
	var o object
	o.addIf(p.Subject != nil, "subject", p.Subject)
	o.addIf(p.Issuer != nil, "issuer", p.Issuer)
	o.addPresent(p.altNames, p.SubjectAltName != "", "subjectaltname", p.SubjectAltName)
	o.addPresent(p.access, p.InfoAccess != nil, "infoAccess", accessMap(p.InfoAccess))
	o.add("ca", p.CA)
	o.addIf(p.Modulus != "", "modulus", p.Modulus)
	o.addIf(p.Bits != 0 || p.Modulus != "", "bits", p.Bits)
	o.addIf(p.Exponent != "", "exponent", p.Exponent)
	o.addIf(p.PubKey != nil, "pubkey", buffer(p.PubKey))
	o.addIf(p.ASN1Curve != "", "asn1Curve", p.ASN1Curve)
	o.addIf(p.NISTCurve != "", "nistCurve", p.NISTCurve)
	o.add("valid_from", p.ValidFrom)
	o.add("valid_to", p.ValidTo)
	o.add("fingerprint", p.Fingerprint)
	o.add("fingerprint256", p.Fingerprint256)
	o.add("fingerprint512", p.Fingerprint512)
	o.addIf(p.ExtKeyUsage != nil, "ext_key_usage", p.ExtKeyUsage)
	o.add("serialNumber", p.SerialNumber)
	o.addIf(p.Raw != nil, "raw", buffer(p.Raw))
	o.addIf(p.IssuerCertificate != nil && p.IssuerCertificate != p, "issuerCertificate", p.IssuerCertificate)
	return o.close()
}

// accessMap is the object that InfoAccess makes.
type accessMap []InfoAccess

// MarshalJSON writes lists by their methods.
func (m accessMap) MarshalJSON() ([]byte, error) {
	var o object
	for _, a := range m {
		o.add(a.Method, a.Location)
	}
	return o.close()
}

// buffer is node's Buffer in JSON.
type buffer []byte

// MarshalJSON writes the bytes as numbers.
func (b buffer) MarshalJSON() ([]byte, error) {
	data := make([]int, len(b))
	for i, c := range b {
		data[i] = int(c)
	}
	return json.Marshal(struct {
		Type string `json:"type"`
		Data []int  `json:"data"`
	}{"Buffer", data})
}

// object is a JSON object in the making, whose members stay in order.
type object struct {
	b   bytes.Buffer
	err error
}

func (o *object) addIf(is bool, name string, value any) {
	if is {
		o.add(name, value)
	}
}

// addPresent adds an extension that is there, or that has a value.
func (o *object) addPresent(is presence, has bool, name string, value any) {
	o.addIf(is == unreadable && !has, name, nil)
	o.addIf(is == present || has, name, value)
}

func (o *object) add(name string, value any) {
	key, err := json.Marshal(name)
	if err == nil && o.err == nil {
		var v []byte
		v, err = json.Marshal(value)
		o.b.WriteByte("{,"[min(o.b.Len(), 1)])
		o.b.Write(key)
		o.b.WriteByte(':')
		o.b.Write(v)
	}
	if o.err == nil {
		o.err = err
	}
}

func (o *object) close() ([]byte, error) {
	if o.b.Len() == 0 {
		return []byte("{}"), o.err
	}
	return append(o.b.Bytes(), '}'), o.err
}
