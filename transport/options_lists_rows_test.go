package transport

import (
	"math/rand/v2"
	"strings"
)

// sigAlgLists each show one rule of OpenSSL's sigalgs; sigAlgRows adds the products of
// its words, and lists drawn from them.
var sigAlgLists = []string{
	// what no pair is made of, and what is no pair
	"RSA", "SHA256", "ECDSA", "PSS", "DSA", "RSA+", "+SHA256", "+", "++", "RSA++SHA256", "+RSA+SHA256", "RSA+SHA256+", "RSA+SHA256+X", "RSA+SHA256+SHA384",
	"RSA+RSA", "RSA+ECDSA", "SHA256+SHA256", "SHA256+SHA384", "ECDSA+RSA+SHA256", "RSA-SHA256", "RSA/SHA256", "RSA_SHA256", "RSASHA256", "RSA SHA256",

	// hashes by their short and long names, and what is no name of theirs
	"RSA+sha256", "ECDSA+sha384", "PSS+sha512", "sha512+RSA", "sha256+ECDSA", "RSA+Sha256", "RSA+shA256", "ECDSA+SHA-256", "RSA+SHA2-256", "RSA+SHA_256", "RSA+256",
	"RSA+SHA", "RSA+sha", "RSA+MD5", "RSA+md5", "ECDSA+MD5", "RSA+MD5-SHA1", "RSA+md5-sha1", "RSA+MD4", "RSA+SHA512-256", "RSA+sha512-256", "RSA+SHA512-224", "RSA+SHA3-256", "RSA+sha3-256",
	"RSA+SHAKE256", "RSA+SM3", "RSA+RIPEMD160", "RSA+RSA-SHA256", "RSA+sha256WithRSAEncryption", "RSA+UNDEF", "RSA+NULL", "RSA+2.16.840.1.101.3.4.2.1",

	// kinds of keys by other names
	"rsa+SHA256", "Rsa+SHA256", "ecdsa+SHA256", "EC+SHA256", "pss+SHA256", "rsa-pss+SHA256", "RSAPSS+SHA256", "RSA_PSS+SHA256", "RSASSA-PSS+SHA256", "RSAE+SHA256", "DSS+SHA256", "dsa+SHA256",
	"ED25519+SHA512", "ed25519+SHA256", "Ed25519+UNDEF", "Ed448+UNDEF", "anonymous+SHA256", "rsaEncryption+SHA256",

	// the RFC's names, in their case, in whole
	"RSA_PKCS1_SHA256", "Rsa_pkcs1_sha256", "ED25519", "Ed25519", "ED448", "Ed448", "EdDSA", "ecdsa_secp256r1", "ecdsa_secp256r1_sha384", "ecdsa_secp384r1_sha256", "ecdsa_sha256", "ecdsa_sha1", "ecdsa_sha224",
	"rsa_pss_sha256", "rsa_pss_rsae", "rsa_pss_rsae_sha1", "rsa_pss_pss_sha224", "rsa_pkcs1_md5", "rsa_pkcs1_md5_sha1", "rsa_pkcs1_sha256_legacy", "rsa_pkcs1_sha1", "rsa_pkcs1_sha224", "dsa_sha1", "dsa_sha256",
	"ecdsa_brainpoolP256r1tls13_sha256", "ecdsa_brainpoolP256r1_sha256", "sm2sig_sm3", "gostr34102012_256a", "gostr34102012_256_intrinsic", "gostr34102012_256_gostr34112012_256", "gostr34102001_gostr3411", "mldsa44", "0x0401", "0401", "1025",

	// separators, and blanks: around a name they are dropped, inside it not
	"RSA+SHA256:ECDSA+SHA256", "RSA+SHA256 : ECDSA+SHA256", " RSA+SHA256", "RSA+SHA256 ", "\tRSA+SHA256\n:\v\f\red25519\r\n", "RSA +SHA256", "RSA+ SHA256", "RSA\t+\tSHA256", "ed 25519",
	"RSA+SHA256,ECDSA+SHA256", "RSA+SHA256;ECDSA+SHA256", "RSA+SHA256 ECDSA+SHA256", "RSA+SHA256/ECDSA+SHA256", "RSA+SHA256|ed25519", "\u00a0RSA+SHA256", "RSA+SHA256\u00a0", "\u0085RSA+SHA256", "\u2003RSA+SHA256", "\ufeffRSA+SHA256",
	"RSA+SHA256\x01", "\x7fRSA+SHA256", "\u00e9d25519", "RSA+\u017fHA256",

	// empty items
	":", "::", " ", " : ", "RSA+SHA256:", ":RSA+SHA256", "RSA+SHA256::ECDSA+SHA256", "RSA+SHA256: :ECDSA+SHA256", "RSA+SHA256:\t",

	// twice, by one name or two
	"RSA+SHA256:RSA+SHA256", "RSA+SHA256:rsa_pkcs1_sha256", "RSA+SHA256:SHA256+RSA", "RSA+SHA256:RSA+sha256", "RSA-PSS+SHA256:PSS+SHA256", "RSA-PSS+SHA256:rsa_pss_rsae_sha256", "RSA-PSS+SHA256:rsa_pss_pss_sha256",
	"ECDSA+SHA256:ecdsa_secp256r1_sha256", "ECDSA+SHA384:ecdsa_secp384r1_sha384", "ed25519:ed25519", "ed25519:ed448:ed25519", "DSA+SHA256:DSA+SHA256", "RSA+SHA224:rsa_pkcs1_sha224", "ed25519:RSA+SHA256:ECDSA+SHA256:RSA+SHA256",

	// one that is not known among those that are
	"nope", "RSA+SHA256:nope", "nope:RSA+SHA256", "ed25519:RSA+NOPE", "NOPE+SHA256:ed25519", "ed25519:ED448", "DSA+SHA256:nope", "ed25519:DSA", "sigalgs", "DEFAULT", "ALL", "auto", "RSA+SHA256:DEFAULT",

	// marks that later versions of OpenSSL know, or that cipher strings have
	"?RSA+SHA256", "RSA+SHA256:?nope", "?ed25519:RSA+SHA256", "RSA+SHA256:?mldsa44", "-RSA+SHA256", "!RSA+SHA256", "*RSA+SHA256", "@STRENGTH", "RSA+SHA256:@SECLEVEL=0", "RSA+SHA256:!ed25519",

	// items at OpenSSL's limit of 39 bytes
	"RSA+" + strings.Repeat("A", 35), "RSA+" + strings.Repeat("A", 36), strings.Repeat(" ", 50) + "RSA+SHA256" + strings.Repeat(" ", 50), strings.Repeat("ed25519", 10), strings.Repeat(":", 100),

	// the order is the list's
	"ed25519:ed448", "ed448:ed25519", "ECDSA+SHA512:ECDSA+SHA256:ECDSA+SHA384", "RSA+SHA512:RSA-PSS+SHA512:RSA+SHA256", "rsa_pss_pss_sha256:rsa_pss_rsae_sha256", "rsa_pss_rsae_sha512:rsa_pss_pss_sha384:RSA+SHA384",

	// what is not offered leaves the rest
	"DSA+SHA256:RSA+SHA256", "RSA+SHA256:DSA+SHA256:ECDSA+SHA256", "RSA+SHA224:ed25519", "ECDSA+SHA224:RSA+SHA224:DSA+SHA224:ed448", "RSA+SHA1:RSA+SHA256", "ECDSA+SHA1:ECDSA+SHA256:DSA+SHA1", "DSA+SHA224:DSA+SHA384", "rsa_pkcs1_sha224:rsa_pkcs1_sha1",

	// lists in use
	"ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384:RSA-PSS+SHA512:RSA+SHA512",
	"ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:rsa_pkcs1_sha256:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha384:rsa_pkcs1_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha512",
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:ECDSA+SHA224:ECDSA+SHA1:RSA+SHA224:RSA+SHA1:DSA+SHA224:DSA+SHA1:DSA+SHA256:DSA+SHA384:DSA+SHA512",
	"RSA+SHA512:RSA+SHA384:RSA+SHA256:RSA+SHA224:RSA+SHA1", "ECDSA+SHA384:RSA+SHA384:RSA-PSS+SHA384:ECDSA+SHA512:RSA+SHA512:RSA-PSS+SHA512",
}

// sigAlgWords are the words of which products and random lists are made.
var (
	sigAlgKeys   = []string{"RSA", "RSA-PSS", "PSS", "ECDSA", "DSA"}
	sigAlgHashes = []string{"SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "sha1", "sha224", "sha256"}
	sigAlgNames  = []string{
		"ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519", "ed448", "rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512",
		"rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512",
	}
)

// sigAlgRows are all lists of signature algorithms, some of them at other security levels.
func sigAlgRows() []SecureContextOptions {
	lists, words := append(sigAlgLists, sigAlgNames...), sigAlgNames
	for _, key := range sigAlgKeys {
		for _, hash := range sigAlgHashes {
			words = append(words, key+"+"+hash, hash+"+"+key)
		}
	}
	lists = append(append(lists, words[len(sigAlgNames):]...), randomItems(2, 120, words, []string{"nope", "RSA", "", "?ed25519"})...)
	var rows []SecureContextOptions
	for _, list := range lists {
		rows = append(rows, SecureContextOptions{SigAlgs: list})
	}
	for _, list := range []string{
		"RSA+SHA1", "ECDSA+SHA1:RSA+SHA256", "DSA+SHA1:RSA+SHA1", "ed25519:ed448", "RSA+SHA256:RSA+SHA384:RSA+SHA512", "ECDSA+SHA384:ecdsa_secp256r1_sha256", "RSA+SHA224:RSA+SHA256", "rsa_pss_rsae_sha256", "RSA+SHA1:nope",
	} {
		for _, level := range []string{"0", "2", "3", "4", "5"} {
			rows = append(rows, SecureContextOptions{SigAlgs: list, Ciphers: "DEFAULT:@SECLEVEL=" + level})
		}
		rows = append(rows, SecureContextOptions{SigAlgs: list, MaxVersion: TLS12})
	}
	return rows
}

// curveLists each show one rule of OpenSSL's groups; curveRows adds lists drawn from
// their names.
var curveLists = []string{
	// names in another case, and names that are none
	"p-256", "P256", "p256", "PRIME256V1", "Prime256v1", "SECP256R1", "SecP256r1", "secp-256r1", "X9.62", "p-521", "P521", "SECP384R1", "secp384R1", "X25519 25519", "curve25519", "Curve25519", "ED25519", "ed25519",
	"x448 ", "curve448", "FFDHE2048", "Ffdhe2048", "ffdhe1024", "ffdhe1536", "ffdhe", "modp_2048", "dh_2048", "DH", "ECDH", "k-163", "SECP256K1", "BRAINPOOLP256R1", "brainpoolp256r1", "brainpoolP256r1tls13", "brainpoolP256t1", "brainpoolP320r1",
	"secp112r1", "secp128r1", "sect113r1", "sect131r1", "wap-wsg-idm-ecid-wtls9", "c2pnb163v1", "prime192v2", "prime239v1", "SM2", "curveSM2", "GC256A", "Oakley-EC2N-3", "29", "0x001d", "1.2.840.10045.3.1.7", "nope", "DEFAULT", "ALL", "NULL",

	// auto is a list of its own, and no name
	"auto", "AUTO", "Auto", " auto", "auto ", "auto:", ":auto", "auto:P-256", "P-256:auto", "X25519:auto:P-256", "auto:auto",

	// separators, and blanks: around a name they are dropped, inside it not
	"X25519:P-256", "X25519 : P-256", " X25519", "X25519 ", "\tX25519\n:\v\f\rP-256\r\n", "P- 256", "P -256", "X 25519", "X25519,P-256", "X25519;P-256", "X25519 P-256", "X25519/P-256", "X25519|P-256", "X25519.P-256",
	"\u00a0X25519", "X25519\u00a0", "\u0085X25519", "\u2003X25519", "\ufeffX25519", "X25519\x01", "\x7fP-256", "P\u2010256", "\u00d725519",

	// empty items
	":", "::", " ", " : ", "X25519:", ":X25519", "X25519::P-256", "X25519: :P-256", "P-256:\t",

	// twice, by one name or two
	"X25519:X25519", "x25519:X25519", "P-256:prime256v1", "P-256:secp256r1", "secp256r1:prime256v1", "P-384:secp384r1", "P-521:X25519:secp521r1", "x448:P-256:X448", "ffdhe2048:ffdhe2048", "secp256k1:secp256k1", "K-163:sect163k1", "P-224:secp224r1", "P-192:prime192v1", "X25519:P-256:P-384:X25519",

	// one that is not known among those that are
	"P-256:nope", "nope:P-256", "X25519:nope:P-256", "P-256:p-384", "secp256k1:nope", "X25519:ffdhe1024", "X25519:x25519kyber768", "P-256:brainpoolP256r1tls13", "P-256:TLS_AES_128_GCM_SHA256", "P-256:@SECLEVEL=0",

	// marks that later versions of OpenSSL know, or that cipher strings have
	"?X25519", "?X25519:P-256", "X25519:?nope", "X25519:?P-256", "*X25519", "*X25519:P-256", "-X25519", "X25519:-P-256", "!P-256", "+P-256", "X25519 / P-256", "?*X25519:P-256/secp384r1", "X25519*", "X25519?",

	// names at OpenSSL's limit of 63 bytes, and lists beyond any limit of its own
	strings.Repeat("A", 63), strings.Repeat("A", 64), strings.Repeat(" ", 100) + "P-256" + strings.Repeat(" ", 100), strings.Repeat("P-256", 20), strings.Repeat(":", 200), "P-256:" + strings.Repeat("A", 500),

	// names that OpenSSL 3.0 does not know yet
	"X25519MLKEM768", "X25519MLKEM768:X25519", "X25519:SecP256r1MLKEM768", "SecP384r1MLKEM1024:P-384", "MLKEM768:X25519", "x25519mlkem768", "X25519Kyber768Draft00", "MLKEM512",

	// the order is the list's
	"P-521:P-384:P-256:X448:X25519", "X25519:X448:P-256:P-384:P-521", "x448:x25519", "ffdhe8192:ffdhe6144:ffdhe4096:ffdhe3072:ffdhe2048", "ffdhe2048:ffdhe8192:P-256", "X25519:ffdhe3072:P-384", "secp521r1:prime256v1",

	// what is not offered leaves the rest
	"secp256k1:P-256", "P-256:secp256k1", "brainpoolP512r1:brainpoolP384r1:brainpoolP256r1:P-384", "P-224:P-256", "P-192:P-224:X25519", "K-571:B-571:P-521", "sect163r1:x448:sect193r1:sect193r2:sect239k1:X25519", "secp160k1:secp160r1:secp160r2:secp192k1:secp224k1:P-256", "secp256k1:brainpoolP256r1",

	// lists in use
	"X25519:prime256v1:secp384r1", "prime256v1:secp384r1:secp521r1", "secp521r1:secp384r1:prime256v1:X25519", "P-521:P-384:P-256", "X25519:P-256:P-384:P-521:ffdhe2048:ffdhe3072", "prime256v1:secp384r1:brainpoolP256r1:brainpoolP384r1",
}

// curveNames are all names that OpenSSL 3.0 has for groups.
var curveNames = []string{
	"X25519", "x25519", "X448", "x448", "P-256", "prime256v1", "secp256r1", "P-384", "secp384r1", "P-521", "secp521r1", "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192",
	"sect163k1", "K-163", "sect163r1", "sect163r2", "B-163", "sect193r1", "sect193r2", "sect233k1", "K-233", "sect233r1", "B-233", "sect239k1", "sect283k1", "K-283", "sect283r1", "B-283", "sect409k1", "K-409", "sect409r1", "B-409",
	"sect571k1", "K-571", "sect571r1", "B-571", "secp160k1", "secp160r1", "secp160r2", "secp192k1", "secp192r1", "prime192v1", "P-192", "secp224k1", "secp224r1", "P-224", "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1",
}

// curveRows are all lists of groups, some of them at other security levels.
func curveRows() []SecureContextOptions {
	lists := append(append(curveLists, curveNames...), randomItems(3, 120, curveNames, []string{"nope", "p-256", "", "?X25519"})...)
	var rows []SecureContextOptions
	for _, list := range lists {
		rows = append(rows, SecureContextOptions{ECDHCurve: list})
	}
	for _, list := range []string{"P-256", "X25519:P-521", "P-384:X448", "X25519:nope", "ffdhe2048:P-256", "ffdhe2048", "ffdhe3072:ffdhe8192:P-521", "secp256k1:P-256:X25519", "secp256k1"} {
		for _, level := range []string{"0", "2", "3", "4", "5"} {
			rows = append(rows, SecureContextOptions{ECDHCurve: list, Ciphers: "DEFAULT:@SECLEVEL=" + level})
		}
		rows = append(rows, SecureContextOptions{ECDHCurve: list, MaxVersion: TLS12}, SecureContextOptions{ECDHCurve: list, MinVersion: TLS13})
	}
	return rows
}

// randomItems are n lists of two to six words, the same for a seed: one in eight of them
// has a bad one, others one twice, or blanks.
func randomItems(seed uint64, n int, words, bad []string) []string {
	rnd := rand.New(rand.NewPCG(seed, 0))
	lists := make([]string, n)
	for i := range lists {
		var b strings.Builder
		spoilt := rnd.IntN(8) == 0
		for j := range 2 + rnd.IntN(5) {
			if j > 0 {
				b.WriteString([]string{":", ":", ":", ": ", " :"}[rnd.IntN(5)])
			}
			if spoilt && rnd.IntN(3) == 0 {
				b.WriteString(bad[rnd.IntN(len(bad))])
				continue
			}
			b.WriteString(words[rnd.IntN(len(words))])
		}
		lists[i] = b.String()
	}
	return lists
}
