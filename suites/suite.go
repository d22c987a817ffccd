package suites

import (
	"crypto"
	"crypto/aes"
	"fmt"
	"slices"

	"tacet/record"
)

// ID is a cipher suite's code point as it stands in a ClientHello (IANA "TLS
// Cipher Suites").
type ID uint16

// String is the IANA name, or the number in hexadecimal for a suite that the table does not hold.
func (id ID) String() string {
	if s := ByID(id); s != nil {
		return s.Name
	}
	return fmt.Sprintf("0x%04X", uint16(id))
}

// Suite is one row of the table: all that the rest of the stack may ask about a
// cipher suite. The table is shared and never changes; treat a *Suite as read-only.
// Two suites are the same if their pointers are.
type Suite struct {
	ID      ID
	Name    string // IANA, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
	OpenSSL string // "ECDHE-RSA-AES128-GCM-SHA256"; equal to Name in TLS 1.3
	Kx      Kx     // how the premaster secret is agreed upon
	Auth    Auth   // what authenticates the server
	Cipher  string // bulk cipher as OpenSSL prints it, "AESGCM(128)"
	MACName string // "AEAD", or the record MAC's hash, "SHA1"
	Bits    int    // strength of the bulk cipher, in bits; 0 for NULL

	// Hash is the hash of HKDF (TLS 1.3) or of the PRF and the transcript (TLS 1.2).
	// TLS 1.0 and 1.1 use MD5 with SHA-1 whatever the suite.
	Hash crypto.Hash

	KeyLen      int // bulk cipher key, bytes
	MACLen      int // record MAC key, bytes; 0 for an AEAD
	SaltLen     int // fixed IV drawn from the key schedule, bytes
	ExplicitLen int // nonce bytes sent in each record

	Min, Max record.Version // first and last protocol version that can negotiate it

	// Since is the protocol that brought the suite in, in the words of node's
	// getCipher: "SSLv3", "TLSv1.0", "TLSv1.2", "TLSv1.3". It is not Min: SSLv3 is
	// never spoken.
	Since string

	// Limit is how many full-size records one key may protect (RFC 9846 §5.5)
	// before TLS 1.3 changes it; math.MaxUint64 where the sequence number runs out first.
	Limit uint64

	bulk  bulkID
	mac   macID
	since record.Version
	grade set
}

// String is the IANA name.
func (s *Suite) String() string { return s.Name }

// TLS13 reports whether the suite is one of TLS 1.3, which names no key exchange
// and no authentication.
func (s *Suite) TLS13() bool { return s.since == record.TLS13 }

// AEAD reports whether the suite protects records with an AEAD, so that there is
// no record MAC (MACLen is 0) and encrypt_then_mac does not apply.
func (s *Suite) AEAD() bool { return s.mac == macAEAD }

// BlockCipher reports whether the suite protects records with a block cipher in CBC
// mode: those are the suites to which encrypt_then_mac applies (RFC 7366 §3).
func (s *Suite) BlockCipher() bool { return bulks[s.bulk].block != nil }

// ChaCha20 reports whether the suite protects records with ChaCha20-Poly1305, which a
// client without AES instructions is faster with.
func (s *Suite) ChaCha20() bool { return s.bulk == chacha20 }

// IVLen is how many bytes of IV each direction takes from the key schedule at
// version v: SaltLen for an AEAD, one block for CBC in TLS 1.0, else 0.
func (s *Suite) IVLen(v record.Version) int {
	//= RFC 5246 §6.3
	if s.BlockCipher() && v == record.TLS10 {
		return aes.BlockSize
	}
	return s.SaltLen
}

// Protect makes the protection of one direction's records at version v, which must
// lie in Min…Max. key is MACLen+KeyLen bytes, the MAC key (none for an AEAD) before
// the cipher key; iv is IVLen(v) bytes. Both are copied. encryptThenMAC tells that
// the extension was negotiated; it counts for a BlockCipher alone. Lengths are the
// key schedule's to get right: a wrong one panics.
func (s *Suite) Protect(v record.Version, key, iv []byte, encryptThenMAC bool) record.Protection {
	if len(key) != s.MACLen+s.KeyLen || len(iv) != s.IVLen(v) || v < s.Min || v > s.Max {
		panic("suites: " + s.Name + ": key, iv or version does not fit the suite")
	}
	b := &bulks[s.bulk]
	//= RFC 9846 §5.2
	//= RFC 9846 §5.5
	if v == record.TLS13 {
		return record.AEAD13(b.new, key, iv, s.Limit)
	}
	// The copies keep key and iv off the heap in TLS 1.3.
	return s.protect12(v, slices.Clone(key), slices.Clone(iv), encryptThenMAC)
}

// protect12 is Protect up to TLS 1.2.
func (s *Suite) protect12(v record.Version, key, iv []byte, encryptThenMAC bool) record.Protection {
	b := &bulks[s.bulk]
	switch {
	case s.AEAD(): // nothing short of a new handshake could rekey
		return b.protect12(b.new, key, iv, noLimit)
	case s.bulk == null:
		return record.MACOnly(v, macs[s.mac].new, key)
	}
	return record.CBC(v, record.CBCKeys{
		Block: b.block, Hash: macs[s.mac].new, MACKey: key[:s.MACLen], Key: key[s.MACLen:], IV: iv, EncryptThenMAC: encryptThenMAC,
	})
}

// Permitted reports whether OpenSSL's security level (0 to 5, @SECLEVEL=n) lets the
// suite be offered or chosen: from level 1 on it demands a bulk cipher of 80, 112,
// 128, 192 or 256 bits, authentication and no MD5; from level 3 on forward secrecy.
func (s *Suite) Permitted(level int) bool {
	if level <= 0 {
		return true
	}
	bits := levelBits[min(level, len(levelBits)-1)]
	switch {
	case s.Bits < bits, s.Auth == AuthNone, s.mac == macMD5:
		return false
	case bits > 160 && s.mac == macSHA1:
		return false
	case level >= 3 && !s.TLS13() && !forwardSecret.has(uint8(s.Kx)):
		return false
	}
	return true
}

// levelBits is the strength in bits that each security level demands.
var levelBits = [...]int{0, 80, 112, 128, 192, 256}

// Verbose is the suite's line in the output of "openssl ciphers -v", without the
// newline.
func (s *Suite) Verbose() string {
	since := s.Since
	if s.since == record.TLS10 {
		since = record.TLS10.String() // here OpenSSL says TLSv1, in getCipher TLSv1.0
	}
	return fmt.Sprintf("%-30s %-7s Kx=%-8s Au=%-5s Enc=%-22s Mac=%-4s", s.OpenSSL, since, s.Kx, s.Auth, s.Cipher, s.MACName)
}

// Kx is how a suite agrees upon the premaster secret.
type Kx uint8

// The key exchanges. KxAny is TLS 1.3, where the suite does not say.
const (
	KxAny Kx = iota
	KxECDHE
	KxRSA
	KxDHE
	KxPSK
	KxDHEPSK
	KxECDHEPSK
	KxRSAPSK
	kxSRP
)

// forwardSecret holds the key exchanges of forward secrecy.
var forwardSecret = setOf(KxDHE, KxECDHE, KxDHEPSK, KxECDHEPSK)

var kxNames = [...]string{
	KxAny: "any", KxECDHE: "ECDH", KxRSA: "RSA", KxDHE: "DH", KxPSK: "PSK",
	KxDHEPSK: "DHEPSK", KxECDHEPSK: "ECDHEPSK", KxRSAPSK: "RSAPSK", kxSRP: "SRP",
}

// String is the word of "openssl ciphers -v": "ECDH", "RSA", "DHEPSK", "any".
func (k Kx) String() string { return name(kxNames[:], uint8(k)) }

// PSK reports whether the key exchange takes a pre-shared key (RFC 4279, RFC 5489).
func (k Kx) PSK() bool {
	return k == KxPSK || k == KxDHEPSK || k == KxECDHEPSK || k == KxRSAPSK
}

// Auth is what authenticates the server.
type Auth uint8

// The authentications. AuthAny is TLS 1.3, where the suite does not say. AuthECDSA
// covers Ed25519 and Ed448 keys too (RFC 8422 §5.10). AuthNone is anonymous.
const (
	AuthAny Auth = iota
	AuthRSA
	AuthECDSA
	AuthPSK
	AuthNone
	authDSS
	authSRP
)

var authNames = [...]string{
	AuthAny: "any", AuthRSA: "RSA", AuthECDSA: "ECDSA", AuthPSK: "PSK",
	AuthNone: "None", authDSS: "DSS", authSRP: "SRP",
}

// String is the word of "openssl ciphers -v": "RSA", "ECDSA", "None", "any".
func (a Auth) String() string { return name(authNames[:], uint8(a)) }

func name(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return "unknown"
}
