package handshake_test

import (
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
)

// Records of CBC suites, with and without encrypt_then_mac.

const (
	oldSHA    = "ECDHE-ECDSA-AES128-SHA"
	oldSHA256 = "ECDHE-ECDSA-AES128-SHA256"
	oldSHA384 = "ECDHE-ECDSA-AES256-SHA384"
)

// inEvery are scenes of both roles in every version up to TLS 1.2.
func inEvery(with func(scene) scene) []scene {
	return roles(with, record.TLS10, record.TLS11, record.TLS12)
}

// cbcScenes are connected with a MAC inside of the encryption.
func cbcScenes() []scene {
	list := inEvery(func(s scene) scene { s.state = "connected"; return s.suited(oldSHA) })
	return append(list, s12("connected").suited(oldSHA256), c12("connected").suited(oldSHA384))
}

func etmScenes() []scene {
	return inEvery(func(s scene) scene { s.state = "connected"; return s.suited(oldSHA).etm() })
}

// crafts sends one record of data whose inside a function makes.
func crafts(plain string, shape func(body []byte) []byte) deed {
	return atEnd(func(p *mallory) { p.deliver(p.lock.cbc.craft(record.TypeApplicationData, []byte(plain), shape)) })
}

// flips pads with n bytes and inverts one bit of the byte at an offset from the end.
func flips(n, at int) func(body []byte) []byte {
	return func(body []byte) []byte {
		for (len(body)+n+1)%16 != 0 {
			n++
		}
		body = padTo(body, n)
		body[len(body)-at] ^= 0x40
		return body
	}
}

// pads is padding of n bytes, and their length.
func pads(n int) func(body []byte) []byte {
	return func(body []byte) []byte { return padTo(body, n) }
}

// fitting is content that makes the body, with a MAC of SHA-1 and n bytes of padding, whole blocks.
func fitting(n int) string {
	const text = "0123456789abcdef"
	return text[:(2*16-(20+n+1)%16)%16]
}

func cbcRows() []bad {
	refused := func(name, ref string, in []scene, do deed) bad {
		return bad{name: name, ref: ref, in: in, do: do, alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC}
	}
	mac, etm := cbcScenes(), etmScenes()
	sha := mac[:6]
	rows := []bad{
		refused("CBC: a MAC with a bit changed", "B66", mac, crafts("leak", func(body []byte) []byte { body[4] ^= 1; return leastPad(body) })),
		refused("CBC: the last byte of the MAC changed", "B66", mac, crafts("leak", func(body []byte) []byte { body[len(body)-1] ^= 0x80; return leastPad(body) })),
		refused("CBC: content with a bit changed", "B66", mac, crafts("leak", func(body []byte) []byte { body[0] ^= 1; return leastPad(body) })),
		refused("CBC: the MAC of another record type", "B66", mac, atEnd(func(p *mallory) { p.lock.cbc.wrongHeader = true; leak(p) })),
		refused("CBC: the MAC of another sequence number", "B66", mac, atEnd(func(p *mallory) { p.lock.cbc.seq++; leak(p) })),
		refused("CBC: the first byte of the padding changed", "B66", mac, crafts("leak", flips(8, 9))),
		refused("CBC: a byte in the middle of the padding changed", "B66", mac, crafts("leak", flips(8, 5))),
		refused("CBC: the last byte of the padding changed", "B66", mac, crafts("leak", flips(8, 2))),
		refused("CBC: the first byte of padding of 255 changed", "B66", sha, crafts(fitting(255), flips(255, 256))),
		refused("CBC: padding of zeros, as SSL 3.0 allows", "B66", sha, crafts("leak", func(body []byte) []byte {
			body = leastPad(body)
			clear(body[len(body)-1-int(body[len(body)-1]) : len(body)-1])
			return body
		})),
		refused("CBC: a padding length that reaches into the MAC", "B66", mac, crafts("leak", func(body []byte) []byte {
			body = leastPad(body)
			body[len(body)-1] += 16
			return body
		})),
		refused("CBC: a padding length that is longer than the record", "B66", mac, crafts("leak", func(body []byte) []byte {
			body = leastPad(body)
			body[len(body)-1] = 255
			return body
		})),
		refused("CBC: padding alone, without MAC and content", "B66", mac, crafts("", func([]byte) []byte { return pads(15)(nil) })),
		refused("CBC: padding alone, as long as MAC and padding would be", "B66", mac, crafts("", func([]byte) []byte { return pads(63)(nil) })),
		refused("CBC: a MAC without its last byte", "B66", sha, crafts("", func(body []byte) []byte { return leastPad(body[:19]) })),
		refused("CBC: an empty record", "B66 B12", mac, atEnd(func(p *mallory) { p.plain(record.TypeApplicationData, nil) })),
		refused("CBC: a record of one block", "B66 B12", mac, atEnd(func(p *mallory) { p.plain(record.TypeApplicationData, make([]byte, 16)) })),
		refused("CBC: a record that is no whole number of blocks", "B66 B12", mac, crafts("leak", func(body []byte) []byte { return append(leastPad(body), 0) })),
		refused("CBC: the record before once more", "B66", mac, atEnd(func(p *mallory) {
			p.want = append(p.want, "once"...)
			rec := p.lock.seal(record.TypeApplicationData, p.sc.v, []byte("once"), 0)
			p.deliver(append([]byte(nil), rec...))
			p.deliver(rec)
		})),
		refused("CBC: encrypt_then_mac that was not negotiated", "B67", mac, atEnd(func(p *mallory) { p.lock.cbc.etm = true; leak(p) })),
		refused("encrypt_then_mac: no MAC behind the encryption", "B67", etm, atEnd(func(p *mallory) { p.lock.cbc.etm = false; leak(p) })),
		refused("encrypt_then_mac: a MAC with a bit changed", "B67", etm, atEnd(func(p *mallory) {
			rec := p.lock.cbc.seal(record.TypeApplicationData, []byte("leak"))
			rec[len(rec)-1] ^= 1
			p.deliver(rec)
		})),
		refused("encrypt_then_mac: a block changed", "B67", etm, atEnd(func(p *mallory) {
			rec := p.lock.cbc.seal(record.TypeApplicationData, []byte("leak"))
			rec[record.HeaderLen] ^= 1
			p.deliver(rec)
		})),
		refused("encrypt_then_mac: bad padding under a good MAC", "B66 B67", etm, crafts("leak", flips(8, 3))),
		refused("encrypt_then_mac: a padding length that is longer than the record", "B66 B67", etm, crafts("leak", func(body []byte) []byte {
			body = leastPad(body)
			body[len(body)-1] = 250
			return body
		})),
		refused("encrypt_then_mac: a record that is shorter than its MAC", "B67 B12", etm, atEnd(func(p *mallory) { p.plain(record.TypeApplicationData, make([]byte, 19)) })),
		refused("encrypt_then_mac: a MAC alone", "B67 B12", etm, atEnd(func(p *mallory) {
			p.deliver(append(header(record.TypeApplicationData, p.sc.v, 20), p.lock.cbc.tag(record.TypeApplicationData, nil)...))
		})),
		refused("encrypt_then_mac: no whole number of blocks", "B67 B12", etm, crafts("leak", func(body []byte) []byte { return append(leastPad(body), 0) })),
		{name: "CBC: padding of every length", ref: "B66", in: sha, do: atEnd(func(p *mallory) {
			for n := range 256 {
				text := fitting(n)
				p.want = append(p.want, text...)
				p.deliver(p.lock.cbc.craft(record.TypeApplicationData, []byte(text), pads(n)))
				p.ping("and more") // or empty records would be counted
			}
		}), fine: goesOn},
		{name: "encrypt_then_mac: padding of 255", ref: "B66 B67", in: etm, do: atEnd(func(p *mallory) {
			p.want = append(p.want, "the content is16"...)
			p.deliver(p.lock.cbc.craft(record.TypeApplicationData, []byte("the content is16"), pads(255)))
		}), fine: goesOn},
		{name: "CBC: a byte too many of content", ref: "B2", in: append(mac, etm...), do: atEnd(func(p *mallory) { p.record(record.TypeApplicationData, make([]byte, 1<<14+1)) }),
			alert: record.AlertRecordOverflow, kind: handshake.KindRecordOverflow},
		{name: "CBC: 16384 bytes of content", ref: "B3", in: append(mac, etm...), do: atEnd(func(p *mallory) { p.ping(string(make([]byte, 1<<14))) }), fine: goesOn},
		{name: "CBC: another version in the header of a record", ref: "RFC 5246 §6.2.1", in: append(mac, etm...),
			do:    atEnd(func(p *mallory) { p.deliver([]byte{23, 3, byte(p.sc.v) ^ 1, 0, 64}) }),
			alert: record.AlertProtocolVersion, kind: handshake.KindRecordVersion},
		{name: "CBC: an empty handshake record", ref: "B7", in: mac, do: atEnd(func(p *mallory) { p.record(record.TypeHandshake, nil) }),
			alert: record.AlertUnexpectedMessage, kind: handshake.KindEmptyRecord},
	}
	finishing := func(s scene) scene {
		if s.state = "waitClientFinished12"; s.client {
			s.state = "waitServerFinished12"
		}
		return s.suited(oldSHA)
	}
	return append(rows,
		refused("encrypt_then_mac is not yet in force for Finished", "B67", inEvery(func(s scene) scene { return finishing(s).etm() }),
			func(p *mallory) { p.old.keyed = func(p *mallory) { p.lock.cbc.etm = false } }),
		refused("encrypt_then_mac for Finished, not negotiated", "B67", inEvery(finishing),
			func(p *mallory) { p.old.keyed = func(p *mallory) { p.lock.cbc.etm = true } }),
		refused("CBC: Finished with bad padding", "B66", inEvery(finishing), at("Finished", func(p *mallory, m msg.Raw) {
			p.deliver(p.lock.cbc.craft(record.TypeHandshake, m, flips(20, 10)))
		})),
		refused("CBC: Finished with a bad MAC", "B66", inEvery(finishing), at("Finished", func(p *mallory, m msg.Raw) {
			p.deliver(p.lock.cbc.craft(record.TypeHandshake, m, func(body []byte) []byte { body[len(m)] ^= 1; return leastPad(body) }))
		})),
	)
}

func TestBadCBC(t *testing.T) { runBad(t, cbcRows()) }
