package kx

import (
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
)

// errDHParams is the error of ParseDHParams for all that is not a group.
var errDHParams = errors.New("kx: no DH parameters in PEM")

// ParseDHParams reads the first group of a PEM file, as "openssl dhparam" writes
// it: "DH PARAMETERS" (PKCS #3) or "X9.42 DH PARAMETERS" (RFC 3279 §2.3.3). What
// NewDH refuses is refused with its error.
func ParseDHParams(text []byte) (Group, error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errDHParams
		}
		parse, ok := dhFormats[block.Type]
		if !ok {
			continue
		}
		p, g, err := parse(block.Bytes)
		if err != nil || p.Sign() <= 0 || g.Sign() <= 0 {
			return nil, errDHParams
		}
		return NewDH(p.Bytes(), g.Bytes())
	}
}

// dhFormats are the types of PEM blocks that hold a group.
var dhFormats = map[string]func(der []byte) (p, g *big.Int, err error){
	"DH PARAMETERS": func(der []byte) (p, g *big.Int, err error) {
		var v struct {
			P, G *big.Int
			L    int `asn1:"optional"`
		}
		err = only(der, &v)
		return v.P, v.G, err
	},
	"X9.42 DH PARAMETERS": func(der []byte) (p, g *big.Int, err error) {
		var v struct {
			P, G, Q    *big.Int
			J          *big.Int      `asn1:"optional"`
			Validation asn1.RawValue `asn1:"optional"`
		}
		err = only(der, &v)
		return v.P, v.G, err
	},
}

// only reads DER that holds one value and nothing after it.
func only(der []byte, v any) error {
	rest, err := asn1.Unmarshal(der, v)
	if err == nil && len(rest) > 0 {
		err = errDHParams
	}
	return err
}

// AutoDH is the group that OpenSSL takes for dhparam "auto": that of RFC 3526, or
// below 2048 bits RFC 2409, which is as strong as an RSA key of keyBits.
func AutoDH(keyBits int) Group {
	for _, g := range automatic {
		if keyBits >= g.from {
			return g.group
		}
	}
	return automatic[len(automatic)-1].group
}

// automatic are the groups of AutoDH, with the length of RSA keys from which on
// each is taken.
var automatic = [...]struct {
	from  int
	group *group
}{
	{7680, dh("modp8192", safe(modp8192Hex, 400))},
	{4096, dh("modp4096", safe(modp4096Hex, 325))},
	{3072, dh("modp3072", safe(modp3072Hex, 275))},
	{2048, dh("modp2048", safe(modp2048Hex, 225))},
	{0, dh("modp1024", safe(modp1024Hex, 160))},
}

// securityBits is the strength of a modulus of so many bits as OpenSSL counts it
// (NIST SP 800-57 part 1, table 2).
func securityBits(bits int) int {
	for _, row := range [...]struct{ bits, strength int }{{15360, 256}, {7680, 192}, {3072, 128}, {2048, 112}, {1024, 80}} {
		if bits >= row.bits {
			return row.strength
		}
	}
	return 0
}
