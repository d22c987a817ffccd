package suites

import "tacet/record"

// What aliases and the order of preference say of bulk ciphers.
var (
	encAES128   = setOf(aes128CBC, aes128GCM, aes128CCM, aes128CCM8)
	encAES256   = setOf(aes256CBC, aes256GCM, aes256CCM, aes256CCM8)
	encAES      = encAES128 | encAES256
	encAESGCM   = setOf(aes128GCM, aes256GCM)
	encAESCCM8  = setOf(aes128CCM8, aes256CCM8)
	encAESCCM   = setOf(aes128CCM, aes256CCM) | encAESCCM8
	encChaCha20 = setOf(chacha20)
	encCamellia = setOf(camellia128, camellia256)
	encARIA     = setOf(aria128GCM, aria256GCM)
	encCBC      = setOf(tripleDES, aes128CBC, aes256CBC) | encCamellia

	encNull     = setOf(null)
	encNotNull  = set(1<<numBulks-1) &^ encNull
	authNotNone = set(1<<len(authNames)-1) &^ setOf(AuthNone)
	kxAllPSK    = setOf(KxPSK, KxRSAPSK, KxDHEPSK, KxECDHEPSK)
)

// aliases are the words of a cipher string, other than the suites' own names, that
// OpenSSL 3.0 knows; case matters. Words for what it is built without by default
// (RC4, SEED, IDEA, single DES, GOST) are unknown to it, hence here.
var aliases = map[string]selector{
	"ALL":                 {bulk: encNotNull},
	"COMPLEMENTOFALL":     {bulk: encNull},
	"COMPLEMENTOFDEFAULT": {grade: gradeOptional},

	"kRSA":      {kx: setOf(KxRSA)},
	"kEDH":      {kx: setOf(KxDHE)},
	"kDHE":      {kx: setOf(KxDHE)},
	"DH":        {kx: setOf(KxDHE)},
	"kEECDH":    {kx: setOf(KxECDHE)},
	"kECDHE":    {kx: setOf(KxECDHE)},
	"ECDH":      {kx: setOf(KxECDHE)},
	"kPSK":      {kx: setOf(KxPSK)},
	"kRSAPSK":   {kx: setOf(KxRSAPSK)},
	"kECDHEPSK": {kx: setOf(KxECDHEPSK)},
	"kDHEPSK":   {kx: setOf(KxDHEPSK)},
	"kSRP":      {kx: setOf(kxSRP)},

	"aRSA":   {auth: setOf(AuthRSA)},
	"aDSS":   {auth: setOf(authDSS)},
	"DSS":    {auth: setOf(authDSS)},
	"aNULL":  {auth: setOf(AuthNone)},
	"aECDSA": {auth: setOf(AuthECDSA)},
	"ECDSA":  {auth: setOf(AuthECDSA)},
	"aPSK":   {auth: setOf(AuthPSK)},
	"aSRP":   {auth: setOf(authSRP)},

	"EDH":   {kx: setOf(KxDHE), auth: authNotNone},
	"DHE":   {kx: setOf(KxDHE), auth: authNotNone},
	"EECDH": {kx: setOf(KxECDHE), auth: authNotNone},
	"ECDHE": {kx: setOf(KxECDHE), auth: authNotNone},
	"RSA":   {kx: setOf(KxRSA), auth: setOf(AuthRSA)},
	"ADH":   {kx: setOf(KxDHE), auth: setOf(AuthNone)},
	"AECDH": {kx: setOf(KxECDHE), auth: setOf(AuthNone)},
	"PSK":   {kx: kxAllPSK},
	"SRP":   {kx: setOf(kxSRP)},

	"3DES":        {bulk: setOf(tripleDES)},
	"NULL":        {bulk: encNull},
	"eNULL":       {bulk: encNull},
	"AES128":      {bulk: encAES128},
	"AES256":      {bulk: encAES256},
	"AES":         {bulk: encAES},
	"AESGCM":      {bulk: encAESGCM},
	"AESCCM":      {bulk: encAESCCM},
	"AESCCM8":     {bulk: encAESCCM8},
	"CAMELLIA128": {bulk: setOf(camellia128)},
	"CAMELLIA256": {bulk: setOf(camellia256)},
	"CAMELLIA":    {bulk: encCamellia},
	"CHACHA20":    {bulk: encChaCha20},
	"ARIA":        {bulk: encARIA},
	"ARIAGCM":     {bulk: encARIA},
	"ARIA128":     {bulk: setOf(aria128GCM)},
	"ARIA256":     {bulk: setOf(aria256GCM)},
	"CBC":         {bulk: encCBC},

	"MD5":    {mac: setOf(macMD5)},
	"SHA1":   {mac: setOf(macSHA1)},
	"SHA":    {mac: setOf(macSHA1)},
	"SHA256": {mac: setOf(macSHA256)},
	"SHA384": {mac: setOf(macSHA384)},

	"SSLv3":   {since: ssl30},
	"TLSv1":   {since: record.TLS10},
	"TLSv1.0": {since: record.TLS10},
	"TLSv1.2": {since: record.TLS12},

	"LOW":    {grade: gradeLow},
	"MEDIUM": {grade: gradeMedium},
	"HIGH":   {grade: gradeHigh},
	"FIPS":   {bulk: encNotNull, grade: gradeFIPS},

	"EDH-DSS-DES-CBC3-SHA": {kx: setOf(KxDHE), auth: setOf(authDSS), bulk: setOf(tripleDES), mac: setOf(macSHA1), grade: gradeHigh | gradeFIPS},
	"EDH-RSA-DES-CBC3-SHA": {kx: setOf(KxDHE), auth: setOf(AuthRSA), bulk: setOf(tripleDES), mac: setOf(macSHA1), grade: gradeHigh | gradeFIPS},
}
