package cred_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"reflect"
	"testing"

	"tacet/handshake/cred"
	"tacet/handshake/cred/credtest"
)

// odd are certificates that OpenSSL reads and crypto/x509 does not: each is a good one
// with bytes that others stand for.
func odd(t testing.TB) map[string][]byte {
	ca := credtest.Root(t, "issuername", credtest.P256)
	template := credtest.LeafTemplate("example.com")
	template.SerialNumber = big.NewInt(0x4102030405060708)
	template.Subject = pkix.Name{CommonName: "commonname", Organization: []string{"organized"}, Country: []string{"XX"}}
	good := ca.Issue(t, template, credtest.P256).Raw
	serial := asn1Of(t, template.SerialNumber)
	patch := func(old, new string) []byte {
		if bytes.Count(good, []byte(old)) != 1 || len(old) != len(new) {
			t.Fatalf("%q is there %d times", old, bytes.Count(good, []byte(old)))
		}
		return bytes.Replace(bytes.Clone(good), []byte(old), []byte(new), 1)
	}
	negative := bytes.Clone(serial)
	negative[2] = 0x80
	both := bytes.Replace(patch("commonname", "common@ame"), serial, negative, 1)
	return map[string][]byte{
		"negative serial number":  patch(string(serial), string(negative)),
		"PrintableString with @":  patch("commonname", "common@ame"),
		"PrintableString, no UTF": patch("organized", "\xff\xfeganized"),
		"issuer":                  patch("issuername", "issuer@ame"),
		"IA5String, no ASCII":     patch("\x13\x0acommonname", "\x16\x0a\x80ommonname"),
		"two of these":            both,
	}
}

func asn1Of(t testing.TB, v any) []byte {
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestParseTolerantly(t *testing.T) {
	for name, der := range odd(t) {
		if _, err := x509.ParseCertificate(der); err == nil {
			t.Errorf("%s: crypto/x509 reads it", name)
		}
		if cred.ParseTolerantly(der) == nil {
			t.Errorf("%s: it is not read", name)
		}
		if !checkTolerance(t, der) {
			t.Errorf("%s: encoding/asn1 does not read it", name)
		}
	}
}

// wholeOf is a certificate as encoding/asn1 reads it, for what has to be the same.
type wholeOf struct {
	TBS struct {
		Raw                       asn1.RawContent
		Version                   int `asn1:"optional,explicit,default:0,tag:0"`
		Serial                    *big.Int
		Algorithm                 asn1.RawValue
		Issuer, Validity, Subject asn1.RawValue
		PublicKey                 asn1.RawValue
		IssuerID                  asn1.BitString   `asn1:"optional,tag:1"`
		SubjectID                 asn1.BitString   `asn1:"optional,tag:2"`
		Extensions                []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
	}
	Algorithm asn1.RawValue
	Signature asn1.BitString
}

// checkTolerance: what crypto/x509 reads is read tolerantly with the same result; of what
// is only so, all that is signed and looked at is the certificate's own, byte for byte. It
// reports whether it could tell, by encoding/asn1, which is stricter in places.
func checkTolerance(t *testing.T, der []byte) bool {
	t.Helper()
	pristine := bytes.Clone(der)
	strict, err := x509.ParseCertificate(der)
	loose := cred.ParseTolerantly(der)
	if !bytes.Equal(der, pristine) {
		t.Fatal("the bytes were changed")
	}
	switch {
	case err == nil && !reflect.DeepEqual(strict, loose):
		t.Fatalf("%+v\n%+v", strict, loose)
	case err == nil || loose == nil:
		return true
	}
	var w wholeOf
	if rest, err := asn1.Unmarshal(der, &w); err != nil || len(rest) > 0 {
		return false
	}
	for _, part := range []struct {
		name      string
		got, want []byte
	}{
		{"Raw", loose.Raw, der}, {"what is signed", loose.RawTBSCertificate, w.TBS.Raw}, {"signature", loose.Signature, w.Signature.RightAlign()},
		{"issuer", loose.RawIssuer, w.TBS.Issuer.FullBytes}, {"subject", loose.RawSubject, w.TBS.Subject.FullBytes},
		{"key", loose.RawSubjectPublicKeyInfo, w.TBS.PublicKey.FullBytes},
	} {
		if !bytes.Equal(part.got, part.want) {
			t.Fatalf("%s: %x, want %x", part.name, part.got, part.want)
		}
	}
	if loose.SerialNumber.Cmp(w.TBS.Serial) != 0 || len(loose.Extensions) != len(w.TBS.Extensions) {
		t.Fatalf("serial number %v, %d extensions; want %v, %d", loose.SerialNumber, len(loose.Extensions), w.TBS.Serial, len(w.TBS.Extensions))
	}
	for i, e := range w.TBS.Extensions {
		if own := loose.Extensions[i]; !own.Id.Equal(e.Id) || own.Critical != e.Critical || !bytes.Equal(own.Value, e.Value) {
			t.Fatalf("extension %d: %+v, want %+v", i, own, e)
		}
	}
	return true
}

// FuzzParseTolerantly is checkTolerance of anything.
func FuzzParseTolerantly(f *testing.F) {
	ca := credtest.CA(f)
	f.Add(ca.Cert.Raw)
	f.Add(ca.Leaf(f, credtest.Ed25519, "example.com", "127.0.0.1").Chain[0])
	for _, der := range odd(f) {
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) { checkTolerance(t, der) })
}
