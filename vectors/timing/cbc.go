package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"tacet/record"
	"tacet/suites"
)

// box is what a record of a CBC suite of TLS 1.2 is made with.
type box struct {
	suite       *suites.Suite
	key, macKey []byte
	block       cipher.Block
	rnd         *rand.Rand
}

// bodyLen is the length of what is encrypted, content, MAC and padding: the same for
// every input, and long enough for any padding.
const bodyLen = 512

func newBox(rnd *rand.Rand, name string) *box {
	list, err := suites.Parse(name + ":@SECLEVEL=0")
	if err != nil {
		panic(err)
	}
	b := &box{suite: list.Suites[len(list.Suites)-1], rnd: rnd}
	b.macKey, b.key = b.random(b.suite.MACLen), b.random(b.suite.KeyLen)
	if b.block, err = aes.NewCipher(b.key); err != nil {
		panic(err)
	}
	return b
}

func (b *box) random(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(b.rnd.Uint32())
	}
	return out
}

// mac is that of a record's content, the first under its keys.
func (b *box) mac(content []byte) []byte {
	m := hmac.New(b.suite.Hash.New, b.macKey)
	if b.suite.MACLen == 20 {
		m = hmac.New(sha1.New, b.macKey)
	}
	m.Write(make([]byte, 8))
	m.Write([]byte{byte(record.TypeApplicationData), 3, 3})
	m.Write(binary.BigEndian.AppendUint16(nil, uint16(len(content))))
	m.Write(content)
	return m.Sum(nil)
}

// seal makes a record with padding of a length; spoil changes what is encrypted,
// of which content comes first, and then the MAC.
func (b *box) seal(padding int, spoil func(body []byte, mac int)) []byte {
	content := b.random(bodyLen - b.suite.MACLen - padding - 1)
	body := append(slices.Clone(content), b.mac(content)...)
	body = append(body, bytes.Repeat([]byte{byte(padding)}, padding+1)...)
	spoil(body, len(content))
	iv := b.random(aes.BlockSize)
	cipher.NewCBCEncrypter(b.block, iv).CryptBlocks(body, body)
	rec := append([]byte{byte(record.TypeApplicationData), 3, 3}, byte((len(iv)+len(body))>>8), byte(len(iv)+len(body)))
	return append(append(rec, iv...), body...)
}

// open is what is studied. A record that is refused leaves the opener as it was.
func (b *box) open() func(rec []byte) {
	var o record.Opener
	o.SetVersion(record.TLS12)
	o.Install(b.suite.Protect(record.TLS12, slices.Concat(b.macKey, b.key), nil, false))
	return func(rec []byte) {
		if _, err := o.Open(rec); err == nil {
			panic("a bad record opens")
		}
	}
}

// naive opens as no one should: it returns at the first thing that is wrong.
func (b *box) naive() func(rec []byte) {
	return func(rec []byte) {
		iv, body := rec[record.HeaderLen:][:aes.BlockSize], rec[record.HeaderLen+aes.BlockSize:]
		cipher.NewCBCDecrypter(b.block, iv).CryptBlocks(body, body)
		padding := int(body[len(body)-1])
		for i := range padding {
			if body[len(body)-2-i] != byte(padding) {
				return
			}
		}
		content := body[:len(body)-1-padding-b.suite.MACLen]
		if bytes.Equal(b.mac(content), body[len(content):][:b.suite.MACLen]) {
			panic("a bad record opens")
		}
	}
}

// lucky looks at all padding alike, but hashes no more than the content: so the
// Lucky Thirteen found how long the padding was.
func (b *box) lucky() func(rec []byte) {
	return func(rec []byte) {
		iv, body := rec[record.HeaderLen:][:aes.BlockSize], rec[record.HeaderLen+aes.BlockSize:]
		cipher.NewCBCDecrypter(b.block, iv).CryptBlocks(body, body)
		padding, good := int(body[len(body)-1]), 1
		for i := range 256 {
			same := subtle.ConstantTimeByteEq(body[len(body)-1-i], byte(padding))
			good &= same | subtle.ConstantTimeLessOrEq(padding+1, i)
		}
		content := body[:len(body)-1-padding-b.suite.MACLen]
		if good&subtle.ConstantTimeCompare(b.mac(content), body[len(content):][:b.suite.MACLen]) == 1 {
			panic("a bad record opens")
		}
	}
}

// badMAC inverts a bit of the MAC's byte.
func badMAC(at int) func(body []byte, mac int) {
	return func(body []byte, mac int) { body[mac+at] ^= 1 }
}

// badPadding inverts a bit of a byte of the padding, counted from the record's end;
// the length byte is 0.
func badPadding(at int) func(body []byte, mac int) {
	return func(body []byte, _ int) { body[len(body)-1-at] ^= 1 }
}

// cbcClasses are the pairs of classes; fixed and random are of the same length.
var cbcClasses = []struct {
	name          string
	fixed, random func(b *box) []byte
}{
	{"how long the padding is",
		func(b *box) []byte { return b.seal(0, badMAC(0)) },
		func(b *box) []byte { return b.seal(b.rnd.IntN(256), badMAC(0)) }},
	{"whether the padding or the MAC is bad",
		func(b *box) []byte { return b.seal(200, badMAC(0)) },
		func(b *box) []byte { return b.seal(200, badPadding(1+b.rnd.IntN(200))) }},
	{"where the MAC is bad",
		func(b *box) []byte { return b.seal(15, badMAC(0)) },
		func(b *box) []byte { return b.seal(15, badMAC(b.rnd.IntN(b.suite.MACLen))) }},
}

func cbcSubjects() (list []subject) {
	add := func(name string, suite string, n int, control bool, c int, run func(b *box) func([]byte)) {
		classes := cbcClasses[c]
		list = append(list, subject{name: name + ": " + classes.name, control: control, n: n, prepare: func(rnd *rand.Rand) trial {
			b := newBox(rnd, suite)
			fixed := classes.fixed(b)
			return trial{run: run(b), input: func(class int) []byte {
				if class == 0 {
					return slices.Clone(fixed)
				}
				return classes.random(b)
			}}
		}})
	}
	add("control, Lucky Thirteen", "AES128-SHA", 100_000, true, 0, (*box).lucky)
	add("control, naive CBC", "AES128-SHA", 50_000, true, 1, (*box).naive)
	for _, suite := range []string{"AES128-SHA", "AES128-SHA256", "ECDHE-RSA-AES256-SHA384"} {
		for c := range cbcClasses {
			add(suite, suite, 300_000, false, c, (*box).open)
		}
	}
	return list
}
