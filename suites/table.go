package suites

import (
	"cmp"
	"crypto"
	"iter"
	"slices"
	"strings"

	"tacet/record"
)

// row is a line of the table; all else about a suite follows from it. The order of
// rows means nothing: preference is computed (order.go) as OpenSSL computes it.
type row struct {
	id      ID
	name    string
	openssl string
	kx      Kx
	auth    Auth
	bulk    bulkID
	mac     macID
	hash    crypto.Hash
	since   record.Version
}

// ssl30 is the protocol that brought in the oldest suites; it is a label, never spoken.
const ssl30 record.Version = 0x0300

var rows = []row{
	{0x1301, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", KxAny, AuthAny, aes128GCM, macAEAD, crypto.SHA256, record.TLS13},
	{0x1302, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", KxAny, AuthAny, aes256GCM, macAEAD, crypto.SHA384, record.TLS13},
	{0x1303, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", KxAny, AuthAny, chacha20, macAEAD, crypto.SHA256, record.TLS13},

	{0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", KxECDHE, AuthECDSA, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", KxECDHE, AuthECDSA, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", KxECDHE, AuthRSA, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", KxECDHE, AuthRSA, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", KxECDHE, AuthRSA, chacha20, macAEAD, crypto.SHA256, record.TLS12},
	{0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", KxECDHE, AuthECDSA, chacha20, macAEAD, crypto.SHA256, record.TLS12},
}

// table is the rows in order of preference, byID the same by code point. Neither
// changes after initialization.
var (
	table = preference(build(rows))
	byID  = sortedByID(table)
)

// ByID is the suite of a code point, nil if the table does not hold it. It does not
// allocate.
func ByID(id ID) *Suite {
	i, ok := slices.BinarySearchFunc(byID, id, func(s *Suite, id ID) int { return cmp.Compare(s.ID, id) })
	if !ok {
		return nil
	}
	return byID[i]
}

// ByName is the suite of an IANA or OpenSSL name in any case, nil if there is none.
func ByName(name string) *Suite {
	for _, s := range table {
		if strings.EqualFold(s.Name, name) || strings.EqualFold(s.OpenSSL, name) {
			return s
		}
	}
	return nil
}

// All yields every suite in OpenSSL's order of preference: those of TLS 1.3, then
// the others in the order in which an alias of a cipher string adds them.
func All() iter.Seq[*Suite] { return slices.Values(table) }

func build(rows []row) []*Suite {
	out := make([]*Suite, len(rows))
	for i, r := range rows {
		out[i] = r.suite()
	}
	return out
}

func (r row) suite() *Suite {
	b := &bulks[r.bulk]
	s := &Suite{
		ID: r.id, Name: r.name, OpenSSL: r.openssl, Kx: r.kx, Auth: r.auth,
		Cipher: b.name, MACName: macs[r.mac].name, Bits: b.bits, Hash: r.hash,
		KeyLen: b.keyLen, MACLen: macs[r.mac].keyLen, SaltLen: b.salt12, ExplicitLen: b.expl12,
		Min: max(r.since, record.TLS10), Max: record.TLS12, Since: since(r.since), Limit: b.limit,
		bulk: r.bulk, mac: r.mac, since: r.since, grade: r.grade(),
	}
	if r.since == record.TLS13 {
		s.Max, s.SaltLen, s.ExplicitLen = record.TLS13, nonceLen13, 0
	}
	return s
}

// nonceLen13 is the per-record nonce's length in TLS 1.3 for every AEAD of the table.
const nonceLen13 = 12

// since is SSL_CIPHER_get_version's word, which for TLS 1.0 is not the protocol's name.
func since(v record.Version) string {
	switch v {
	case ssl30:
		return "SSLv3"
	case record.TLS10:
		return "TLSv1.0"
	}
	return v.String()
}

func sortedByID(suites []*Suite) []*Suite {
	return slices.SortedFunc(slices.Values(suites), func(a, b *Suite) int { return cmp.Compare(a.ID, b.ID) })
}
