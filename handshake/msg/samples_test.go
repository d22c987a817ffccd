package msg

import (
	"bytes"
	"slices"

	"tacet/record"
)

// sample is a message with every field and every extension that it can have.
type sample struct {
	name    string
	dialect Dialect
	message Message
	grammar []field // of the body, for the test's own parser
}

var tls12, tls13 = Dialect{Version: record.TLS12}, Dialect{Version: record.TLS13}

func fill(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

func array32(b byte) (a [32]byte) {
	copy(a[:], fill(32, b))
	return a
}

// setAll marks every extension that a message may hold.
func setAll(x *Extensions, in Where) {
	for i := range table {
		if table[i].where&in != 0 {
			x.Set(table[i].id)
		}
	}
}

func clientExtensions() (x Extensions) {
	x = Extensions{
		ServerName: []byte("example.org"), MaxFragmentLength: 4, StatusRequest: true,
		SupportedGroups: AppendUint16s(nil, 0x11ec, 29, 23), PointFormats: []byte{1, 0},
		SignatureAlgorithms: AppendUint16s(nil, 0x0403, 0x0804), SignatureAlgorithmsCert: AppendUint16s(nil, 0x0401),
		ALPN: AppendVector8(nil, "h2", "http/1.1"), Padding: 3, CertificateCompression: AppendUint16s(nil, 2, 3),
		RecordSizeLimit: 16385, SessionTicket: fill(9, 0xa1), RenegotiationInfo: fill(12, 0xa2),
		SupportedVersions: AppendUint16s(nil, 0x0304, 0x0303), Cookie: fill(5, 0xa3), PSKModes: []byte{1, 0},
		PSK: OfferedPSKs{
			Identities: AppendPSKIdentity(AppendPSKIdentity(nil, fill(7, 0xa4), 0xa5a5a5a5), fill(1, 0xa6), 0xa7a7a7a7),
			Binders:    AppendVector8(nil, fill(32, 0xa8), fill(48, 0xa9)),
		},
		KeyShares:              AppendKeyShare(AppendKeyShare(nil, 29, fill(32, 0xaa)), 23, fill(65, 0xab)),
		CertificateAuthorities: AppendVector16(nil, fill(6, 0xac), fill(4, 0xad)),
	}
	setAll(&x, helloEither)
	return x
}

func serverExtensions(in Where) (x Extensions) {
	x = Extensions{
		MaxFragmentLength: 1, OCSPResponse: fill(40, 0xb1), PointFormats: []byte{0}, ALPN: AppendVector8(nil, "h2"),
		SCTs: AppendVector16(nil, fill(20, 0xb2), fill(21, 0xb3)), RecordSizeLimit: 64, RenegotiationInfo: fill(24, 0xb4),
		SelectedVersion: record.TLS13, Cookie: fill(64, 0xb5), SelectedPSK: 1, MaxEarlyData: 0xffffffff,
		ServerShare: KeyShare{29, fill(32, 0xb6)}, RetryGroup: 24, SupportedGroups: AppendUint16s(nil, 29, 23),
		SignatureAlgorithms: AppendUint16s(nil, 0x0403), SignatureAlgorithmsCert: AppendUint16s(nil, 0x0807, 0x0804),
		CertificateCompression: AppendUint16s(nil, 1), CertificateAuthorities: AppendVector16(nil, fill(8, 0xb7)),
		OIDFilters: AppendOIDFilter(AppendOIDFilter(nil, fill(3, 0xb8), fill(2, 0xb9)), fill(1, 0xba), nil),
	}
	setAll(&x, in)
	return x
}

func samples() []sample {
	leaf := serverExtensions(InCertificate)
	entries := AppendCertificateEntry(nil, fill(300, 0xc1), &leaf)
	entries = AppendCertificateEntry(entries, fill(200, 0xc2), nil)
	entries = AppendCertificateEntry(entries, fill(9, 0xc3), &leaf)
	random := array32(0xc4)
	offered := AppendUint16s(nil, 0x1301, 0x1302, 0xc02b)
	list := []sample{
		{"ClientHello", tls13, &ClientHello{record.TLS12, random, fill(32, 0xc5), offered, []byte{1, 0}, clientExtensions()}, clientHelloGrammar},
		{"ServerHello13", tls13, &ServerHello{record.TLS12, random, fill(32, 0xc6), 0x1301, 0, serverExtensions(InServerHello)}, serverHelloGrammar(InServerHello)},
		{"ServerHello12", tls12, &ServerHello{record.TLS12, random, fill(16, 0xc7), 0xc02b, 0, serverExtensions(InServerHello12)}, serverHelloGrammar(InServerHello12)},
		{"HelloRetryRequest", tls13, &ServerHello{record.TLS12, RetryRandom, nil, 0x1301, 0, serverExtensions(InRetry)}, serverHelloGrammar(InRetry)},
		{"EncryptedExtensions", tls13, &EncryptedExtensions{serverExtensions(InEncryptedExtensions)}, []field{extensions(InEncryptedExtensions)}},
		{"Certificate12", tls12, &Certificate12{AppendVector24(nil, fill(300, 0xc8), fill(7, 0xc9))}, []field{list(3, opaque(3))}},
		{"Certificate13", tls13, &Certificate13{Context: fill(4, 0xca), Entries: entries}, []field{opaque(1), list(3, opaque(3), extensions(InCertificate))}},
		{"CompressedCertificate", tls13, &CompressedCertificate{2, 0x012345, fill(50, 0xcb)}, []field{fixed(5), opaque(3)}},
		{"CertificateStatus", tls12, &CertificateStatus{fill(60, 0xcc)}, []field{fixed(1), opaque(3)}},
		{"CertificateRequest12", tls12, &CertificateRequest12{[]byte{1, 64}, offered, AppendVector16(nil, fill(6, 0xcd), fill(1, 0xce))}, []field{opaque(1), opaque(2), list(2, opaque(2))}},
		{"CertificateRequest13", tls13, &CertificateRequest13{fill(8, 0xcf), serverExtensions(InCertificateRequest)}, []field{opaque(1), extensions(InCertificateRequest)}},
		{"CertificateVerify", tls13, &CertificateVerify{0x0804, fill(256, 0xd1)}, []field{fixed(2), opaque(2)}},
		{"Finished", tls13, &Finished{fill(48, 0xd5)}, []field{fixed(48)}},
		{"NewSessionTicket12", tls12, &NewSessionTicket12{7200, fill(180, 0xd6)}, []field{fixed(4), opaque(2)}},
		{"NewSessionTicket13", tls13, &NewSessionTicket13{7200, 0xd7d7d7d7, fill(8, 0xd8), fill(200, 0xd9), serverExtensions(InNewSessionTicket)}, []field{fixed(8), opaque(1), opaque(2), extensions(InNewSessionTicket)}},
		{"KeyUpdate", tls13, &KeyUpdate{true}, []field{fixed(1)}},
		{"HelloRequest", tls12, &HelloRequest{}, nil},
		{"ServerHelloDone", tls12, &ServerHelloDone{}, nil},
		{"EndOfEarlyData", tls13, &EndOfEarlyData{}, nil},
	}
	return append(list, legacySamples()...)
}

// body is a sample's message without its header.
func (s *sample) body() []byte { return Raw(s.message.Append(nil)).Body() }

// fresh is an empty message of the sample's kind.
func (s *sample) fresh() Message { return s.dialect.New(s.message.Type()) }

// field is a grammar of the RFCs' presentation language, small enough to be
// seen to be right: it shares no code with the parsers under test.
type field struct {
	fixed  int             // bytes, or
	prefix int             // bytes of a length, and behind it
	item   []field         // items of these fields, or
	byExt  map[Ext][]field // extensions, or else anything
}

func fixed(n int) field                    { return field{fixed: n} }
func opaque(prefix int) field              { return field{prefix: prefix} }
func list(prefix int, item ...field) field { return field{prefix: prefix, item: item} }

var clientHelloGrammar = []field{fixed(2 + 32), opaque(1), opaque(2), opaque(1), extensions(InClientHello)}

func serverHelloGrammar(in Where) []field {
	return []field{fixed(2 + 32), opaque(1), fixed(2 + 1), extensions(in)}
}

// extensions is the grammar of the block of extensions of a message.
func extensions(in Where) field {
	byExt := map[Ext][]field{
		ExtServerName: nil, ExtExtendedMasterSecret: nil, ExtEncryptThenMAC: nil, ExtEarlyData: nil,
		ExtPostHandshakeAuth: nil, ExtSessionTicket: nil, ExtStatusRequest: nil, ExtSCT: {list(2, opaque(2))},
		ExtRenegotiationInfo: {opaque(1)}, ExtSupportedGroups: {opaque(2)}, ExtECPointFormats: {opaque(1)},
		ExtALPN: {list(2, opaque(1))}, ExtSignatureAlgorithms: {opaque(2)}, ExtSignatureAlgorithmsCert: {opaque(2)},
		ExtMaxFragmentLength: {fixed(1)}, ExtRecordSizeLimit: {fixed(2)}, ExtCompressCertificate: {opaque(1)},
		ExtCertificateAuthorities: {list(2, opaque(2))}, ExtOIDFilters: {list(2, opaque(1), opaque(2))},
		ExtSupportedVersions: {fixed(2)}, ExtCookie: {opaque(2)}, ExtKeyShare: {fixed(2), opaque(2)}, ExtPreSharedKey: {fixed(2)},
	}
	switch in {
	case InClientHello:
		byExt[ExtServerName] = []field{list(2, fixed(1), opaque(2))}
		byExt[ExtStatusRequest] = []field{fixed(1), list(2, opaque(2)), opaque(2)}
		byExt[ExtSCT] = nil
		byExt[ExtSessionTicket] = []field{fixed(9)}
		byExt[ExtPadding] = []field{fixed(3)}
		byExt[ExtSupportedVersions] = []field{opaque(1)}
		byExt[ExtPSKModes] = []field{opaque(1)}
		byExt[ExtKeyShare] = []field{list(2, fixed(2), opaque(2))}
		byExt[ExtPreSharedKey] = []field{list(2, opaque(2), fixed(4)), list(2, opaque(1))}
	case InRetry:
		byExt[ExtKeyShare] = []field{fixed(2)}
	case InCertificateRequest:
		byExt[ExtSCT] = nil
	case InCertificate:
		byExt[ExtStatusRequest] = []field{fixed(1), opaque(3)}
	case InNewSessionTicket:
		byExt[ExtEarlyData] = []field{fixed(4)}
	}
	return field{prefix: 2, byExt: byExt}
}

// length is a length field: where it stands and how many bytes it has.
type length struct{ at, bytes int }

// lengths walks a body by its grammar and gives all length fields; ok says
// whether the body follows the grammar to its end.
func lengths(grammar []field, body []byte) (found []length, ok bool) {
	at, ok := walk(grammar, body, 0, &found)
	return found, ok && at == len(body)
}

func walk(grammar []field, b []byte, at int, found *[]length) (int, bool) {
	for _, f := range grammar {
		end := at + f.fixed
		if f.prefix > 0 {
			if at+f.prefix > len(b) {
				return at, false
			}
			n := 0
			for _, c := range b[at : at+f.prefix] {
				n = n<<8 | int(c)
			}
			*found = append(*found, length{at, f.prefix})
			at += f.prefix
			end = at + n
		}
		if end > len(b) {
			return at, false
		}
		for at < end && (f.item != nil || f.byExt != nil) {
			var ok bool
			if at, ok = walkItem(f, b[:end], at, found); !ok {
				return at, false
			}
		}
		at = end
	}
	return at, true
}

func walkItem(f field, b []byte, at int, found *[]length) (int, bool) {
	if f.byExt == nil {
		return walk(f.item, b, at, found)
	}
	if at+4 > len(b) {
		return at, false
	}
	id := Ext(b[at])<<8 | Ext(b[at+1])
	end := at + 4 + int(b[at+2])<<8 + int(b[at+3])
	grammar, known := f.byExt[id]
	if !known || end > len(b) {
		return at, false
	}
	*found = append(*found, length{at + 2, 2})
	at, ok := walk(grammar, b[:end], at+4, found)
	return at, ok && at == end
}

// bump adds delta to a length field of a copy of body; ok is false if it would wrap.
func bump(body []byte, l length, delta int) ([]byte, bool) {
	b := slices.Clone(body)
	v := 0
	for _, c := range b[l.at : l.at+l.bytes] {
		v = v<<8 | int(c)
	}
	if v += delta; v < 0 {
		return nil, false
	}
	for i := l.bytes - 1; i >= 0; i-- {
		b[l.at+i] = byte(v)
		v >>= 8
	}
	return b, true
}
