package vectors

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// sharedKey is the external pre-shared key of a script, nil if it has none.
func sharedKey(t *testing.T, name string) []byte {
	s, err := openScript(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, key, ok := strings.Cut(s.Server["psk"], ":"); ok {
		return []byte(key)
	}
	return nil
}

// takesKeyAlone reports whether a ServerHello takes a pre-shared key and has no share.
func takesKeyAlone(m []byte) bool {
	at := 39 + int(m[38])
	found := map[uint16]bool{}
	for ext := m[min(at+5, len(m)):]; len(ext) >= 4; ext = ext[4+int(binary.BigEndian.Uint16(ext[2:])):] {
		found[binary.BigEndian.Uint16(ext)] = true
	}
	return found[41] && !found[51]
}

// checkAlone derives the handshake's secrets from the pre-shared key and nothing else,
// and the binder that the ClientHello ends with. Where there is no key exchange, zeros
// take the place of its secret (RFC 9846 §7.1).
func (r *reader) checkAlone(m []byte) error {
	r.version, r.suite = 0x303, cipherSuites[0x1301] // as hello will say
	zeros, none := make([]byte, sha256.Size), sha256.Sum256(nil)
	extract := func(salt, secret []byte) []byte {
		b, err := hkdf.Extract(sha256.New, secret, salt)
		if err != nil {
			panic(err)
		}
		return b
	}
	early := extract(zeros, r.psk)
	binder := r.expand(r.expand(early, "ext binder", none[:], 32), "finished", nil, 32)
	hello := r.transcript // all of it is the one ClientHello
	mac := hmac.New(sha256.New, binder)
	mac.Write(r.hash(hello[:len(hello)-2-1-32]))
	if want := mac.Sum(nil); !hmac.Equal(want, hello[len(hello)-32:]) {
		return fmt.Errorf("binder %x, not %x", hello[len(hello)-32:], want)
	}
	secret := extract(r.expand(early, "derived", none[:], 32), zeros)
	th := r.hash(append(bytes.Clone(hello), m...))
	for label, logged := range map[string]string{"c hs traffic": "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "s hs traffic": "SERVER_HANDSHAKE_TRAFFIC_SECRET"} {
		if want := r.expand(secret, label, th, 32); !bytes.Equal(want, r.secrets[logged]) {
			return fmt.Errorf("%s %x, not %x", logged, r.secrets[logged], want)
		}
	}
	r.alone = true
	return nil
}
