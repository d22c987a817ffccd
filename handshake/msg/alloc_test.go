package msg

import (
	"testing"
	"unsafe"
)

// TestAllocations says what parsing and appending cost: the message's own
// struct when it has extensions, and nothing else.
func TestAllocations(t *testing.T) {
	for _, s := range samples() {
		body := s.body()
		most := 1.0
		if s.name == "Certificate13" {
			most = 2 // and the extensions of the entries behind the leaf
		}
		if n := testing.AllocsPerRun(20, func() { s.fresh().Parse(body) }); n > most {
			t.Errorf("%s: %v allocations to parse", s.name, n)
		}
		dst := make([]byte, 0, len(body)+HeaderLen)
		if n := testing.AllocsPerRun(20, func() { s.message.Append(dst) }); n > 0 {
			t.Errorf("%s: %v allocations to append", s.name, n)
		}
	}
	var hello ClientHello
	for _, name := range []string{"openssl", "gnutls", "curl", "node"} {
		raw := readHello(t, "testdata/"+name+".hello")
		if n := testing.AllocsPerRun(20, func() { hello.Parse(raw.Body()); hello.Ext.Check(InClientHello, 0) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Extensions{}); n > 640 {
		t.Errorf("Extensions has %d bytes", n)
	}
}

func BenchmarkParseClientHello(b *testing.B) {
	s := samples()[0]
	body := s.body()
	var m ClientHello
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendClientHello(b *testing.B) {
	s := samples()[0]
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		s.message.Append(dst)
	}
}

// BenchmarkParseHostile is a ClientHello full of unknown extensions: linear.
func BenchmarkParseHostile(b *testing.B) {
	var block []byte
	for i := range 16000 {
		block = append(block, byte((i+1000)>>8), byte(i+1000), 0, 0)
	}
	body := append(unhex(helloStart+"00 0002 1301 01 00"), byte(len(block)>>8), byte(len(block)))
	body = append(body, block...)
	var m ClientHello
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
