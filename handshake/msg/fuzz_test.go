package msg

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The property of all these targets: nothing panics, every refusal is an *Error
// with an alert, and what was accepted, appended and read again is the same.

func FuzzClientHello(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.hello")
	for _, file := range files {
		f.Add(readHello(f, file).Body())
	}
	fuzzMessage(f, empty[ClientHello])
}
func FuzzServerHello(f *testing.F)           { fuzzMessage(f, empty[ServerHello]) }
func FuzzEncryptedExtensions(f *testing.F)   { fuzzMessage(f, empty[EncryptedExtensions]) }
func FuzzCertificate12(f *testing.F)         { fuzzMessage(f, empty[Certificate12]) }
func FuzzCertificate13(f *testing.F)         { fuzzMessage(f, empty[Certificate13]) }
func FuzzCompressedCertificate(f *testing.F) { fuzzMessage(f, empty[CompressedCertificate]) }
func FuzzCertificateStatus(f *testing.F)     { fuzzMessage(f, empty[CertificateStatus]) }
func FuzzCertificateRequest12(f *testing.F)  { fuzzMessage(f, empty[CertificateRequest12]) }
func FuzzCertificateRequest13(f *testing.F)  { fuzzMessage(f, empty[CertificateRequest13]) }
func FuzzCertificateVerify(f *testing.F)     { fuzzMessage(f, empty[CertificateVerify]) }
func FuzzCertificateRequest10(f *testing.F)  { fuzzMessage(f, empty[CertificateRequest10]) }
func FuzzCertificateVerify10(f *testing.F)   { fuzzMessage(f, empty[CertificateVerify10]) }
func FuzzFinished(f *testing.F)              { fuzzMessage(f, empty[Finished]) }
func FuzzNewSessionTicket12(f *testing.F)    { fuzzMessage(f, empty[NewSessionTicket12]) }
func FuzzNewSessionTicket13(f *testing.F)    { fuzzMessage(f, empty[NewSessionTicket13]) }
func FuzzKeyUpdate(f *testing.F)             { fuzzMessage(f, empty[KeyUpdate]) }

func FuzzServerKeyExchange(f *testing.F) { fuzzForms(f, TypeServerKeyExchange) }
func FuzzClientKeyExchange(f *testing.F) { fuzzForms(f, TypeClientKeyExchange) }

// empty makes messages whose form needs no telling.
func empty[M any, P interface {
	*M
	Message
}]() Message {
	return P(new(M))
}

func fuzzMessage(f *testing.F, fresh func() Message) {
	for _, s := range samples() {
		if s.message.Type() == fresh().Type() {
			f.Add([]byte(s.body()))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) { readBack(t, fresh, body) })
}

// fuzzForms takes the dialect of one of the samples.
func fuzzForms(f *testing.F, message Type) {
	list := samples()
	for i, s := range list {
		if s.message.Type() == message {
			f.Add(uint8(i), []byte(s.body()))
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, body []byte) {
		d := list[int(i)%len(list)].dialect
		if d.New(message) != nil {
			readBack(t, func() Message { return d.New(message) }, body)
		}
	})
}

func readBack(t *testing.T, fresh func() Message, body []byte) {
	m := fresh()
	original := bytes.Clone(body)
	err := m.Parse(body)
	if !bytes.Equal(body, original) {
		t.Fatal("Parse wrote to its input")
	}
	if err != nil {
		refused(t, err, m.Type())
		return
	}
	accepted(t, m, body, fresh)
}

func refused(t *testing.T, err error, message Type) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Message != message || e.Alert() == 0 || e.Ref == "" || e.Field == "" {
		t.Fatalf("%#v", err)
	}
}

func accepted(t *testing.T, m Message, body []byte, fresh func() Message) {
	for range Fields(m) {
	}
	x := extensionsOf(m)
	if x != nil && !x.canonical(extensionsIn(m)) {
		m.Append(nil)
		return
	}
	raw := Raw(m.Append(nil))
	if x == nil && !bytes.Equal(raw.Body(), body) {
		t.Fatalf("appended\n%x\nwant\n%x", []byte(raw.Body()), body)
	}
	again := fresh()
	if err := again.Parse(raw.Body()); err != nil {
		t.Fatalf("appended and refused: %v\n%x", err, []byte(raw))
	}
	if x != nil {
		x.Unknown, x.FirstUnknown = 0, 0
	}
	if diff := cmp.Diff(m, again, same); diff != "" {
		t.Fatal(diff)
	}
	if !bytes.Equal(again.Append(nil), raw) {
		t.Fatal("appended twice, it differs")
	}
}

// canonical says whether Append can say all that was parsed: names and status
// requests of other types are skipped, and so is what is not allowed there.
func (x *Extensions) canonical(in Where) bool {
	if in&helloEither != 0 {
		if x.Have(ExtServerName) && len(x.ServerName) == 0 || x.Have(ExtStatusRequest) && !x.StatusRequest {
			return false
		}
	}
	for i := range table {
		if x.have&(1<<i) != 0 && table[i].where&in == 0 {
			return false
		}
	}
	return true
}

// FuzzExtensions drives the walker in every message, and Check.
func FuzzExtensions(f *testing.F) {
	for _, s := range samples() {
		if x := extensionsOf(s.message); x != nil {
			f.Add(uint8(extensionsIn(s.message)%251), uint64(x.have), x.append(nil, extensionsIn(s.message))[2:])
		}
	}
	f.Fuzz(func(t *testing.T, where uint8, offered uint64, block []byte) {
		in := Where(1) << (where % 9)
		var x Extensions
		if err := x.parse(in.message(), in, block); err != nil {
			refused(t, err, in.message())
			return
		}
		n := 0
		for id := range RawExtensions(block) {
			if n++; rowOf(id) >= 0 && !x.Have(id) {
				t.Fatalf("%v got lost", id)
			}
		}
		if known := len(block) >= 4 && n == 0; known {
			t.Fatal("nothing walked over")
		}
		err := x.Check(in, Set(offered))
		if err != nil {
			refused(t, err, in.message())
			return
		}
		if in&replies != 0 && (x.Unknown > 0 || x.have&^Set(offered)&^Set(0).With(ExtCookie) != 0) {
			t.Fatalf("%b was asked for, %b passed", offered, x.have)
		}
	})
}

// FuzzReassembler says that how a stream is cut changes nothing.
func FuzzReassembler(f *testing.F) {
	all, _ := stream()
	f.Add(all, uint16(7))
	f.Add([]byte{1, 0xff, 0xff, 0xff}, uint16(1))
	f.Fuzz(func(t *testing.T, stream []byte, size uint16) {
		whole, wholeErr := cutAll(stream, len(stream))
		pieces, err := cutAll(stream, int(size))
		if (err == nil) != (wholeErr == nil) || len(whole) != len(pieces) {
			t.Fatalf("%d messages, %v; in pieces %d, %v", len(whole), wholeErr, len(pieces), err)
		}
		for i := range whole {
			if !bytes.Equal(whole[i], pieces[i]) {
				t.Fatalf("message %d differs", i)
			}
			Dump(nil, whole[i], tls12)
			Dump(nil, whole[i], tls13)
		}
	})
}

func cutAll(stream []byte, size int) (messages []Raw, err error) {
	var r Reassembler
	for len(stream) > 0 {
		n := min(len(stream), max(size, 1))
		r.Add(stream[:n])
		stream = stream[n:]
		for {
			m, err := r.Next()
			if err != nil {
				return messages, err
			}
			if m == nil {
				break
			}
			messages = append(messages, m)
		}
	}
	return messages, nil
}
