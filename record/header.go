package record

import (
	"encoding/binary"
	"strings"
)

// checkHeader refuses what the header alone shows to be wrong, so that nothing
// is buffered for it. It sets *plain for a record that is not protected though keys are there.
func (o *Opener) checkHeader(in []byte, length int, plain *bool) Kind {
	//= RFC 9846 §5
	//= RFC 9846 §5.1
	t := Type(in[0])
	if k := o.checkVersion(in); k != 0 {
		return k
	}
	if !t.known() {
		return KindType
	}
	if t != TypeApplicationData && o.hidesType() {
		if !o.toleratesPlain(t, length) {
			return KindPlaintext
		}
		*plain = true
	}
	switch {
	case length > o.longest(t, *plain):
		return KindOverflow
	case length == 0 && *plain && t != TypeApplicationData:
		return KindEmpty
	}
	return 0
}

// longest is the longest payload that a record of type t may have on the wire.
// Before a server of TLS 1.3 has read keys, application_data can only be early
// data that it must skip: that is protected, if under keys it will never have.
func (o *Opener) longest(t Type, plain bool) int {
	//= RFC 9846 §4.3.10
	switch {
	case !plain:
		return o.p.mode.maxCiphertext()
	case t == TypeApplicationData && o.version == TLS13:
		return MaxCiphertext13
	}
	return o.limit()
}

// toleratesPlain says whether an unprotected record may come where TLS 1.3 has
// keys: a change_cipher_spec of one byte, and where it was allowed an alert.
func (o *Opener) toleratesPlain(t Type, length int) bool {
	//= RFC 9846 §5
	switch t {
	case TypeChangeCipherSpec:
		return length == 1
	case TypeAlert:
		return o.alertPlain
	}
	return false
}

func (o *Opener) hidesType() bool { return o.p.mode != nil && o.p.mode.hidesType() }

// checkVersion looks at the version field as far as it counts: the first
// record must be TLS of some kind, and TLS 1.2 and below must keep to what was
// negotiated. TLS 1.3 has no use for the field.
func (o *Opener) checkVersion(in []byte) Kind {
	//= RFC 9846 §5.1
	//= RFC 5246 §6.2.1
	v := Version(binary.BigEndian.Uint16(in[1:]))
	switch {
	case o.version != 0 && o.version <= TLS12:
		// A peer that fails before it knows the version says so in another.
		if v != o.version && (v>>8 != TLS10>>8 || Type(in[0]) != TypeAlert || o.p.mode != nil) {
			return KindVersion
		}
	case !o.begun && o.version == 0 && (v>>8 != TLS10>>8 || isSSLv2(in)):
		return notTLS(in)
	}
	return 0
}

// notTLS names what else the first bytes of a connection are.
func notTLS(in []byte) Kind {
	for _, method := range httpMethods {
		if strings.HasPrefix(string(in[:HeaderLen]), method) {
			return KindHTTP
		}
	}
	if isSSLv2(in) {
		return KindSSLv2
	}
	return KindVersion
}

// isSSLv2 says whether the bytes are a ClientHello in the format of SSL 2.0, for
// whatever version: two bytes of length with the top bit set, the message type,
// the version. The length's second byte may look like the 3 of a record's version.
func isSSLv2(in []byte) bool {
	//= RFC 5246 §E.2
	return in[0]&0x80 != 0 && in[2] == sslv2ClientHello && (in[3] == 3 || in[3] == 0 && in[4] == 2)
}

// httpMethods are the beginnings by which OpenSSL tells HTTP, and CONNECT.
var httpMethods = [...]string{"GET ", "POST ", "HEAD ", "PUT ", "CONNE"}

// sslv2ClientHello is the message type at the third byte of an SSL 2.0 hello.
const sslv2ClientHello = 1
