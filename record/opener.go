package record

import "encoding/binary"

// Opener opens the records of one direction in order. The zero value reads
// plaintext records and does not know the version yet. It is a value: a copy
// is a fork. One goroutine at a time.
type Opener struct {
	half
	version    Version // negotiated; 0: not yet
	lower      uint16  // MaxPlaintext minus the limit on plaintext
	begun      bool    // a record was opened
	alertPlain bool    // AllowPlaintextAlert
}

// Opened is one record. Payload is the content, opened in place: it aliases
// the buffer that was read from (or, with Into, the dst of OpenInto), and is
// the caller's as that is. All but Need is zero when more bytes are wanted.
type Opened struct {
	Payload   []byte
	N         int  // bytes of in that the record took; 0: need more
	Need      int  // when N is 0: bytes that complete the record (at least HeaderLen)
	Wire      int  // length of the payload on the wire, in bytes
	Type      Type // the true content type
	Outer     Type // the type in the header
	Protected bool // the record was protected
	Into      bool // Payload lies in dst
}

// Install makes p open all records from the next one on, which has sequence
// number 0 (RFC 9846 §5.3). The zero Protection goes back to plaintext.
func (o *Opener) Install(p Protection) { o.install(p) }

// SetVersion says which version was negotiated. In TLS 1.2 and below each
// record's version field must then equal v; TLS 1.3 ignores that field.
func (o *Opener) SetVersion(v Version) { o.version = v }

// SetLimit bounds the plaintext of a record, from the next one on, at n bytes,
// 0 ≤ n ≤ MaxPlaintext (the default): what record_size_limit (RFC 8449 §4; in
// TLS 1.3, less its byte for the content type) or max_fragment_length allows.
func (o *Opener) SetLimit(n int) {
	if n < 0 || n > MaxPlaintext {
		panic("record: limit outside 0..2^14")
	}
	o.lower = uint16(MaxPlaintext - n)
}

// AllowPlaintextAlert says whether an unprotected alert passes although TLS 1.3
// has read keys: a client that failed before it had keys sends one.
func (o *Opener) AllowPlaintextAlert(allow bool) { o.alertPlain = allow }

func (o *Opener) limit() int { return MaxPlaintext - int(o.lower) }

// Open opens the first record of in, in place. When in does not hold all of
// it, N is 0 and Need says how many bytes do; in is then as it was.
//
// In TLS 1.3 an unprotected change_cipher_spec of the one byte 0x01 is opened
// too, whatever the keys: whether it is tolerated is for the caller to say.
//
// Unprotected application_data is opened like the rest; only the caller knows
// whether it is early data to be skipped or out of place.
//
// The error is an *Error. N is then the length of the refused record, or 0 if
// the header was refused before all of the record was there. The sequence
// number stays, so a record that does not authenticate may be skipped (0-RTT,
// RFC 9846 §4.3.10); its bytes in in are spoiled.
func (o *Opener) Open(in []byte) (Opened, error) { return o.OpenInto(nil, in) }

// OpenInto is Open, but a protected record's content goes to dst[0:], and
// Into is set, when dst is long enough for all that the record protects: its
// content and, in TLS 1.3, the content type and padding too, so one byte more.
// When dst is shorter the record is opened in place. Any type of content
// may go to dst. dst and in must not overlap. Bytes of dst past the content may
// change, and all of them when the record is refused.
func (o *Opener) OpenInto(dst, in []byte) (Opened, error) {
	if len(in) < HeaderLen {
		return Opened{Need: HeaderLen}, nil
	}
	length := int(binary.BigEndian.Uint16(in[3:]))
	plain := o.p.mode == nil
	if k := o.checkHeader(in, length, &plain); k != 0 {
		return refuse(k, in, length)
	}
	n := HeaderLen + length
	if len(in) < n {
		return Opened{Need: n}, nil
	}
	got := Opened{N: n, Wire: length, Outer: Type(in[0]), Protected: !plain}
	var k Kind
	if plain {
		got.Payload, got.Type, k = o.pass(in[:n:n])
	} else {
		got.Payload, got.Type, got.Into, k = o.open(dst, in[:n:n])
	}
	if k != 0 {
		return refuse(k, in, length)
	}
	o.begun = true
	return got, nil
}

// open opens a protected record, all of which is in rec.
func (o *Opener) open(dst, rec []byte) (content []byte, t Type, into bool, k Kind) {
	if o.seq == lastSeq {
		return nil, 0, false, KindExhausted
	}
	content, t, into, k = o.p.mode.open(&o.half, dst, rec, o.limit())
	if k == 0 && len(content) == 0 && t != TypeApplicationData {
		k = KindEmpty
	}
	if k == 0 {
		o.seq++
	}
	return content, t, into, k
}

// pass takes an unprotected record, all of which is in rec.
func (o *Opener) pass(rec []byte) (content []byte, t Type, k Kind) {
	t, content = Type(rec[0]), rec[HeaderLen:]
	if t == TypeChangeCipherSpec && o.hidesType() && content[0] != 1 {
		return nil, 0, KindPlaintext
	}
	return content, t, 0
}

// refuse makes the error of a record of which in is what has come so far.
func refuse(k Kind, in []byte, length int) (Opened, error) {
	n := HeaderLen + length
	if len(in) < n {
		n = 0
	}
	return Opened{N: n}, &Error{
		Kind:    k,
		Type:    Type(in[0]),
		Version: Version(binary.BigEndian.Uint16(in[1:])),
		Length:  length,
	}
}
