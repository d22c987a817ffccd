package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// inner is what a TLS 1.3 record protects: content, type, padding.
func inner(content []byte, t Type, padding int) []byte {
	return append(append(slices.Clone(content), byte(t)), make([]byte, padding)...)
}

// TestOpenProtected13 opens records whose inside is made by hand.
func TestOpenProtected13(t *testing.T) {
	//= RFC 9846 §5.2 type=test
	//= RFC 9846 §5.4 type=test
	full := bytes.Repeat([]byte{7}, MaxPlaintext)
	data := []byte("tacet")
	tests := []struct {
		name    string
		inner   []byte
		outer   Type
		version Version
		kind    Kind
		alert   Alert
		typ     Type
		content []byte
	}{
		{"1: legacy version 0", inner(data, 23, 0), 23, 0, 0, 0, 23, data},
		{"1: legacy version ffff", inner(data, 23, 0), 23, 0xffff, 0, 0, 23, data},
		{"1: legacy version 1.0", inner(data, 22, 0), 23, TLS10, 0, 0, 22, data},
		{"2: content of 2^14+1", inner(append(full, 7), 23, 0), 23, TLS12, KindOverflow, AlertRecordOverflow, 0, nil},
		{"2: payload of 2^14+256", inner(full, 23, 239), 23, TLS12, KindOverflow, AlertRecordOverflow, 0, nil},
		{"2: payload of 2^14+257", inner(full, 23, 240), 23, TLS12, KindOverflow, AlertRecordOverflow, 0, nil},
		{"3: content of 2^14", inner(full, 23, 0), 23, TLS12, 0, 0, 23, full},
		{"3: padding up to 2^14+1", inner(full[1:], 23, 1), 23, TLS12, 0, 0, 23, full[1:]},
		{"3: padding up to 2^14+2", inner(full, 23, 1), 23, TLS12, KindOverflow, AlertRecordOverflow, 0, nil},
		{"4: all zeros", make([]byte, 30), 23, TLS12, KindNoContent, AlertUnexpectedMessage, 0, nil},
		{"4: all zeros, longest", make([]byte, MaxPlaintext+1), 23, TLS12, KindNoContent, AlertUnexpectedMessage, 0, nil},
		{"4: nothing inside", nil, 23, TLS12, KindNoContent, AlertUnexpectedMessage, 0, nil},
		{"5: empty data", inner(nil, 23, 0), 23, TLS12, 0, 0, 23, nil},
		{"5: empty data, padded", inner(nil, 23, MaxPlaintext), 23, TLS12, 0, 0, 23, nil},
		{"7: empty handshake", inner(nil, 22, 0), 23, TLS12, KindEmpty, AlertUnexpectedMessage, 0, nil},
		{"7: empty handshake, padded", inner(nil, 22, 9), 23, TLS12, KindEmpty, AlertUnexpectedMessage, 0, nil},
		{"7: empty alert", inner(nil, 21, 0), 23, TLS12, KindEmpty, AlertUnexpectedMessage, 0, nil},
		{"8: inner type 24", inner(data, 24, 0), 23, TLS12, KindType, AlertUnexpectedMessage, 0, nil},
		{"8: inner type 1", inner(data, 1, 3), 23, TLS12, KindType, AlertUnexpectedMessage, 0, nil},
		{"8: inner change_cipher_spec", inner([]byte{1}, 20, 0), 23, TLS12, KindType, AlertUnexpectedMessage, 0, nil},
		{"8: outer type 24", inner(data, 23, 0), 24, TLS12, KindType, AlertUnexpectedMessage, 0, nil},
		{"8: outer type 0", inner(data, 23, 0), 0, TLS12, KindType, AlertUnexpectedMessage, 0, nil},
		{"8: outer type handshake", inner(data, 22, 0), 22, TLS12, KindPlaintext, AlertUnexpectedMessage, 0, nil},
		{"9: one byte of padding", inner(data, 23, 1), 23, TLS12, 0, 0, 23, data},
		{"9: much padding", inner(data, 21, 12000), 23, TLS12, 0, 0, 21, data},
		{"9: content that ends in zeros", inner([]byte{5, 0, 0}, 23, 7), 23, TLS12, 0, 0, 23, []byte{5, 0, 0}},
	}
	for _, s := range testSuites[:3] {
		for _, test := range tests {
			t.Run(s.name+"/"+test.name, func(t *testing.T) {
				_, o := s.pair()
				rec := sealInner13(&o, test.outer, test.version, test.inner)
				if test.kind == 0 {
					got := wantOpened(t, &o, rec, test.typ, test.content)
					if !got.Protected || got.Outer != 23 || got.Wire != len(rec)-HeaderLen || o.Seq() != 1 {
						t.Fatalf("%+v, seq %d", got, o.Seq())
					}
					return
				}
				got, err := o.Open(rec)
				wantKind(t, err, test.kind)
				if !errors.Is(err, test.alert) {
					t.Errorf("%v is not alert %v", err, test.alert)
				}
				if got.N != len(rec) || got.Payload != nil || o.Seq() != 0 {
					t.Errorf("N %d of %d, payload %v, seq %d", got.N, len(rec), got.Payload, o.Seq())
				}
			})
		}
	}
}

// TestOpenHeader shows what a header alone decides, by the state of the Opener.
func TestOpenHeader(t *testing.T) {
	//= RFC 9846 §5.1 type=test
	//= RFC 5246 §6.2.1 type=test
	const pre, plain12, sealed12, plain13, sealed13, alert13 = 0, 1, 2, 3, 4, 5
	opener := func(state int) Opener {
		var o Opener
		switch state {
		case plain12, sealed12:
			o.SetVersion(TLS12)
		case plain13, sealed13, alert13:
			o.SetVersion(TLS13)
		}
		switch state {
		case sealed12:
			o.Install(testSuites[3].protection(0))
		case sealed13, alert13:
			o.Install(testSuites[0].protection(0))
		}
		o.AllowPlaintextAlert(state == alert13)
		return o
	}
	tests := []struct {
		name   string
		state  int
		header string
		kind   Kind
		need   int
	}{
		{"longest plaintext", pre, "\x16\x03\x01\x40\x00", 0, 16389},
		{"2: plaintext of 2^14+1", pre, "\x16\x03\x01\x40\x01", KindOverflow, 0},
		{"2: plaintext of 2^16-1", plain13, "\x16\x03\x03\xff\xff", KindOverflow, 0},
		{"2: 1.3 of 2^14+256", sealed13, "\x17\x03\x03\x41\x00", 0, 16645},
		{"2: 1.3 of 2^14+257", sealed13, "\x17\x03\x03\x41\x01", KindOverflow, 0},
		{"2: 1.2 of 2^14+2048", sealed12, "\x17\x03\x03\x48\x00", 0, 18437},
		{"2: 1.2 of 2^14+2049", sealed12, "\x17\x03\x03\x48\x01", KindOverflow, 0},
		{"54: early data to skip after a retry", plain13, "\x17\x03\x03\x41\x00", 0, 16645},
		{"54: early data too long", plain13, "\x17\x03\x03\x41\x01", KindOverflow, 0},
		{"54: data of 2^14+1 before any version", pre, "\x17\x03\x03\x40\x01", KindOverflow, 0},
		{"54: data of 2^14+1 in 1.2", plain12, "\x17\x03\x03\x40\x01", KindOverflow, 0},
		{"6: plaintext data is for the engine to refuse", pre, "\x17\x03\x03\x00\x05", 0, 10},
		{"7: empty handshake", pre, "\x16\x03\x01\x00\x00", KindEmpty, 0},
		{"7: empty alert", plain12, "\x15\x03\x03\x00\x00", KindEmpty, 0},
		{"7: empty change_cipher_spec", plain13, "\x14\x03\x03\x00\x00", KindEmpty, 0},
		{"8: heartbeat", pre, "\x18\x03\x01\x00\x05", KindType, 0},
		{"8: heartbeat, 1.2", sealed12, "\x18\x03\x03\x00\x05", KindType, 0},
		{"8: type 0", plain13, "\x00\x03\x03\x00\x05", KindType, 0},
		{"8: type 255", sealed13, "\xff\x03\x03\x00\x05", KindType, 0},
		{"12: 1.3, no tag", sealed13, "\x17\x03\x03\x00\x00", KindBadMAC, 0},
		{"first record, minor version any", pre, "\x16\x03\xff\x00\x05", 0, 10},
		{"first record, major version 2", pre, "\x16\x02\x00\x00\x05", KindVersion, 0},
		{"first record, major version 0x12", pre, "\x16\x12\x34\x00\x05", KindVersion, 0},
		{"first record, neither type nor version", pre, "hello", KindVersion, 0},
		{"1: any version once 1.3 is known", plain13, "\x16\x12\x34\x00\x05", 0, 10},
		{"1: any version in 1.3", sealed13, "\x17\x00\x00\x00\x20", 0, 37},
		{"other version in 1.2", plain12, "\x16\x03\x01\x00\x05", KindVersion, 0},
		{"another version's alert before there are keys", plain12, "\x15\x03\x01\x00\x02", 0, 7},
		{"another major version's alert", plain12, "\x15\x02\x01\x00\x02", KindVersion, 0},
		{"another version's alert, protected", sealed12, "\x15\x03\x01\x00\x20", KindVersion, 0},
		{"other version in 1.2, protected", sealed12, "\x17\x03\x04\x00\x20", KindVersion, 0},
		{"HTTP GET", pre, "GET /", KindHTTP, 0},
		{"HTTP POST", pre, "POST ", KindHTTP, 0},
		{"HTTP HEAD", pre, "HEAD ", KindHTTP, 0},
		{"HTTP PUT", pre, "PUT /", KindHTTP, 0},
		{"CONNECT", pre, "CONNE", KindHTTP, 0},
		{"SSLv2 hello", pre, "\x80\x2e\x01\x03\x01", KindSSLv2, 0},
		{"SSLv2 hello of SSL 2.0", pre, "\x80\x2e\x01\x00\x02", KindSSLv2, 0},
		{"SSLv2 hello with a 3 where records have a version", pre, "\x81\x03\x01\x03\x03", KindSSLv2, 0},
		{"8: type 128, where SSLv2 has its length", pre, "\x80\x03\x01\x00\x05", KindType, 0},
		{"SSLv2 record of another type", pre, "\x80\x2e\x04\x03\x01", KindVersion, 0},
		{"1.3: plaintext handshake", sealed13, "\x16\x03\x03\x00\x05", KindPlaintext, 0},
		{"1.3: plaintext alert", sealed13, "\x15\x03\x03\x00\x02", KindPlaintext, 0},
		{"1.3: plaintext alert, allowed", alert13, "\x15\x03\x03\x00\x02", 0, 7},
		{"1.3: empty plaintext alert, allowed", alert13, "\x15\x03\x03\x00\x00", KindEmpty, 0},
		{"1.3: change_cipher_spec", sealed13, "\x14\x03\x03\x00\x01", 0, 6},
		{"1.3: change_cipher_spec of two bytes", sealed13, "\x14\x03\x03\x00\x02", KindPlaintext, 0},
		{"1.3: empty change_cipher_spec", sealed13, "\x14\x03\x03\x00\x00", KindPlaintext, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for n := range HeaderLen {
				o := opener(test.state)
				if got, err := o.Open([]byte(test.header[:n])); err != nil || got.N != 0 || got.Need != HeaderLen {
					t.Fatalf("%d bytes: %+v, %v", n, got, err)
				}
			}
			o := opener(test.state)
			in := []byte(test.header)
			got, err := o.Open(in)
			if test.kind == 0 {
				if err != nil || got.N != 0 || got.Need != test.need {
					t.Fatalf("%+v, %v; want need %d", got, err, test.need)
				}
				return
			}
			wantKind(t, err, test.kind)
			e := err.(*Error)
			if e.Type != Type(in[0]) || e.Version != Version(binary.BigEndian.Uint16(in[1:])) || e.Length != int(binary.BigEndian.Uint16(in[3:])) {
				t.Errorf("header %x told as %+v", in, e)
			}
		})
	}
}

// TestNotTLSLater: bytes that look like HTTP are that only at the beginning.
func TestNotTLSLater(t *testing.T) {
	for _, first := range []string{"GET /", "\x80\x2e\x01\x03\x01"} {
		var o Opener
		wantOpened(t, &o, plainRecord(22, TLS10, []byte{1}), 22, []byte{1})
		_, err := o.Open([]byte(first))
		wantKind(t, err, KindType)
	}
}

// TestChangeCipherSpec13: the one legal record passes by the keys, and any
// other does not (BEHAVIOURS 44).
func TestChangeCipherSpec13(t *testing.T) {
	//= RFC 9846 §5 type=test
	w, o := testSuites[0].pair()
	for range 3 {
		got := wantOpened(t, &o, plainRecord(20, TLS12, []byte{1}), 20, []byte{1})
		if got.Protected || o.Seq() != 0 {
			t.Fatalf("%+v, seq %d", got, o.Seq())
		}
	}
	wantOpened(t, &o, w.Seal(nil, 22, []byte{9}), 22, []byte{9})
	_, err := o.Open(plainRecord(20, TLS12, []byte{2}))
	wantKind(t, err, KindPlaintext)
	wantOpened(t, &o, plainRecord(20, TLS12, []byte{1}), 20, []byte{1})
}

// TestPlaintextAlert13 is BEHAVIOURS 49.
func TestPlaintextAlert13(t *testing.T) {
	w, o := testSuites[0].pair()
	alert := []byte{2, 40}
	_, err := o.Open(plainRecord(21, TLS12, alert))
	wantKind(t, err, KindPlaintext)
	o.AllowPlaintextAlert(true)
	if got := wantOpened(t, &o, plainRecord(21, TLS12, alert), 21, alert); got.Protected {
		t.Error("told as protected")
	}
	wantOpened(t, &o, w.Seal(nil, 21, alert), 21, alert)
	o.AllowPlaintextAlert(false)
	_, err = o.Open(plainRecord(21, TLS12, alert))
	wantKind(t, err, KindPlaintext)
}

// TestEmpty12: what TLS 1.2 protects may be empty if it is data (BEHAVIOURS 5, 7).
func TestEmpty12(t *testing.T) {
	for _, s := range testSuites[3:] {
		for typ := TypeChangeCipherSpec; typ <= TypeApplicationData; typ++ {
			w, o := s.pair()
			got, err := o.Open(w.Seal(nil, typ, nil))
			if typ != TypeApplicationData {
				wantKind(t, err, KindEmpty)
			} else if err != nil || got.Type != typ || len(got.Payload) != 0 || !got.Protected {
				t.Errorf("%s %v: %+v, %v", s.name, typ, got, err)
			}
		}
	}
}

// TestTooShort: a record too short for its nonce and tag does not authenticate (BEHAVIOURS 12).
func TestTooShort(t *testing.T) {
	for _, s := range testSuites {
		least := s.grow
		if s.version == TLS13 {
			least-- // without its content type it still has a tag
		}
		for n := range least {
			_, o := s.pair()
			_, err := o.Open(plainRecord(23, TLS12, make([]byte, n)))
			wantKind(t, err, KindBadMAC)
		}
	}
}

// TestOverflow12 is BEHAVIOURS 2 for TLS 1.2: an honest peer's AEAD, one byte too much.
func TestOverflow12(t *testing.T) {
	for _, s := range testSuites[3:] {
		w, o := s.pair()
		rec := w.p.mode.seal(&w.half, nil, 23, make([]byte, MaxPlaintext+1))
		_, err := o.Open(rec)
		wantKind(t, err, KindOverflow)
		wantOpened(t, &o, w.Seal(nil, 23, make([]byte, MaxPlaintext)), 23, make([]byte, MaxPlaintext))
	}
}

// TestSetLimit bounds content, and in TLS 1.3 content, type and padding by one more.
func TestSetLimit(t *testing.T) {
	const limit = 512
	for _, s := range testSuites {
		for _, n := range []int{0, 1, limit - 1, limit, limit + 1, MaxPlaintext} {
			w, o := s.pair()
			o.SetLimit(limit)
			plain := bytes.Repeat([]byte{3}, n)
			rec := w.Seal(nil, 23, plain)
			if n <= limit {
				wantOpened(t, &o, rec, 23, plain)
				continue
			}
			_, err := o.Open(rec)
			wantKind(t, err, KindOverflow)
		}
	}
	_, o := testSuites[0].pair()
	o.SetLimit(limit)
	_, err := o.Open(sealInner13(&o, 23, TLS12, inner(make([]byte, limit), 23, 1)))
	wantKind(t, err, KindOverflow)
}

// TestExplicitNonces: none comes twice under one key (BEHAVIOURS 13).
func TestExplicitNonces(t *testing.T) {
	//= RFC 5246 §6.2.3.3 type=test
	w, _ := testSuites[3].pair()
	seen := map[string]bool{}
	for i := range 1000 {
		if i%100 == 50 {
			w.Idle()
		}
		rec := w.Seal(nil, 23, []byte{1})
		nonce := string(rec[HeaderLen : HeaderLen+8])
		if seen[nonce] || binary.BigEndian.Uint64([]byte(nonce)) != uint64(i) {
			t.Fatalf("record %d has nonce %x", i, nonce)
		}
		seen[nonce] = true
	}
}
