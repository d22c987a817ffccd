package transport

import (
	"strings"
	"testing"

	"tacet/handshake/cred/credtest"
)

// certCase is a certificate, and the kind of its key if we have it: then node shows
// it in a handshake.
type certCase struct {
	name string
	der  []byte
	key  credtest.Kind
}

// certCases are certificates of every kind.
func certCases(t *testing.T) (list []certCase) {
	leaf := credtest.LeafTemplate("leaf.example", "192.0.2.1", "2001:db8::1")
	root := credtest.CA(t)
	for kind := range credtest.Kinds() {
		spki := root.Issue(t, leaf, kind).RawSubjectPublicKeyInfo
		list = append(list, certCase{"key of kind " + string(kind), buildCert(spki), kind})
	}
	p256 := root.Issue(t, leaf, credtest.P256).RawSubjectPublicKeyInfo
	add := func(name string, change ...func(*certSpec)) {
		list = append(list, certCase{name, buildCert(p256, change...), credtest.P256})
	}
	nameCases(add)
	altNameCases(add)
	extensionCases(add)
	numberCases(add)
	return append(list, keyCases(t)...)
}

type addCase func(name string, change ...func(*certSpec))

// nameCases vary the subject.
func nameCases(add addCase) {
	const cn, ou, o = "2.5.4.3", "2.5.4.11", "2.5.4.10"
	one := func(label string, tag byte, value string) {
		add(label, withSubject(nameOfParts(attributeOf(cn, tag, value))))
	}
	add("a subject without names", withSubject(nameOfParts()))
	add("the usual names", withSubject(nameOfParts(attributeOf("2.5.4.6", derPrintable, "CH"), attributeOf("2.5.4.8", derUTF8, "Zürich"),
		attributeOf("2.5.4.7", derUTF8, "Zürich"), attributeOf(o, derUTF8, "Ex, \"Ample\" & Söhne"), attributeOf(ou, derUTF8, "unit"),
		attributeOf(cn, derUTF8, "leaf.example"), attributeOf("1.2.840.113549.1.9.1", derIA5, "a@b.example"))),
		withIssuer(nameOfParts(attributeOf(o, derPrintable, "issuer"), attributeOf(cn, derUTF8, "CA"), attributeOf(o, derUTF8, "again"))))
	add("names that repeat", withSubject(nameOfParts(attributeOf(ou, derUTF8, "a"), attributeOf(cn, derUTF8, "x"), attributeOf(ou, derUTF8, "b"),
		attributeOf(cn, derUTF8, "y"), attributeOf(ou, derUTF8, "c"))))
	add("domain components", withSubject(nameOfParts(attributeOf("0.9.2342.19200300.100.1.25", derIA5, "com"), attributeOf("0.9.2342.19200300.100.1.25", derIA5, "example"))))
	add("several names in one set", withSubject(nameOfParts(append(attributeOf(ou, derUTF8, "a"), attributeOf(cn, derUTF8, "b")...), attributeOf(o, derUTF8, "c"))))
	add("names of extended validation", withSubject(nameOfParts(attributeOf("1.3.6.1.4.1.311.60.2.1.3", derPrintable, "DE"), attributeOf("1.3.6.1.4.1.311.60.2.1.2", derUTF8, "BY"),
		attributeOf("2.5.4.15", derUTF8, "Private Organization"), attributeOf("2.5.4.5", derPrintable, "HRB 1"), attributeOf("2.5.4.97", derUTF8, "VATDE-1"),
		attributeOf("2.5.4.9", derUTF8, "street"), attributeOf("2.5.4.17", derUTF8, "80331"), attributeOf("2.5.4.12", derUTF8, "title"),
		attributeOf("2.5.4.42", derUTF8, "given"), attributeOf("2.5.4.4", derUTF8, "sur"), attributeOf("0.9.2342.19200300.100.1.1", derUTF8, "uid"))))
	add("unknown attributes", withSubject(nameOfParts(attributeOf("1.2.3.4.5", derUTF8, "x"), attributeOf("1.3.6.1.4.1.99999.1", derPrintable, "y"),
		attributeOf("2.999.1", derUTF8, "z"), attributeOf("2.25.18446744073709551615", derUTF8, "uuid"))))
	add("an attribute with a long number", withSubject(nameOfParts(attributeOf("1.2."+strings.Repeat("1234567890.", 12)+"1", derUTF8, "x"))))
	one("PrintableString", derPrintable, "leaf")
	one("PrintableString with others", derPrintable, "a*b@c")
	one("T61String in Latin-1", derT61, "caf\xe9")
	one("IA5String with bytes beyond", derIA5, "caf\xe9")
	one("VisibleString", derVisible, "leaf")
	one("NumericString", derNumeric, "123")
	one("BMPString", derBMP, "\x00c\x00a\x00f\x00\xe9\x20\xac")
	one("BMPString of odd length", derBMP, "\x00c\x00")
	one("BMPString with surrogates", derBMP, "\xd8\x3d\xde\x00")
	one("UniversalString", derUniversal, "\x00\x00\x00c\x00\x01\xf6\x00")
	one("UniversalString beyond Unicode", derUniversal, "\x00\x11\x00\x00")
	one("UniversalString with a surrogate", derUniversal, "\x00\x00\xd8\x00")
	one("UTF8String", derUTF8, "日本語 😀")
	one("UTF8String that is none", derUTF8, "a\xff\xfeb")
	one("UTF8String, overlong", derUTF8, "a\xc0\xafb")
	one("UTF8String with a surrogate", derUTF8, "a\xed\xa0\x80b")
	one("UTF8String of five bytes a character", derUTF8, "a\xf8\x88\x80\x80\x80b")
	one("a zero byte", derUTF8, "good.example\x00.evil.example")
	one("a line feed", derUTF8, "a\nCN=b")
	one("quotes and backslashes", derUTF8, `"a\"',+=#;<>`)
	one("blanks around", derUTF8, "  a  ")
	one("nothing", derUTF8, "")
	one("an INTEGER", derInteger, "\x05")
	one("a BIT STRING", derBits, "\x00ab")
	one("an OCTET STRING", derOctets, "ab")
	one("a SEQUENCE", derSequence, "\x05\x00")
	one("NULL", derNull, "")
	one("a UTCTime", derUTCTime, "240102030405Z")
	one("names like those of objects", derUTF8, "__proto__")
}

// altNameCases vary the alternative names.
func altNameCases(add addCase) {
	const email, dns, x400, dir, edi, uri, ip, rid = 1, 2, 3, 4, 5, 6, 7, 8
	one := func(label string, names ...[]byte) { add("alternative name: "+label, withAltName(names...)) }
	text := func(kind byte, s string) []byte { return implicit(kind, []byte(s)) }
	other := func(dots string, value []byte) []byte { return explicit(0, objectID(dots), explicit(0, value)) }
	one("DNS", text(dns, "leaf.example"), text(dns, "*.leaf.example"), text(dns, "xn--bcher-kva.example"))
	one("none at all")
	one("an empty one", text(dns, ""))
	one("all kinds", text(email, "a@b.example"), text(dns, "b.example"), text(uri, "https://b.example/"), text(ip, "\xc0\x00\x02\x01"),
		implicit(rid, oidBody("1.2.3.4")), explicit(dir, commonName("x")), explicit(x400), explicit(edi, explicit(1, tlv(derUTF8, []byte("x")))))
	one("a comma", text(dns, "good.example, DNS:evil.example"), text(dns, "b.example"))
	one("a quote", text(dns, `a".example`))
	one("an apostrophe", text(dns, "a'.example"))
	one("a backslash", text(dns, `a\.example`))
	one("a zero byte", text(dns, "good.example\x00.evil.example"))
	one("control characters", text(dns, "a\n\t\r\x7f\x1f.example"))
	one("Latin-1", text(dns, "caf\xe9.example"), text(email, "\xe9@b.example"), text(uri, "http://\xe9/"))
	one("UTF-8", text(dns, "café.example"), text(email, "é@b.example"))
	one("a blank and others that are plain", text(dns, "a b.example"), text(dns, "a~!@#$%^&*()=+[]{}|;:<>?/`.example"))
	one("a URI with all that is escaped", text(uri, "http://a.example/?x=1,2&y='\"\\"))
	one("an IPv4 address", text(ip, "\x7f\x00\x00\x01"))
	one("IPv6 addresses", text(ip, " \x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), text(ip, strings.Repeat("\x00", 16)),
		text(ip, strings.Repeat("\x00", 10)+"\xff\xff\x01\x02\x03\x04"))
	one("addresses of wrong length", text(ip, "abc"), text(ip, ""), text(ip, "\x0a\x00\x00\x00\xff\x00\x00\x00"))
	one("a registered id", implicit(rid, oidBody("2.999.3")), implicit(rid, oidBody("2.5.4.3")), implicit(rid, oidBody("1.3.6.1.5.5.7.3.1")))
	one("a directory name", explicit(dir, nameOfParts(attributeOf("2.5.4.6", derPrintable, "DE"), attributeOf("2.5.4.10", derUTF8, "o"), attributeOf("2.5.4.3", derUTF8, "cn"))))
	one("a directory name with all that is escaped", explicit(dir, nameOfParts(attributeOf("2.5.4.10", derUTF8, `a,b+c"d\e<f>g;h`), attributeOf("2.5.4.3", derUTF8, " #x "),
		attributeOf("2.5.4.11", derUTF8, "#y"), attributeOf("2.5.4.7", derUTF8, "a\nb\x00c\x7f"))))
	one("a directory name in UTF-8", explicit(dir, nameOfParts(attributeOf("2.5.4.3", derUTF8, "Zürich"))))
	one("a directory name in Latin-1 and UCS-2", explicit(dir, nameOfParts(attributeOf("2.5.4.3", derT61, "Z\xfcrich"), attributeOf("2.5.4.3", derBMP, "\x00Z\x00\xfc"))))
	one("a directory name of unknown parts", explicit(dir, nameOfParts(attributeOf("1.2.3.4", derUTF8, "x"), attributeOf("2.5.4.3", derInteger, "\x05"))))
	one("a directory name of sets", explicit(dir, nameOfParts(append(attributeOf("2.5.4.11", derUTF8, "a"), attributeOf("2.5.4.3", derUTF8, "b")...), attributeOf("2.5.4.10", derUTF8, "c"))))
	one("a directory name of one part", explicit(dir, commonName("simple")))
	one("an empty directory name", explicit(dir, nameOfParts()))
	one("a principal of Microsoft's", other("1.3.6.1.4.1.311.20.2.3", tlv(derUTF8, []byte("user@b.example"))))
	one("known others", other("1.3.6.1.5.5.7.8.5", tlv(derUTF8, []byte("x@b.example"))), other("1.3.6.1.5.5.7.8.7", tlv(derIA5, []byte("_ldap.b.example"))),
		other("1.3.6.1.5.5.7.8.8", tlv(derUTF8, []byte("realm"))), other("1.3.6.1.5.5.7.8.9", tlv(derUTF8, []byte("é@b.example"))))
	one("others with all that is escaped", other("1.3.6.1.5.5.7.8.5", tlv(derUTF8, []byte("a, \"é'\\\x00\n"))), other("1.3.6.1.5.5.7.8.7", tlv(derIA5, []byte("a,\xe9\n'"))))
	one("others of the wrong type", other("1.3.6.1.5.5.7.8.5", tlv(derIA5, []byte("x"))), other("1.3.6.1.5.5.7.8.7", tlv(derUTF8, []byte("x"))))
	one("an unknown other", other("1.2.3.4", tlv(derUTF8, []byte("x"))), other("1.2.3.4", sequence()))
	add("alternative names twice", withAltName(text(dns, "a.example")), withAltName(text(dns, "b.example")))
	add("alternative names that are none", withExtensions(extensionOf(oidAltName, []byte("rubbish"))))
	add("alternative names and more", withExtensions(extensionOf(oidAltName, sequence(text(dns, "a.example")), []byte{5, 0})))
	add("alternative names of a kind that is none", withAltName(text(9, "x")))
	add("alternative names, critical", withExtensions(criticalExtension(oidAltName, sequence(text(dns, "a.example")))))
	add("alternative names of the issuer", withExtensions(extensionOf("2.5.29.18", sequence(text(dns, "a.example")))))
}

// extensionCases vary the other extensions.
func extensionCases(add addCase) {
	const keyUsage, authorityKey, subjectKey, policies, crlPoints, constraints = "2.5.29.15", "2.5.29.35", "2.5.29.14", "2.5.29.32", "2.5.29.31", "2.5.29.30"
	isTrue := tlv(derBoolean, []byte{0xff})
	ca := criticalExtension(oidBasicConstraints, sequence(isTrue))
	usage := func(b ...byte) []byte { return criticalExtension(keyUsage, tlv(derBits, b)) }
	add("no extensions", func(c *certSpec) { c.noExtensions = true })
	add("version 1", func(c *certSpec) { c.version = nil })
	add("version 1, said", func(c *certSpec) { c.version = explicit(0, tlv(derInteger, []byte{0})) })
	add("version 1, self-issued", func(c *certSpec) { c.version, c.subject = nil, c.issuer })
	add("version 1 with extensions", func(c *certSpec) { c.version = nil }, withExtensions(ca), withAltName(implicit(2, []byte("a.example"))))
	add("version 2 with unique ids", func(c *certSpec) {
		c.version = explicit(0, tlv(derInteger, []byte{1}))
		c.unique = append(implicit(1, []byte{0, 1}), implicit(2, []byte{0, 2})...)
	})
	add("version 4", func(c *certSpec) { c.version = explicit(0, tlv(derInteger, []byte{3})) })
	add("an authority", withExtensions(ca))
	add("an authority, said in BER", withExtensions(criticalExtension(oidBasicConstraints, sequence(tlv(derBoolean, []byte{1})))))
	add("no authority, said", withExtensions(criticalExtension(oidBasicConstraints, sequence(tlv(derBoolean, []byte{0})))))
	add("no authority", withExtensions(extensionOf(oidBasicConstraints, sequence())))
	add("an authority with a path length", withExtensions(criticalExtension(oidBasicConstraints, sequence(isTrue, tlv(derInteger, []byte{3})))))
	add("a path length without authority", withExtensions(criticalExtension(oidBasicConstraints, sequence(tlv(derInteger, []byte{3})))))
	add("a negative path length", withExtensions(criticalExtension(oidBasicConstraints, sequence(isTrue, tlv(derInteger, []byte{0xff})))))
	add("constraints that are none", withExtensions(extensionOf(oidBasicConstraints, []byte{1, 2, 3})))
	add("constraints and more", withExtensions(extensionOf(oidBasicConstraints, sequence(isTrue, tlv(derNull)))))
	add("constraints twice", withExtensions(ca, ca))
	add("an authority that may sign certificates", withExtensions(ca, usage(1, 6)))
	add("an authority that may not", withExtensions(ca, usage(7, 0x80)))
	add("an authority with an empty key usage", withExtensions(ca, usage(0)))
	add("an authority with a key usage of zeros", withExtensions(ca, usage(0, 0)))
	add("an authority whose key usage is none", withExtensions(ca, criticalExtension(keyUsage, []byte{9})))
	add("a key usage without constraints", withExtensions(usage(1, 6)))
	add("Netscape's certificate type", withExtensions(extensionOf("2.16.840.1.113730.1.1", tlv(derBits, []byte{0, 7}))))
	add("an authority with names for it that are none", withExtensions(ca, extensionOf(oidAltName, []byte{1, 2, 3})))
	add("an authority with purposes that are none", withExtensions(ca, extensionOf(oidExtKeyUsage, []byte{1, 2, 3})))
	add("an authority with key ids", withExtensions(ca, extensionOf(subjectKey, tlv(derOctets, []byte("id"))), extensionOf(authorityKey, sequence(implicit(0, []byte("id"))))))
	add("an authority with key ids that are none", withExtensions(ca, extensionOf(subjectKey, []byte{1}), extensionOf(authorityKey, []byte{2})))
	add("an authority with name constraints that are none", withExtensions(ca, extensionOf(constraints, []byte{1, 2})))
	add("an authority with CRL points that are none", withExtensions(ca, extensionOf(crlPoints, []byte{1, 2})))
	add("an authority with policies that are none", withExtensions(ca, extensionOf(policies, []byte{1, 2})))
	add("an authority with names twice", withExtensions(ca, extensionOf(oidAltName, sequence()), extensionOf(oidAltName, sequence())))
	add("an authority with an unknown critical extension", withExtensions(ca, criticalExtension("1.2.3.4", []byte{5, 0})))
	add("a proxy", withExtensions(criticalExtension("1.3.6.1.5.5.7.1.14", sequence(sequence(objectID("1.3.6.1.5.5.7.21.1"))))))
	purposes := func(label string, dots ...string) {
		var list [][]byte
		for _, d := range dots {
			list = append(list, objectID(d))
		}
		add("purposes: "+label, withExtensions(extensionOf(oidExtKeyUsage, sequence(list...))))
	}
	purposes("server and client", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2")
	purposes("any", "2.5.29.37.0")
	purposes("unknown ones", "1.2.3.4.5.6", "1.3.6.1.4.1.311.10.3.4", "2.999", "0.39.1", "1.0.1", "2.25.18446744073709551615")
	purposes("none")
	purposes("one twice", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.1")
	add("purposes that are none", withExtensions(extensionOf(oidExtKeyUsage, []byte("rubbish"))))
	add("purposes twice", withExtensions(extensionOf(oidExtKeyUsage, sequence(objectID("1.2.3"))), extensionOf(oidExtKeyUsage, sequence(objectID("1.2.4")))))
	accessCases(add)
}

// accessCases vary the access to information on the issuer.
func accessCases(add addCase) {
	const ocsp, issuers = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
	accessTo := func(method string, name []byte) []byte { return sequence(objectID(method), name) }
	uri := func(s string) []byte { return implicit(6, []byte(s)) }
	info := func(label string, list ...[]byte) {
		add("information access: "+label, withExtensions(extensionOf(oidInfoAccess, sequence(list...))))
	}
	info("both", accessTo(ocsp, uri("http://ocsp.example/")), accessTo(issuers, uri("http://ca.example/ca.crt")))
	info("several of one", accessTo(ocsp, uri("http://a/")), accessTo(issuers, uri("http://b/")), accessTo(ocsp, uri("http://c/")))
	info("none")
	info("other names", accessTo(ocsp, implicit(2, []byte("ocsp.example"))), accessTo(ocsp, explicit(4, commonName("x"))), accessTo(issuers, implicit(1, []byte("a@b"))),
		accessTo(ocsp, implicit(7, []byte{192, 0, 2, 1})), accessTo(ocsp, implicit(8, oidBody("1.2.3"))))
	info("other methods", accessTo("1.2.3.4", uri("http://a/")), accessTo("1.3.6.1.5.5.7.48.3", uri("http://b/")), accessTo("1.3.6.1.5.5.7.48.5", uri("http://c/")))
	info("all that is escaped", accessTo(ocsp, uri("http://a/?b=c,d'\"\\")), accessTo(ocsp, uri("http://\xe9\x00\n/")))
	info("a line feed", accessTo(ocsp, uri("http://a/\nCA Issuers - URI:http://evil/")))
	info("a directory name of parts", accessTo(ocsp, explicit(4, nameOfParts(attributeOf("2.5.4.10", derUTF8, "o: p"), attributeOf("2.5.4.3", derUTF8, "é")))))
	info("an other name", accessTo(ocsp, explicit(0, objectID("1.3.6.1.5.5.7.8.5"), explicit(0, tlv(derUTF8, []byte("x"))))))
	info("an empty one", accessTo(ocsp, uri("")))
	add("information access that is none", withExtensions(extensionOf(oidInfoAccess, []byte("rubbish"))))
	add("information access twice", withExtensions(extensionOf(oidInfoAccess, sequence(accessTo(ocsp, uri("http://a/")))), extensionOf(oidInfoAccess, sequence())))
	add("information access of the subject", withExtensions(extensionOf("1.3.6.1.5.5.7.1.11", sequence(accessTo(ocsp, uri("http://a/"))))))
}

// numberCases vary serial numbers and times.
func numberCases(add addCase) {
	for _, s := range []string{"00", "01", "7f", "0080", "00ff", "ff", "80", "fb", "ff7f", "8000", "0100", "00", "0001", "ffff",
		"7fffffffffffffffffffffffffffffffffffffff", "00ffffffffffffffffffffffffffffffffffffffff", strings.Repeat("5a", 40), "80" + strings.Repeat("00", 15)} {
		add("serial number "+s, withSerial(unhex(s)...))
	}
	utc := func(s string) []byte { return tlv(derUTCTime, []byte(s)) }
	long := func(s string) []byte { return tlv(derTime, []byte(s)) }
	for _, pair := range [][2][]byte{
		{utc("500101000000Z"), utc("491231235959Z")},
		{long("19000101000000Z"), long("99991231235959Z")},
		{long("00000101000000Z"), long("20501111111111Z")},
		{long("20240102030405.678Z"), long("20240102030405.Z")},
		{long("20240102030405"), long("20240102030405+0100")},
		{long("202401020304Z"), utc("2401020304Z")},
		{utc("240102030405"), utc("240102030405+0100")},
		{utc("240229000000Z"), utc("230229000000Z")},
		{utc("241301000000Z"), utc("240132000000Z")},
		{utc("240101240000Z"), utc("240101006000Z")},
		{utc("240101000060Z"), utc("240100000000Z")},
		{utc(""), utc("rubbish")},
		{utc("240102030405z"), utc("24010203040506Z")},
		{long("20240229000000Z"), long("21000229000000Z")},
		{long("2024010203Z"), long("20240102030405,5Z")},
		{utc("240102030405-0000"), utc("240102030405+2400")},
		{tlv(derUTF8, []byte("240102030405Z")), tlv(derInteger, []byte{5})},
		{utc("240630235959Z"), utc("240431000000Z")},
	} {
		add("times "+strings.ToValidUTF8(string(pair[0][2:])+" "+string(pair[1][2:]), "?"), withTimes(pair[0], pair[1]))
	}
}

// keyCases are keys that node shows without a handshake.
func keyCases(t *testing.T) (list []certCase) {
	names, infos := keyInfos(t)
	for _, n := range names {
		list = append(list, certCase{name: "key " + n, der: buildCert(infos[n])})
	}
	add := func(name string, algorithm, key []byte) {
		list = append(list, certCase{name: name, der: buildCert(keyInfo(algorithm, key))})
	}
	rsa := func(n, e []byte) []byte { return sequence(tlv(derInteger, n), tlv(derInteger, e)) }
	algorithm := sequence(objectID(oidRSA), tlv(derNull))
	modulus := append([]byte{0, 0xc5}, []byte(strings.Repeat("\x5b", 127))...)
	add("RSA: exponent 1", algorithm, rsa(modulus, []byte{1}))
	add("RSA: exponent 0", algorithm, rsa(modulus, []byte{0}))
	add("RSA: exponent of 64 bits", algorithm, rsa(modulus, unhex("00ffffffffffffffff")))
	add("RSA: exponent of 65 bits", algorithm, rsa(modulus, unhex("010000000000000001")))
	add("RSA: modulus of a byte", algorithm, rsa([]byte{0x0f}, []byte{3}))
	add("RSA: modulus 0", algorithm, rsa([]byte{0}, []byte{3}))
	add("RSA: modulus of odd digits", algorithm, rsa([]byte{5, 0x5b}, []byte{3}))
	add("RSA: negative modulus", algorithm, rsa([]byte{0xc5, 0x5b}, []byte{3}))
	add("RSA: without parameters", sequence(objectID(oidRSA)), rsa(modulus, []byte{1, 0, 1}))
	add("RSA: with odd parameters", sequence(objectID(oidRSA), sequence()), rsa(modulus, []byte{1, 0, 1}))
	add("RSA: that is none", algorithm, []byte("rubbish"))
	add("RSA: with more", algorithm, append(rsa(modulus, []byte{1, 0, 1}), 5, 0))
	add("RSA: by its old name", sequence(objectID("2.5.8.1.1"), tlv(derNull)), rsa(modulus, []byte{1, 0, 1}))
	point := infos["prime256v1"][len(infos["prime256v1"])-65:]
	ec := func(parameters ...[]byte) []byte {
		return sequence(append([][]byte{objectID(oidEC)}, parameters...)...)
	}
	p256 := objectID("1.2.840.10045.3.1.7")
	off := append(append([]byte{}, point...), point[0]^5)[1:]
	off[0] = 4
	add("EC: not on the curve", ec(p256), off)
	add("EC: of infinity", ec(p256), []byte{0})
	add("EC: too short", ec(p256), point[:64])
	add("EC: on another curve", ec(objectID("1.3.132.0.34")), point)
	add("EC: on an unknown curve", ec(objectID("1.2.3.4")), point)
	add("EC: without parameters", ec(), point)
	add("EC: with null for parameters", ec(tlv(derNull)), point)
	add("an unknown key", sequence(objectID("1.2.3.4")), []byte("key"))
	add("an Ed25519 key of wrong length", sequence(objectID("1.3.101.112")), []byte("key"))
	return list
}
