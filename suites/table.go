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
	{0x1304, "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_SHA256", KxAny, AuthAny, aes128CCM, macAEAD, crypto.SHA256, record.TLS13},
	{0x1305, "TLS_AES_128_CCM_8_SHA256", "TLS_AES_128_CCM_8_SHA256", KxAny, AuthAny, aes128CCM8, macAEAD, crypto.SHA256, record.TLS13},

	{0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", "ECDHE-ECDSA-NULL-SHA", KxECDHE, AuthECDSA, null, macSHA1, crypto.SHA256, record.TLS10},
	{0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", KxECDHE, AuthECDSA, aes128CBC, macSHA1, crypto.SHA256, record.TLS10},
	{0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", KxECDHE, AuthECDSA, aes256CBC, macSHA1, crypto.SHA256, record.TLS10},
	{0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA", "ECDHE-RSA-NULL-SHA", KxECDHE, AuthRSA, null, macSHA1, crypto.SHA256, record.TLS10},
	{0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", KxECDHE, AuthRSA, aes128CBC, macSHA1, crypto.SHA256, record.TLS10},
	{0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", KxECDHE, AuthRSA, aes256CBC, macSHA1, crypto.SHA256, record.TLS10},
	{0xc015, "TLS_ECDH_anon_WITH_NULL_SHA", "AECDH-NULL-SHA", KxECDHE, AuthNone, null, macSHA1, crypto.SHA256, record.TLS10},
	{0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", "AECDH-AES128-SHA", KxECDHE, AuthNone, aes128CBC, macSHA1, crypto.SHA256, record.TLS10},
	{0xc019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "AECDH-AES256-SHA", KxECDHE, AuthNone, aes256CBC, macSHA1, crypto.SHA256, record.TLS10},
	{0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", KxECDHE, AuthECDSA, aes128CBC, macSHA256, crypto.SHA256, record.TLS12},
	{0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384", KxECDHE, AuthECDSA, aes256CBC, macSHA384, crypto.SHA384, record.TLS12},
	{0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", KxECDHE, AuthRSA, aes128CBC, macSHA256, crypto.SHA256, record.TLS12},
	{0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384", KxECDHE, AuthRSA, aes256CBC, macSHA384, crypto.SHA384, record.TLS12},
	{0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", KxECDHE, AuthECDSA, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", KxECDHE, AuthECDSA, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", KxECDHE, AuthRSA, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", KxECDHE, AuthRSA, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ECDHE-ECDSA-AES128-CCM", KxECDHE, AuthECDSA, aes128CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", "ECDHE-ECDSA-AES256-CCM", KxECDHE, AuthECDSA, aes256CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8", KxECDHE, AuthECDSA, aes128CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", "ECDHE-ECDSA-AES256-CCM8", KxECDHE, AuthECDSA, aes256CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", KxECDHE, AuthRSA, chacha20, macAEAD, crypto.SHA256, record.TLS12},
	{0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", KxECDHE, AuthECDSA, chacha20, macAEAD, crypto.SHA256, record.TLS12},

	{0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "DHE-RSA-AES128-SHA", KxDHE, AuthRSA, aes128CBC, macSHA1, crypto.SHA256, ssl30},
	{0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", "ADH-AES128-SHA", KxDHE, AuthNone, aes128CBC, macSHA1, crypto.SHA256, ssl30},
	{0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA", KxDHE, AuthRSA, aes256CBC, macSHA1, crypto.SHA256, ssl30},
	{0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA", "ADH-AES256-SHA", KxDHE, AuthNone, aes256CBC, macSHA1, crypto.SHA256, ssl30},
	{0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256", KxDHE, AuthRSA, aes128CBC, macSHA256, crypto.SHA256, record.TLS12},
	{0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "DHE-RSA-AES256-SHA256", KxDHE, AuthRSA, aes256CBC, macSHA256, crypto.SHA256, record.TLS12},
	{0x006c, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", "ADH-AES128-SHA256", KxDHE, AuthNone, aes128CBC, macSHA256, crypto.SHA256, record.TLS12},
	{0x006d, "TLS_DH_anon_WITH_AES_256_CBC_SHA256", "ADH-AES256-SHA256", KxDHE, AuthNone, aes256CBC, macSHA256, crypto.SHA256, record.TLS12},
	{0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256", KxDHE, AuthRSA, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384", KxDHE, AuthRSA, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", "ADH-AES128-GCM-SHA256", KxDHE, AuthNone, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", "ADH-AES256-GCM-SHA384", KxDHE, AuthNone, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM", "DHE-RSA-AES128-CCM", KxDHE, AuthRSA, aes128CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM", "DHE-RSA-AES256-CCM", KxDHE, AuthRSA, aes256CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8", "DHE-RSA-AES128-CCM8", KxDHE, AuthRSA, aes128CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8", "DHE-RSA-AES256-CCM8", KxDHE, AuthRSA, aes256CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "DHE-RSA-CHACHA20-POLY1305", KxDHE, AuthRSA, chacha20, macAEAD, crypto.SHA256, record.TLS12},

	{0x0001, "TLS_RSA_WITH_NULL_MD5", "NULL-MD5", KxRSA, AuthRSA, null, macMD5, crypto.SHA256, ssl30},
	{0x0002, "TLS_RSA_WITH_NULL_SHA", "NULL-SHA", KxRSA, AuthRSA, null, macSHA1, crypto.SHA256, ssl30},
	{0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", KxRSA, AuthRSA, aes128CBC, macSHA1, crypto.SHA256, ssl30},
	{0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", KxRSA, AuthRSA, aes256CBC, macSHA1, crypto.SHA256, ssl30},
	{0x003b, "TLS_RSA_WITH_NULL_SHA256", "NULL-SHA256", KxRSA, AuthRSA, null, macSHA256, crypto.SHA256, record.TLS12},
	{0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", KxRSA, AuthRSA, aes128CBC, macSHA256, crypto.SHA256, record.TLS12},
	{0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256", KxRSA, AuthRSA, aes256CBC, macSHA256, crypto.SHA256, record.TLS12},
	{0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", KxRSA, AuthRSA, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", KxRSA, AuthRSA, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0xc09c, "TLS_RSA_WITH_AES_128_CCM", "AES128-CCM", KxRSA, AuthRSA, aes128CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc09d, "TLS_RSA_WITH_AES_256_CCM", "AES256-CCM", KxRSA, AuthRSA, aes256CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8", "AES128-CCM8", KxRSA, AuthRSA, aes128CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8", "AES256-CCM8", KxRSA, AuthRSA, aes256CCM8, macAEAD, crypto.SHA256, record.TLS12},

	{0xc035, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", "ECDHE-PSK-AES128-CBC-SHA", KxECDHEPSK, AuthPSK, aes128CBC, macSHA1, crypto.SHA256, record.TLS10},
	{0xc036, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA", "ECDHE-PSK-AES256-CBC-SHA", KxECDHEPSK, AuthPSK, aes256CBC, macSHA1, crypto.SHA256, record.TLS10},
	{0xc037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", "ECDHE-PSK-AES128-CBC-SHA256", KxECDHEPSK, AuthPSK, aes128CBC, macSHA256, crypto.SHA256, record.TLS10},
	{0xc038, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384", "ECDHE-PSK-AES256-CBC-SHA384", KxECDHEPSK, AuthPSK, aes256CBC, macSHA384, crypto.SHA384, record.TLS10},
	{0xc039, "TLS_ECDHE_PSK_WITH_NULL_SHA", "ECDHE-PSK-NULL-SHA", KxECDHEPSK, AuthPSK, null, macSHA1, crypto.SHA256, record.TLS10},
	{0xc03a, "TLS_ECDHE_PSK_WITH_NULL_SHA256", "ECDHE-PSK-NULL-SHA256", KxECDHEPSK, AuthPSK, null, macSHA256, crypto.SHA256, record.TLS10},
	{0xc03b, "TLS_ECDHE_PSK_WITH_NULL_SHA384", "ECDHE-PSK-NULL-SHA384", KxECDHEPSK, AuthPSK, null, macSHA384, crypto.SHA384, record.TLS10},
	{0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-PSK-CHACHA20-POLY1305", KxECDHEPSK, AuthPSK, chacha20, macAEAD, crypto.SHA256, record.TLS12},

	{0x002d, "TLS_DHE_PSK_WITH_NULL_SHA", "DHE-PSK-NULL-SHA", KxDHEPSK, AuthPSK, null, macSHA1, crypto.SHA256, ssl30},
	{0x0090, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA", "DHE-PSK-AES128-CBC-SHA", KxDHEPSK, AuthPSK, aes128CBC, macSHA1, crypto.SHA256, ssl30},
	{0x0091, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA", "DHE-PSK-AES256-CBC-SHA", KxDHEPSK, AuthPSK, aes256CBC, macSHA1, crypto.SHA256, ssl30},
	{0x00aa, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256", "DHE-PSK-AES128-GCM-SHA256", KxDHEPSK, AuthPSK, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0x00ab, "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384", "DHE-PSK-AES256-GCM-SHA384", KxDHEPSK, AuthPSK, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0x00b2, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA256", "DHE-PSK-AES128-CBC-SHA256", KxDHEPSK, AuthPSK, aes128CBC, macSHA256, crypto.SHA256, record.TLS10},
	{0x00b3, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA384", "DHE-PSK-AES256-CBC-SHA384", KxDHEPSK, AuthPSK, aes256CBC, macSHA384, crypto.SHA384, record.TLS10},
	{0x00b4, "TLS_DHE_PSK_WITH_NULL_SHA256", "DHE-PSK-NULL-SHA256", KxDHEPSK, AuthPSK, null, macSHA256, crypto.SHA256, record.TLS10},
	{0x00b5, "TLS_DHE_PSK_WITH_NULL_SHA384", "DHE-PSK-NULL-SHA384", KxDHEPSK, AuthPSK, null, macSHA384, crypto.SHA384, record.TLS10},
	{0xc0a6, "TLS_DHE_PSK_WITH_AES_128_CCM", "DHE-PSK-AES128-CCM", KxDHEPSK, AuthPSK, aes128CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0a7, "TLS_DHE_PSK_WITH_AES_256_CCM", "DHE-PSK-AES256-CCM", KxDHEPSK, AuthPSK, aes256CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0aa, "TLS_PSK_DHE_WITH_AES_128_CCM_8", "DHE-PSK-AES128-CCM8", KxDHEPSK, AuthPSK, aes128CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0ab, "TLS_PSK_DHE_WITH_AES_256_CCM_8", "DHE-PSK-AES256-CCM8", KxDHEPSK, AuthPSK, aes256CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xccad, "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "DHE-PSK-CHACHA20-POLY1305", KxDHEPSK, AuthPSK, chacha20, macAEAD, crypto.SHA256, record.TLS12},

	{0x002e, "TLS_RSA_PSK_WITH_NULL_SHA", "RSA-PSK-NULL-SHA", KxRSAPSK, AuthRSA, null, macSHA1, crypto.SHA256, ssl30},
	{0x0094, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA", "RSA-PSK-AES128-CBC-SHA", KxRSAPSK, AuthRSA, aes128CBC, macSHA1, crypto.SHA256, ssl30},
	{0x0095, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA", "RSA-PSK-AES256-CBC-SHA", KxRSAPSK, AuthRSA, aes256CBC, macSHA1, crypto.SHA256, ssl30},
	{0x00ac, "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256", "RSA-PSK-AES128-GCM-SHA256", KxRSAPSK, AuthRSA, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0x00ad, "TLS_RSA_PSK_WITH_AES_256_GCM_SHA384", "RSA-PSK-AES256-GCM-SHA384", KxRSAPSK, AuthRSA, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0x00b6, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA256", "RSA-PSK-AES128-CBC-SHA256", KxRSAPSK, AuthRSA, aes128CBC, macSHA256, crypto.SHA256, record.TLS10},
	{0x00b7, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA384", "RSA-PSK-AES256-CBC-SHA384", KxRSAPSK, AuthRSA, aes256CBC, macSHA384, crypto.SHA384, record.TLS10},
	{0x00b8, "TLS_RSA_PSK_WITH_NULL_SHA256", "RSA-PSK-NULL-SHA256", KxRSAPSK, AuthRSA, null, macSHA256, crypto.SHA256, record.TLS10},
	{0x00b9, "TLS_RSA_PSK_WITH_NULL_SHA384", "RSA-PSK-NULL-SHA384", KxRSAPSK, AuthRSA, null, macSHA384, crypto.SHA384, record.TLS10},
	{0xccae, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256", "RSA-PSK-CHACHA20-POLY1305", KxRSAPSK, AuthRSA, chacha20, macAEAD, crypto.SHA256, record.TLS12},

	{0x002c, "TLS_PSK_WITH_NULL_SHA", "PSK-NULL-SHA", KxPSK, AuthPSK, null, macSHA1, crypto.SHA256, ssl30},
	{0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA", "PSK-AES128-CBC-SHA", KxPSK, AuthPSK, aes128CBC, macSHA1, crypto.SHA256, ssl30},
	{0x008d, "TLS_PSK_WITH_AES_256_CBC_SHA", "PSK-AES256-CBC-SHA", KxPSK, AuthPSK, aes256CBC, macSHA1, crypto.SHA256, ssl30},
	{0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256", "PSK-AES128-GCM-SHA256", KxPSK, AuthPSK, aes128GCM, macAEAD, crypto.SHA256, record.TLS12},
	{0x00a9, "TLS_PSK_WITH_AES_256_GCM_SHA384", "PSK-AES256-GCM-SHA384", KxPSK, AuthPSK, aes256GCM, macAEAD, crypto.SHA384, record.TLS12},
	{0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256", "PSK-AES128-CBC-SHA256", KxPSK, AuthPSK, aes128CBC, macSHA256, crypto.SHA256, record.TLS10},
	{0x00af, "TLS_PSK_WITH_AES_256_CBC_SHA384", "PSK-AES256-CBC-SHA384", KxPSK, AuthPSK, aes256CBC, macSHA384, crypto.SHA384, record.TLS10},
	{0x00b0, "TLS_PSK_WITH_NULL_SHA256", "PSK-NULL-SHA256", KxPSK, AuthPSK, null, macSHA256, crypto.SHA256, record.TLS10},
	{0x00b1, "TLS_PSK_WITH_NULL_SHA384", "PSK-NULL-SHA384", KxPSK, AuthPSK, null, macSHA384, crypto.SHA384, record.TLS10},
	{0xc0a4, "TLS_PSK_WITH_AES_128_CCM", "PSK-AES128-CCM", KxPSK, AuthPSK, aes128CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0a5, "TLS_PSK_WITH_AES_256_CCM", "PSK-AES256-CCM", KxPSK, AuthPSK, aes256CCM, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8", "PSK-AES128-CCM8", KxPSK, AuthPSK, aes128CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xc0a9, "TLS_PSK_WITH_AES_256_CCM_8", "PSK-AES256-CCM8", KxPSK, AuthPSK, aes256CCM8, macAEAD, crypto.SHA256, record.TLS12},
	{0xccab, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", "PSK-CHACHA20-POLY1305", KxPSK, AuthPSK, chacha20, macAEAD, crypto.SHA256, record.TLS12},
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
