package transport

import (
	"crypto/elliptic"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of keys that node tells more of.
const (
	oidRSA = "1.2.840.113549.1.1.1"
	oidEC  = "1.2.840.10045.2.1"
)

// describeKey tells of a key what node does: all of RSA keys, the curve and the
// point of elliptic ones, and nothing of others.
func (c *derCertificate) describeKey(p *PeerCertificate) {
	switch c.keyType {
	case oidRSA:
		c.describeRSA(p)
	case oidEC:
		c.describeEC(p)
	}
}

func (c *derCertificate) describeRSA(p *PeerCertificate) {
	in := cryptobyte.String(c.key)
	var body cryptobyte.String
	n, e := new(big.Int), new(big.Int)
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Integer(n) || !body.ReadASN1Integer(e) {
		return
	}
	const tooLong = ^uint64(0) // what OpenSSL's BN_get_word gives
	p.Modulus, p.Bits, p.PubKey = fmt.Sprintf("%X", n), n.BitLen(), c.spki
	p.Exponent = fmt.Sprintf("%#x", tooLong)
	if e.IsUint64() {
		p.Exponent = fmt.Sprintf("%#x", e.Uint64())
	}
}

func (c *derCertificate) describeEC(p *PeerCertificate) {
	oid := c.curve()
	curve, ok := curves()[oid]
	if !ok {
		return
	}
	p.Bits, _ = strconv.Atoi(curve[0])
	p.ASN1Curve, p.NISTCurve, p.PubKey = shortName(oid), curve[1], c.key
}

// curve is the object identifier of the key's curve, "" if it is not known.
func (c *derCertificate) curve() string {
	in := c.keyParams
	if oid, ok := readOID(&in); ok {
		return oid
	}
	return explicitCurve(c.keyParams)
}

// explicitCurve is the curve that parameters spell out (RFC 3279 §2.3.5).
func explicitCurve(in cryptobyte.String) string {
	var params, field, curve, base cryptobyte.String
	var version int
	prime, order := new(big.Int), new(big.Int)
	if !in.ReadASN1(&params, asn1.SEQUENCE) || !params.ReadASN1Integer(&version) || !params.ReadASN1(&field, asn1.SEQUENCE) {
		return ""
	}
	if _, ok := readOID(&field); !ok || !field.ReadASN1Integer(prime) || !params.ReadASN1(&curve, asn1.SEQUENCE) ||
		!params.ReadASN1(&base, asn1.OCTET_STRING) || !params.ReadASN1Integer(order) {
		return ""
	}
	i := slices.IndexFunc(spelledOut[:], func(s spelled) bool {
		c := s.curve.Params()
		return c.P.Cmp(prime) == 0 && c.N.Cmp(order) == 0
	})
	if i < 0 {
		return ""
	}
	return spelledOut[i].oid
}

type spelled struct {
	oid   string
	curve elliptic.Curve
}

// spelledOut are the curves that are known by their parameters too.
var spelledOut = [...]spelled{
	{"1.3.132.0.33", elliptic.P224()}, {"1.2.840.10045.3.1.7", elliptic.P256()},
	{"1.3.132.0.34", elliptic.P384()}, {"1.3.132.0.35", elliptic.P521()},
}
