package record

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"slices"
)

// CBCKeys is what the records of one direction are protected with in a CBC
// suite of TLS 1.0 to 1.2. Slices are copied.
type CBCKeys struct {
	Block  func(key []byte) (cipher.Block, error)
	Hash   func() hash.Hash // SHA-1, SHA-256 or SHA-384, of the standard library
	Key    []byte           // of Block
	MACKey []byte
	IV     []byte // TLS 1.0: of the first record; later versions have one in each record
	// EncryptThenMAC: RFC 7366 was negotiated.
	EncryptThenMAC bool
}

// CBC protects as CBC suites do. Unless EncryptThenMAC, the MAC is inside the
// encryption, and opening takes the same time whatever the padding is and
// wherever the MAC stands: a record that does not authenticate is KindBadMAC,
// for whichever reason.
//
// From TLS 1.1 on each record has an IV of its own: the encryption of its
// sequence number under a key that is used for nothing else, so that IVs cannot
// be predicted, do not repeat, and need no random bytes.
func CBC(v Version, k CBCKeys) Protection {
	block, err := k.Block(k.Key)
	if err != nil {
		panic("record: key does not fit its cipher: " + err.Error())
	}
	c := &cbc{version: v, block: block, mac: newHMAC(k.Hash, k.MACKey), etm: k.EncryptThenMAC}
	if v >= TLS11 {
		c.explicit = block.BlockSize()
		c.iv = c.ivBlock(k)
	}
	if block.BlockSize() > len(c.first) || v < TLS11 && len(k.IV) != block.BlockSize() {
		panic("record: IV of the wrong length")
	}
	copy(c.first[:], k.IV)
	return Protection{mode: c}
}

// cbc is the mode of CBC suites. It does not change; what a direction has of
// its own is in a half: the IV of TLS 1.0 in nonce, the rest in scratch.
type cbc struct {
	version  Version
	block    cipher.Block
	first    [maxIVLen]byte // the first IV of TLS 1.0
	iv       cipher.Block   // makes explicit IVs
	explicit int            // their length
	mac      *hmacKey
	etm      bool
}

// scratch is what a half works with in a suite with a MAC of its own: made at
// the first record, never shared. NULL encryption has use for mac alone.
type scratch struct {
	crypter interface {
		cipher.BlockMode
		SetIV([]byte)
	}
	mac   macState
	saved [maxIVLen]byte // the next IV of TLS 1.0, if the record is good
}

func (c *cbc) ivBlock(k CBCKeys) cipher.Block {
	h := newHMAC(k.Hash, k.MACKey)
	s := macState{hash: h.new()}
	var key []byte
	for i := byte(0); len(key) < len(k.Key); i++ { // 3DES wants more than a SHA-1
		key = append(key, h.sum(&s, append([]byte("tacet cbc iv "), i), k.Key)...)
	}
	block, err := k.Block(key[:len(k.Key)])
	if err != nil {
		panic("record: no IV cipher: " + err.Error())
	}
	return block
}

func (c *cbc) expansion(*half) int {
	return c.explicit + c.mac.size + c.block.BlockSize()
}

func (*cbc) maxCiphertext() int { return MaxCiphertext12 }
func (*cbc) hidesType() bool    { return false }

func (c *cbc) seal(h *half, dst []byte, t Type, plain []byte) []byte {
	//= RFC 5246 §6.2.3.2
	s := h.crypter(c, true)
	start, bs := len(dst), c.block.BlockSize()
	dst = slices.Grow(dst, HeaderLen+len(plain)+c.expansion(h))
	dst = dst[:start+HeaderLen+c.explicit]
	iv := h.nonce[:bs]
	if c.explicit > 0 {
		iv = dst[start+HeaderLen:]
		clear(iv)
		binary.BigEndian.PutUint64(iv, h.seq)
		c.iv.Encrypt(iv, iv)
	}
	body := len(dst)
	dst = append(dst, plain...)
	if !c.etm {
		dst = append(dst, c.mac.sum(&s.mac, h.header(t, c.version, len(plain)), plain)...)
	}
	pad := bs - (len(dst)-body)%bs
	for range pad {
		dst = append(dst, byte(pad-1))
	}
	s.crypter.SetIV(iv)
	s.crypter.CryptBlocks(dst[body:], dst[body:])
	if c.explicit == 0 {
		copy(h.nonce[:bs], dst[len(dst)-bs:])
	}
	if c.etm {
		//= RFC 7366 §3
		sealed := dst[start+HeaderLen:]
		dst = append(dst, c.mac.sum(&s.mac, h.header(t, c.version, len(sealed)), sealed)...)
	}
	putHeader(dst[start:], t, c.version, len(dst)-start-HeaderLen)
	return dst
}

func (c *cbc) open(h *half, _, rec []byte, limit int) ([]byte, Type, bool, Kind) {
	t, sealed := Type(rec[0]), rec[HeaderLen:]
	s, bs := h.crypter(c, false), c.block.BlockSize()
	if c.etm {
		//= RFC 7366 §3
		n := len(sealed) - c.mac.size
		if n < 0 || subtle.ConstantTimeCompare(sealed[n:], c.mac.sum(&s.mac, h.header(t, c.version, n), sealed[:n])) != 1 {
			return nil, 0, false, KindBadMAC
		}
		sealed = sealed[:n]
	}
	inside := 1 // what a record holds at the least
	if !c.etm {
		inside += c.mac.size
	}
	if len(sealed) < c.explicit+inside || (len(sealed)-c.explicit)%bs != 0 {
		return nil, 0, false, KindBadMAC
	}
	iv := h.nonce[:bs]
	if c.explicit > 0 {
		iv = sealed[:c.explicit]
	}
	body := sealed[c.explicit:]
	copy(s.saved[:], body[len(body)-bs:])
	s.crypter.SetIV(iv)
	s.crypter.CryptBlocks(body, body)
	content, ok := c.content(h, s, t, body)
	switch {
	case !ok:
		return nil, 0, false, KindBadMAC
	case len(content) > limit:
		return nil, 0, false, KindOverflow
	}
	if c.explicit == 0 {
		copy(h.nonce[:bs], s.saved[:])
	}
	return content, t, false, 0
}

// content takes padding and MAC off a decrypted body. Where the MAC is inside,
// nothing but the verdict depends on what the body holds.
func (c *cbc) content(h *half, s *scratch, t Type, body []byte) ([]byte, bool) {
	//= RFC 5246 §6.2.3.2
	padding, good := cutPadding(body)
	if c.etm {
		return body[:len(body)-padding], good == 1
	}
	size := c.mac.size
	most := len(body) - size - 1 // content, at the most
	n := len(body) - size - padding
	fits := subtle.ConstantTimeLessOrEq(padding, len(body)-size)
	n = subtle.ConstantTimeSelect(fits, n, 0)
	least := max(0, len(body)-size-256)
	header := h.header(t, c.version, 0)
	header[11], header[12] = byte(n>>8), byte(n)
	want := c.mac.secretSum(&s.mac, header, body, n, least, most)
	got := s.mac.got[:size]
	pick(got, body, n, least, most)
	good &= fits & subtle.ConstantTimeCompare(want, got)
	return body[:subtle.ConstantTimeSelect(good, n, 0)], good == 1
}

// cutPadding gives how long the padding is, its length byte included, and
// whether every byte of it is right: 1, else 0 and a length of 1. Its time
// depends on len(body) alone.
func cutPadding(body []byte) (length, good int) {
	last := body[len(body)-1]
	good = subtle.ConstantTimeLessOrEq(int(last)+1, len(body))
	for i := range min(256, len(body)) {
		inside := subtle.ConstantTimeLessOrEq(i, int(last))
		same := subtle.ConstantTimeByteEq(body[len(body)-1-i], last)
		good &= same | (inside ^ 1)
	}
	return subtle.ConstantTimeSelect(good, int(last)+1, 1), good
}

// pick copies body[n:n+len(dst)] to dst, for a secret n from least to most.
func pick(dst, body []byte, n, least, most int) {
	clear(dst)
	for at := least; at <= most; at++ {
		mask := byte(subtle.ConstantTimeSelect(subtle.ConstantTimeEq(int32(at), int32(n)), 0xff, 0))
		for i := range dst {
			dst[i] |= body[at+i] & mask
		}
	}
}

// crypter is the scratch of a half, made at its first record.
func (h *half) crypter(c *cbc, seals bool) *scratch {
	if h.scratch != nil {
		return h.scratch
	}
	if h.seq == 0 {
		h.nonce = c.first
	}
	iv := h.nonce[:c.block.BlockSize()]
	mode := cipher.NewCBCDecrypter(c.block, iv)
	if seals {
		mode = cipher.NewCBCEncrypter(c.block, iv)
	}
	s := &scratch{mac: macState{hash: c.mac.new()}}
	s.crypter = mode.(interface {
		cipher.BlockMode
		SetIV([]byte)
	})
	h.scratch = s
	return s
}

// header is what the MAC covers before the content.
func (h *half) header(t Type, v Version, n int) []byte {
	binary.BigEndian.PutUint64(h.aad[:], h.seq)
	putHeader(h.aad[8:], t, v, n)
	return h.aad[:]
}
