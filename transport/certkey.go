package transport

import (
	"bytes"
	"crypto/elliptic"
	encasn1 "encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of keys that node tells more of.
const (
	oidRSA    = "1.2.840.113549.1.1.1"
	oidOldRSA = "2.5.8.1.1" // of X.509 (1988)
	oidEC     = "1.2.840.10045.2.1"
)

// describeKey tells of a key what node does: all of RSA keys, the curve and the
// point of elliptic ones, and nothing of others.
func (c *derCertificate) describeKey(p *PeerCertificate) {
	switch c.keyType {
	case oidRSA, oidOldRSA:
		c.describeRSA(p)
	case oidEC:
		c.describeEC(p)
	}
}

// describeRSA takes numbers for positive, as OpenSSL does, and writes the key anew.
func (c *derCertificate) describeRSA(p *PeerCertificate) {
	in := cryptobyte.String(c.key)
	var body, modulus, exponent cryptobyte.String
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&modulus, asn1.INTEGER) || !body.ReadASN1(&exponent, asn1.INTEGER) || !body.Empty() {
		return
	}
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	const tooLong = ^uint64(0) // what OpenSSL's BN_get_word gives
	p.Modulus, p.Bits, p.PubKey = fmt.Sprintf("%X", n), n.BitLen(), rsaInfo(n, e)
	p.Exponent = fmt.Sprintf("%#x", tooLong)
	if e.IsUint64() {
		p.Exponent = fmt.Sprintf("%#x", e.Uint64())
	}
}

// rsaInfo is the SubjectPublicKeyInfo of an RSA key.
func rsaInfo(n, e *big.Int) []byte {
	var b, key cryptobyte.Builder
	key.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(n)
		b.AddASN1BigInt(e)
	})
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1})
			b.AddASN1NULL()
		})
		b.AddASN1BitString(key.BytesOrPanic())
	})
	return b.BytesOrPanic()
}

func (c *derCertificate) describeEC(p *PeerCertificate) {
	oid := c.curve()
	curve, ok := curves()[oid]
	if !ok {
		return
	}
	point := uncompressed(oid, c.key)
	if point == nil {
		return
	}
	p.Bits, _ = strconv.Atoi(curve[0])
	p.ASN1Curve, p.NISTCurve, p.PubKey = shortName(oid), curve[1], point
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
	i := slices.IndexFunc(known[:], func(k knownCurve) bool { return k.prime.Cmp(prime) == 0 && k.order.Cmp(order) == 0 })
	if i < 0 {
		return ""
	}
	return known[i].oid
}

type knownCurve struct {
	oid          string
	prime, order *big.Int
	curve        elliptic.Curve // nil if Go has none
}

// known are the curves that are known by their parameters too.
var known = [...]knownCurve{
	nistCurve("1.3.132.0.33", elliptic.P224()), nistCurve("1.2.840.10045.3.1.7", elliptic.P256()),
	nistCurve("1.3.132.0.34", elliptic.P384()), nistCurve("1.3.132.0.35", elliptic.P521()),
	{oid: "1.3.132.0.10", // secp256k1: 2²⁵⁶ - 2³² - 977
		prime: hexadecimal("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"),
		order: hexadecimal("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")},
}

func nistCurve(oid string, c elliptic.Curve) knownCurve {
	return knownCurve{oid, c.Params().P, c.Params().N, c}
}

func hexadecimal(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 16)
	return n
}

// Forms of a point (SEC 1 §2.3.3).
const (
	formCompressed   = 2
	formUncompressed = 4
	formHybrid       = 6
)

// uncompressed is a point in the form that node shows it in, nil if it is none. Of
// curves that Go does not have it takes any point for good.
func uncompressed(oid string, point []byte) []byte {
	if len(point) < 3 {
		return nil
	}
	i := slices.IndexFunc(known[:], func(k knownCurve) bool { return k.oid == oid && k.curve != nil })
	if i < 0 {
		return point
	}
	curve := known[i].curve
	size := (curve.Params().BitSize + 7) / 8
	form, odd := point[0]&^1, point[0]&1
	switch {
	case form == formCompressed && len(point) == 1+size:
	case form == formHybrid && len(point) == 1+2*size && odd == point[2*size]&1:
	case point[0] == formUncompressed && len(point) == 1+2*size:
		odd = point[2*size] & 1
	default:
		return nil
	}
	x, y := elliptic.UnmarshalCompressed(curve, append([]byte{formCompressed | odd}, point[1:1+size]...))
	if x == nil {
		return nil
	}
	whole := append([]byte{formUncompressed}, point[1:1+size]...)
	whole = append(whole, y.FillBytes(make([]byte, size))...)
	if form != formCompressed && !bytes.Equal(whole[1:], point[1:]) {
		return nil
	}
	return whole
}
