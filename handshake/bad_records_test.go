package handshake_test

import (
	"bytes"
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
)

// connectedAll are the four kinds of victims, after the handshake.
var connectedAll = []scene{s13("connected"), s12("connected"), c13("connected"), c12("connected")}

var (
	connected13 = []scene{s13("connected"), c13("connected")}
	connected12 = []scene{s12("connected"), c12("connected")}
	finishing13 = []scene{s13("waitClientFinished"), c13("waitServerFinished"), s13("waitClientFinished").resumed(), c13("waitServerFinished").resumed()}
	finishing12 = []scene{s12("waitClientFinished12"), c12("waitServerFinished12"), s12("waitResumedClientFinished12").resumed(), c12("waitResumedFinished12").resumed()}
	fine        = []scene{s13(""), s12(""), c13(""), c12("")}
	greeting    = []scene{s13("waitClientHello"), s12("waitClientHello")}
	greeted     = []scene{c13("waitServerHello"), c12("waitServerHello")}
)

// first is a hook for the first message of either side.
func first(h hook) deed { return all(at("ClientHello", h), at("ServerHello", h)) }

// inner seals a TLSInnerPlaintext of TLS 1.3 as it is.
func inner(b []byte) func(p *mallory) {
	return func(p *mallory) { p.deliver(p.lock.sealInner(record.TLS12, b)) }
}

func padded(n int, typ record.Type, pad int) []byte {
	return append(append(bytes.Repeat([]byte{'x'}, n), byte(typ)), make([]byte, pad)...)
}

// spoiled seals a record and inverts a byte of it, counted from the end if at < 0.
func spoiled(typ record.Type, body []byte, at int) func(p *mallory) {
	return func(p *mallory) {
		rec := p.lock.seal(typ, record.TLS12, body, 0)
		if at < 0 {
			at += len(rec)
		}
		rec[at] ^= 0x10
		p.deliver(rec)
	}
}

func sends(typ record.Type, body ...byte) func(p *mallory) {
	return func(p *mallory) { p.record(typ, body) }
}

func sendsPlain(typ record.Type, body ...byte) func(p *mallory) {
	return func(p *mallory) { p.plain(typ, body) }
}

func times(n int, f func(p *mallory)) func(p *mallory) {
	return func(p *mallory) {
		for range n {
			f(p)
		}
	}
}

func delivers(b ...byte) func(p *mallory) { return func(p *mallory) { p.deliver(b) } }

// padding of every record, and data that must come without it.
func padsAll(p *mallory) {
	for _, pad := range []int{0, 1, 255, 4000} {
		p.want = append(p.want, "padded"...)
		p.deliver(p.lock.seal(record.TypeApplicationData, record.TLS12, []byte("padded"), pad))
	}
}

func lengths(p *mallory) {
	for _, n := range []int{0, 1, 2, 255, 256, record.MaxPlaintext - 1, record.MaxPlaintext} {
		p.ping(string(bytes.Repeat([]byte{'y'}, n)))
	}
}

// versions sends data in records of any version.
func versions(p *mallory) {
	for _, v := range []record.Version{0, 0x0002, 0x0300, 0x0304, 0x7f1c, 0xffff} {
		p.header = v
		p.ping("any version")
	}
	p.header = 0
}

var recordRows = []bad{
	{name: "legacy_record_version is anything", ref: "B1", in: []scene{s13(""), c13("")}, do: atEnd(versions), fine: goesOn},
	{name: "the first record says 3.4", ref: "B1", in: []scene{s13(""), c13(""), s12("")}, fine: goesOn,
		do: first(func(p *mallory, m msg.Raw) { p.header = 0x0304; p.tell(m); p.header = 0 })},
	{name: "the first record is of version 2.0", ref: "RFC 9846 §5.1, our choice", in: []scene{s13("waitClientHello"), s12("waitClientHello"), c13("waitServerHello"), c12("waitServerHello")},
		do:    first(func(p *mallory, m msg.Raw) { p.header = 0x0200; p.tell(m) }),
		alert: record.AlertProtocolVersion, kind: handshake.KindRecordVersion},
	{name: "a record of another version after TLS 1.2 was agreed", ref: "RFC 5246 §6.2.1", in: []scene{s12("waitClientKeyExchange"), c12("waitCertificate12")},
		do:    all(at("ClientKeyExchange", func(p *mallory, m msg.Raw) { p.header = record.TLS11; p.tell(m) }), at("Certificate", func(p *mallory, m msg.Raw) { p.header = record.TLS11; p.tell(m) })),
		alert: record.AlertProtocolVersion, kind: handshake.KindRecordVersion},

	{name: "ciphertext announced as 2^14+257", ref: "B2", in: connected13, do: atEnd(delivers(23, 3, 3, 0x41, 0x01)),
		alert: record.AlertRecordOverflow, kind: handshake.KindRecordOverflow},
	{name: "ciphertext announced as 2^14+2049", ref: "B2", in: connected12, do: atEnd(delivers(23, 3, 3, 0x48, 0x01)),
		alert: record.AlertRecordOverflow, kind: handshake.KindRecordOverflow},
	{name: "first record announced as 2^14+1", ref: "B2", in: greeting, do: at("ClientHello", func(p *mallory, _ msg.Raw) { p.deliver([]byte{22, 3, 1, 0x40, 0x01}) }),
		alert: record.AlertRecordOverflow, kind: handshake.KindRecordOverflow},
	{name: "first record of the server announced as 2^14+1", ref: "B2", in: greeted, do: at("ServerHello", func(p *mallory, _ msg.Raw) { p.deliver([]byte{22, 3, 3, 0x40, 0x01}) }),
		alert: record.AlertRecordOverflow, kind: handshake.KindRecordOverflow},
	{name: "plaintext of 2^14+1", ref: "B2", in: connected13, do: atEnd(inner(padded(1<<14+1, 23, 0))),
		alert: record.AlertRecordOverflow, kind: handshake.KindRecordOverflow},
	{name: "plaintext of 2^14+1 in TLS 1.2", ref: "B2", in: connected12, do: atEnd(sends(23, make([]byte, 1<<14+1)...)),
		alert: record.AlertRecordOverflow, kind: handshake.KindRecordOverflow},
	{name: "padding past 2^14+1", ref: "B3", in: connected13, do: atEnd(inner(padded(1<<14-10, 23, 11))),
		alert: record.AlertRecordOverflow, kind: handshake.KindRecordOverflow},
	{name: "padding up to 2^14+1", ref: "B3", in: []scene{s13(""), c13("")}, fine: goesOn,
		do: atEnd(func(p *mallory) {
			p.want = append(p.want, bytes.Repeat([]byte{'x'}, 2<<14-10)...)
			inner(padded(1<<14, 23, 0))(p)
			inner(padded(1<<14-10, 23, 10))(p)
		})},

	{name: "no content type", ref: "B4", in: connected13, do: atEnd(inner(make([]byte, 30))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindNoContentType},
	{name: "no content type before Finished", ref: "B4", in: finishing13, do: before("Finished", inner(make([]byte, 1))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindNoContentType},
	{name: "nothing but a tag", ref: "B4", in: connected13, do: atEnd(inner(nil)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindNoContentType},
	{name: "32 empty records of data", ref: "B5", in: fine, do: atEnd(times(32, sends(23))), fine: goesOn},
	{name: "33 empty records of data", ref: "B5", in: connectedAll, do: atEnd(times(33, sends(23))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyEmptyRecords},
	{name: "33 empty padded records of data", ref: "B5", in: connected13, do: atEnd(times(33, inner(padded(0, 23, 100)))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyEmptyRecords},

	{name: "data before Finished", ref: "B6", in: append(finishing13, finishing12...), do: before("Finished", leak),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindDataInHandshake},
	{name: "empty data before Finished", ref: "B6", in: append(finishing13, finishing12...), do: before("Finished", sends(23)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindDataInHandshake},
	{name: "data before ClientHello", ref: "B6", in: greeting, do: before("ClientHello", leak),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindDataInHandshake},
	{name: "data before ServerHello", ref: "B6", in: greeted, do: before("ServerHello", leak),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindDataInHandshake},
	{name: "data before the second ClientHello", ref: "B6", in: []scene{s13("waitClientHelloAgain").retried()}, do: before("ClientHello again", leak),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindDataInHandshake},
	{name: "data before ClientKeyExchange", ref: "B6", in: []scene{s12("waitClientKeyExchange")}, do: before("ClientKeyExchange", leak),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindDataInHandshake},
	{name: "data before Certificate", ref: "B6", in: []scene{c13("waitCertificateOrRequest"), c12("waitCertificate12"), s13("waitClientCertificate").mutual(), s12("waitClientCertificate12").mutual()},
		do: before("Certificate", leak), alert: record.AlertUnexpectedMessage, kind: handshake.KindDataInHandshake},
	{name: "data within Finished", ref: "B6 B18", in: finishing13,
		do:    at("Finished", func(p *mallory, m msg.Raw) { p.record(22, m[:7]); leak(p) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},
	{name: "empty data within Finished", ref: "B6 B18", in: append(finishing13, finishing12...),
		do:    at("Finished", func(p *mallory, m msg.Raw) { p.record(22, m[:7]); p.record(23, nil) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},
	{name: "data within a KeyUpdate", ref: "B6 B18", in: connected13,
		do:    atEnd(func(p *mallory) { p.record(22, []byte{24, 0}); leak(p) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},
	{name: "data within a HelloRequest or ClientHello", ref: "B6 B18", in: connected12,
		do:    atEnd(func(p *mallory) { p.record(22, []byte{0, 0}); leak(p) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},

	{name: "empty handshake record", ref: "B7", in: connectedAll, do: atEnd(sends(22)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindEmptyRecord},
	{name: "empty alert record", ref: "B7", in: connectedAll, do: atEnd(sends(21)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindEmptyRecord},
	{name: "empty handshake record at first", ref: "B7", in: append(greeting, greeted...), do: first(func(p *mallory, _ msg.Raw) { p.record(22, nil) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindEmptyRecord},
	{name: "empty alert record at first", ref: "B7", in: append(greeting, greeted...), do: first(func(p *mallory, _ msg.Raw) { p.record(21, nil) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindEmptyRecord},
	{name: "empty handshake record before Finished", ref: "B7", in: append(finishing13, finishing12...), do: before("Finished", sends(22)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindEmptyRecord},
	{name: "alert of one byte", ref: "RFC 9846 §6", in: connectedAll, do: atEnd(sends(21, 2)),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "alert"},
	{name: "two alerts in a record", ref: "RFC 9846 §5.1, as a length that is wrong", in: connectedAll, do: atEnd(sends(21, 1, 90, 1, 90)),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "alert"},

	{name: "unknown content type", ref: "B8", in: connectedAll, do: atEnd(sends(25, 1)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindRecordType},
	{name: "unknown outer content type", ref: "B8", in: connectedAll, do: atEnd(sendsPlain(99, 1, 2, 3)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindRecordType},
	{name: "unknown content type at first", ref: "B8", in: append(greeting, greeted...), do: first(func(p *mallory, _ msg.Raw) { p.record(26, []byte{1}) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindRecordType},
	{name: "unknown content type before Finished", ref: "B8", in: append(finishing13, finishing12...), do: before("Finished", sends(0, 1)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindRecordType},
	{name: "heartbeat", ref: "B52", in: connectedAll, do: atEnd(sends(24, 1, 0x40, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindRecordType},
	{name: "heartbeat in the handshake", ref: "B52", in: append(greeting, greeted...), do: first(func(p *mallory, _ msg.Raw) { p.record(24, []byte{1, 0x40, 0}) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindRecordType},
	{name: "protected change_cipher_spec", ref: "B44 B8", in: connected13, do: atEnd(inner([]byte{1, 20})),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindRecordType},

	{name: "padding is not delivered", ref: "B9", in: []scene{s13(""), c13("")}, do: atEnd(padsAll), fine: goesOn},
	{name: "padded handshake", ref: "B9", in: []scene{s13(""), c13("")}, fine: goesOn,
		do: at("Finished", func(p *mallory, m msg.Raw) { p.hush(m); p.deliver(p.lock.seal(22, record.TLS12, m, 1000)) })},
	{name: "records of every size", ref: "B10", in: fine, do: atEnd(lengths), fine: goesOn},

	{name: "bad tag on data", ref: "B11", in: connectedAll, do: atEnd(spoiled(23, []byte("leak"), -1)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "bad ciphertext of data", ref: "B11", in: connectedAll, do: atEnd(spoiled(23, []byte("leak"), -18)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "bad tag on an alert", ref: "B11", in: connectedAll, do: atEnd(spoiled(21, []byte{1, 0}, -1)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "bad tag on Finished", ref: "B11", in: append(finishing13, finishing12...),
		do:    at("Finished", func(p *mallory, m msg.Raw) { spoiled(22, m, -1)(p) }),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "a record twice", ref: "B11, replay", in: connectedAll,
		do: atEnd(func(p *mallory) {
			rec := p.lock.seal(23, record.TLS12, []byte("once"), 0)
			p.want = append(p.want, "once"...)
			p.deliver(rec)
			p.deliver(rec)
		}),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "a record left out", ref: "B11, order", in: connectedAll, do: atEnd(func(p *mallory) { p.lock.seq++; leak(p) }),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "data that is not protected", ref: "B11", in: connectedAll, do: atEnd(sendsPlain(23, []byte("leak, of at least twenty-four bytes")...)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "content type of a TLS 1.2 record changed", ref: "B11", in: connected12,
		do: atEnd(func(p *mallory) {
			rec := p.lock.seal(23, record.TLS12, []byte{2, 40}, 0)
			rec[0] = 21
			p.deliver(rec)
		}), alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},

	{name: "protected record without payload", ref: "B12", in: connectedAll, do: atEnd(delivers(23, 3, 3, 0, 0)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "protected record of one byte", ref: "B12", in: connectedAll, do: atEnd(delivers(23, 3, 3, 0, 1, 7)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "protected record one byte short of a tag", ref: "B12", in: connectedAll, do: atEnd(sendsPlain(23, make([]byte, 15)...)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "protected record one byte short of nonce and tag", ref: "B12", in: connected12, do: atEnd(sendsPlain(23, make([]byte, 23)...)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "protected handshake record shorter than a tag", ref: "B12", in: finishing13, do: before("Finished", sendsPlain(23, 1, 2, 3)),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},

	{name: "HTTP", ref: "RFC 9846 §5.1, our choice", in: greeting, do: before("ClientHello", delivers([]byte("GET / HTTP/1.1\r\n\r\n")...)),
		alert: record.AlertProtocolVersion, kind: handshake.KindHTTPRequest},
	{name: "something else from a server", ref: "RFC 9846 §5.1, our choice", in: greeted, do: before("ServerHello", delivers([]byte("\x16HTTP/1.1 400 Bad Request\r\n")...)),
		alert: record.AlertProtocolVersion, kind: handshake.KindRecordVersion},
	{name: "SSLv2 hello", ref: "B37", in: greeting, do: before("ClientHello", delivers(0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10)),
		alert: record.AlertProtocolVersion, kind: handshake.KindSSLv2Hello},
	{name: "SSLv2 hello of three-byte header", ref: "B37, as an unknown content type or version", in: greeting, do: before("ClientHello", delivers(0, 0x2e, 0, 1, 0, 2, 0, 0x15)),
		alert: record.AlertProtocolVersion, kind: handshake.KindRecordVersion},
}

func TestBadRecords(t *testing.T) { runBad(t, recordRows) }

// TestEveryBitOfARecord spoils each byte of a protected record in turn: of a
// Finished and of data (B11).
func TestEveryBitOfARecord(t *testing.T) {
	row := bad{alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC}
	for _, s := range connectedAll {
		p := s.meet(t)
		p.run(atEnd(func(p *mallory) {
			rec := p.lock.seal(23, record.TLS12, []byte("leak"), 3)
			for bit := range 8 * (len(rec) - record.HeaderLen) {
				f := p.fork()
				bent := bytes.Clone(rec)
				bent[record.HeaderLen+bit/8] ^= 1 << (bit % 8)
				f.attempt(func() { f.deliver(bent) })
				f.refused(t, &row, "connected")
			}
			p.lock.seq--
		}))
		p.unharmed(t)
	}
}

// attempt does something that the victim may fail of.
func (p *mallory) attempt(f func()) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(stopped); !ok {
				panic(r)
			}
		}
	}()
	f()
}
