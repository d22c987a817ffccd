package msg

// Reassembler cuts a stream of handshake bytes into messages. It is a value;
// the zero value is ready.
//
// Its buffer is append-only: bytes are never moved or overwritten, so a message
// that Next returned, and all that aliases it, stays true for ever.
//
//	|<- returned messages ->|<- buf: not yet returned ->|<- spare ->|
//
// It holds at most one message of the largest [Type.Limit] and what the caller
// added since Next last returned nil.
type Reassembler struct {
	buf []byte // 0 ≤ len(buf) ≤ cap(buf)
}

// Add copies the payload of one record to the end of the stream.
func (r *Reassembler) Add(payload []byte) { r.buf = append(r.buf, payload...) }

// Next takes the next whole message off the stream, nil if it is not whole yet.
// The message aliases the buffer and is not to be written to. A header that
// announces more than the type's limit fails at once with KindTooLong, or with
// KindUnexpectedType if no version knows the type; so does every later call.
func (r *Reassembler) Next() (Raw, error) {
	//= RFC 9846 §4
	if len(r.buf) < HeaderLen {
		return nil, nil
	}
	t := Type(r.buf[0])
	n := HeaderLen + (int(r.buf[1])<<16 | int(r.buf[2])<<8 | int(r.buf[3]))
	if n-HeaderLen > t.Limit() {
		return nil, tooLong(t)
	}
	if len(r.buf) < n {
		return nil, nil
	}
	m := Raw(r.buf[:n:n])
	r.buf = r.buf[n:]
	return m, nil
}

func tooLong(t Type) error {
	k := KindTooLong
	if !t.Known() {
		k = KindUnexpectedType
	}
	return fault{k, "length"}.of(t)
}

// Aligned gives a token that says: no bytes are left over, so keys may change.
func (r *Reassembler) Aligned() (Aligned, bool) {
	//= RFC 9846 §5.1
	ok := r.Empty()
	return Aligned{ok}, ok
}

// Empty says whether no bytes are left over.
func (r *Reassembler) Empty() bool { return len(r.buf) == 0 }

// Buffered is the number of bytes left over.
func (r *Reassembler) Buffered() int { return len(r.buf) }

// Fork gives a reassembler with the same bytes left over. Both may be used on:
// the bytes they share are never written again.
func (r *Reassembler) Fork() Reassembler {
	return Reassembler{r.buf[:len(r.buf):len(r.buf)]}
}

// Reset drops the buffer, and with it what was left over.
func (r *Reassembler) Reset() { r.buf = nil }

// Aligned is proof that no handshake bytes were left over when it was made.
// Only [Reassembler.Aligned] makes one that holds.
type Aligned struct{ ok bool }

// Must panics on a token that does not hold, the zero value among them.
func (a Aligned) Must() {
	if !a.ok {
		panic("msg: keys change inside a handshake message")
	}
}
