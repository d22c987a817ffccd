package cred

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

// TestDEROf: what BER leaves open becomes DER, and what is neither is refused.
func TestDEROf(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("3080", n) + strings.Repeat("0000", n) }
	for _, row := range []struct{ name, in, want string }{
		{"DER", "3003020101", "3003020101"},
		{"what follows", "3003020101ffff", "3003020101"},
		{"nothing in it", "3000", "3000"},
		{"an empty string", "0400", "0400"},
		{"an indefinite length", "30800201010000", "3003020101"},
		{"two of them", "308030800201010000" + "0500" + "0000", "30073003020101" + "0500"},
		{"one in a definite one", "3007" + "30800201010000", "30053003020101"},
		{"a longer length than need be", "3081030201" + "01", "3003020101"},
		{"one of four bytes", "30840000000302010" + "1", "3003020101"},
		{"a string in pieces", "2405" + "0401aa" + "0400", "0401aa"},
		{"in pieces of an indefinite length", "24800401aa0401bb0000", "0402aabb"},
		{"pieces in pieces", "2480" + "24800401aa0000" + "24030401bb" + "0000", "0402aabb"},
		{"pieces that are tagged stay", "a08004" + "01aa0000", "a003" + "0401aa"},
		{"a string of end-of-contents", "30800404000000000000", "3006040400000000"},
		{"a tag of two bytes", "3f81018002010" + "10000", "3f8101" + "03020101"},
		{"a long one", "3080" + "048180" + strings.Repeat("aa", 128) + "0000", "308183" + "048180" + strings.Repeat("aa", 128)},
		{"48 deep", deep(49), ""},

		{"nothing", "", "no"},
		{"a tag alone", "30", "no"},
		{"a tag that does not end", "3f8181818101", "no"},
		{"a length that does not end", "308201", "no"},
		{"a length of five bytes", "30850000000000", "no"},
		{"contents that do not end", "3003020" + "1", "no"},
		{"a child beyond its parent", "3003020201" + "01", "no"},
		{"an end that is not there", "3080020101", "no"},
		{"half an end", "308002010100", "no"},
		{"an end beyond the parent", "3005" + "3080020101" + "0000", "no"},
		{"an end for nothing", "0000", "no"},
		{"an end in a definite length", "30020000", "no"},
		{"an end with contents", "3080000100" + "0000", "no"},
		{"a primitive of indefinite length", "0480aa0000", "no"},
		{"a string of other pieces", "24030201aa", "no"},
		{"a string of tagged pieces", "24038001aa", "no"},
		{"49 deep", deep(50), "no"},
		{"pieces too deep", strings.Repeat("2480", 50) + "0400" + strings.Repeat("0000", 50), "no"},
		{"pieces of a length that is not there", "2404" + "0403aabb", "no"},
	} {
		in, err := hex.DecodeString(row.in)
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		got, err := derOf(in)
		switch {
		case row.want == "no" && err == nil:
			t.Errorf("%s: %x", row.name, got)
		case row.want == "no":
		case err != nil || row.want != "" && hex.EncodeToString(got) != row.want:
			t.Errorf("%s: %x, %v, want %s", row.name, got, err, row.want)
		}
	}
	if _, err := derOf(append([]byte{0x04, 0x83, 0xff, 0xff, 0xfb}, make([]byte, maxBER-5)...)); err != nil {
		t.Errorf("16 MiB: %v", err)
	}
	if _, err := derOf(append([]byte{0x04, 0x83, 0xff, 0xff, 0xfc}, make([]byte, maxBER-4)...)); err == nil {
		t.Error("more than 16 MiB")
	}
}

// TestPFXIsNotKept: what a file came to has nothing to do with its bytes, or the passphrase's.
func TestPFXIsNotKept(t *testing.T) {
	for _, e := range []*pkcs12.Encoder{pkcs12.Modern2023, pkcs12.Passwordless} {
		passphrase := []byte("secret")
		if e == pkcs12.Passwordless {
			passphrase = nil
		}
		der, leaf := samplePFX(t, e, string(passphrase))
		if same, err := derOf(der); err != nil || !bytes.Equal(same, der) || &same[0] == &der[0] {
			t.Errorf("a file in DER is not rewritten to itself: %v", err)
		}
		key, certs, err := ParsePKCS12(der, passphrase)
		clear(der)
		clear(passphrase)
		if err != nil || len(certs) != 1 || !bytes.Equal(certs[0].Raw, leaf) || !certs[0].PublicKey.(*ecdsa.PublicKey).Equal(key.Public()) {
			t.Error(err)
		}
	}
}

// FuzzDEROf: what is rewritten is rewritten to itself, is not longer by more than its lengths, and is
// what encoding/asn1 takes for an element that goes to its end.
func FuzzDEROf(f *testing.F) {
	for _, e := range []*pkcs12.Encoder{pkcs12.LegacyDES, pkcs12.Modern2023} {
		der, _ := samplePFX(f, e, "")
		f.Add(der)
	}
	for _, seed := range []string{"30800201010000", "2480040" + "1aa24800401bb00000000", "a0808004aabbccdd0000", "3f81018002010" + "10000", "3084000000020500"} {
		b, err := hex.DecodeString(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		der, err := derOf(in)
		if !bytes.Equal(in, before) {
			t.Fatal("the file was written to")
		}
		if err != nil {
			if !errors.Is(err, errBER) {
				t.Fatal(err)
			}
			return
		}
		if len(der) > len(in)+maxBERNested {
			t.Fatalf("%d bytes of %d", len(der), len(in))
		}
		if again, err := derOf(der); err != nil || !bytes.Equal(again, der) {
			t.Fatalf("%x is rewritten to %x, %v", der, again, err)
		}
		var raw asn1.RawValue
		if rest, err := asn1.Unmarshal(der, &raw); err == nil && len(rest) > 0 {
			t.Fatalf("%x follows in %x", rest, der)
		}
	})
}
