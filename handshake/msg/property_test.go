package msg

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tacet/record"
)

// same compares messages by what they say; the wire view, what only Parse sets
// and nil against empty do not count.
var same = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.AllowUnexported(Extensions{}),
	cmpopts.IgnoreFields(Extensions{}, "Wire"),
	cmpopts.IgnoreFields(Certificate13{}, "Leaf"),
	cmpopts.IgnoreFields(ServerKeyExchange{}, "Params"),
}

func TestRoundTrip(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			raw := Raw(s.message.Append([]byte("before")))[len("before"):]
			if raw.Type() != s.message.Type() || len(raw) != HeaderLen+int(raw[1])<<16+int(raw[2])<<8+int(raw[3]) {
				t.Fatalf("header % x of %d bytes", raw[:HeaderLen], len(raw))
			}
			if _, ok := lengths(s.grammar, raw.Body()); !ok {
				t.Fatalf("does not follow the grammar: %x", raw)
			}
			got := s.fresh()
			if err := got.Parse(raw.Body()); err != nil {
				t.Fatal(err)
			}
			if again := got.Append(nil); !bytes.Equal(again, raw) {
				t.Errorf("appended again:\n%x\nwant\n%x", again, raw)
			}
			if len(raw.Body()) > raw.Type().Limit() {
				t.Errorf("%d bytes are over the limit", len(raw.Body()))
			}
		})
	}
}

// TestFields says that no field gets lost between Append and Parse, whatever
// the bytes are.
func TestFields(t *testing.T) {
	for _, s := range samples() {
		got := s.fresh()
		if err := got.Parse(s.body()); err != nil {
			t.Fatal(err)
		}
		want, have := extensionsOf(s.message), extensionsOf(got)
		if want != nil {
			keepCarried(want, have)
		}
		if diff := cmp.Diff(s.message, got, same); diff != "" {
			t.Errorf("%s (-built +parsed):\n%s", s.name, diff)
		}
	}
}

// keepCarried empties the fields of want that the message does not carry. That
// none is lost which it does carry, TestRoundTrip says.
func keepCarried(want, have *Extensions) {
	w, h := reflect.ValueOf(want).Elem(), reflect.ValueOf(have).Elem()
	for i := range w.NumField() {
		if w.Type().Field(i).IsExported() && h.Field(i).IsZero() {
			w.Field(i).SetZero()
		}
	}
}

func extensionsOf(m Message) *Extensions {
	switch m := m.(type) {
	case *ClientHello:
		return &m.Ext
	case *ServerHello:
		return &m.Ext
	case *EncryptedExtensions:
		return &m.Ext
	case *CertificateRequest13:
		return &m.Ext
	case *NewSessionTicket13:
		return &m.Ext
	}
	return nil
}

func TestTruncated(t *testing.T) {
	for _, s := range samples() {
		body := s.body()
		for n := range body {
			if s.name == "Finished" || s.withoutExtensions(n) {
				continue
			}
			err := s.fresh().Parse(body[:n])
			if wantAlert(t, err, record.AlertDecodeError); t.Failed() {
				t.Fatalf("%s cut to %d of %d bytes", s.name, n, len(body))
			}
		}
		err := s.fresh().Parse(append(bytes.Clone(body), fill(64, 0)...))
		if wantAlert(t, err, record.AlertDecodeError); t.Failed() {
			t.Fatalf("%s with 64 bytes more", s.name)
		}
	}
}

// withoutExtensions says whether the first n bytes are a whole hello as it was
// before there were extensions.
func (s *sample) withoutExtensions(n int) bool {
	last := len(s.grammar) - 1
	if t := s.message.Type(); t != TypeClientHello && t != TypeServerHello {
		return false
	}
	_, ok := lengths(s.grammar[:last], s.body()[:n])
	return ok
}

// TestLengths sets every length field, at every level, off by one.
func TestLengths(t *testing.T) {
	for _, s := range samples() {
		body := s.body()
		found, _ := lengths(s.grammar, body)
		for _, l := range found {
			for _, delta := range []int{-1, 1} {
				b, ok := bump(body, l, delta)
				if !ok {
					continue
				}
				err := s.fresh().Parse(b)
				if movesCurveType(err, l) {
					continue
				}
				if wantAlert(t, err, record.AlertDecodeError); t.Failed() {
					t.Fatalf("%s: length at %d of %d off by %d", s.name, l.at, len(body), delta)
				}
			}
		}
	}
}

// movesCurveType says whether a hint of another length has put another byte in
// the place of the curve type, which decides how to go on.
func movesCurveType(err error, l length) bool {
	var e *Error
	return errors.As(err, &e) && e.Field == "ServerKeyExchange.params.curve_type" && e.Kind == KindIllegal && l.at == 0
}

func wantAlert(t *testing.T, err error, want record.Alert) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("got %v, want alert %v", err, want)
		return
	}
	if e.Alert() != want {
		t.Errorf("got %v (alert %v), want alert %v", err, e.Alert(), want)
	}
}
