package record_test

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"tacet/record"
)

func aesGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Records are sealed behind one another in one buffer, and opened out of it.
func Example() {
	key, iv := make([]byte, 16), make([]byte, 12)
	var sealer record.Sealer
	var opener record.Opener
	for _, install := range []func(record.Protection){sealer.Install, opener.Install} {
		install(record.AEAD13(aesGCM, key, iv, 1<<24))
	}
	opener.SetVersion(record.TLS13)

	var wire []byte
	wire = sealer.Seal(wire, record.TypeApplicationData, []byte("tacet"))
	wire = sealer.Seal(wire, record.TypeAlert, []byte{byte(record.LevelWarning), byte(record.AlertCloseNotify)})

	for len(wire) > 0 {
		got, err := opener.Open(wire)
		if err != nil || got.N == 0 {
			fmt.Println(err, got.Need)
			return
		}
		fmt.Printf("%v in %d bytes: %q\n", got.Type, got.N, got.Payload)
		wire = wire[got.N:]
	}
	// Output:
	// application_data in 27 bytes: "tacet"
	// alert in 24 bytes: "\x01\x00"
}

// A refused record names its alert.
func ExampleError() {
	var opener record.Opener
	_, err := opener.Open([]byte("GET / HTTP/1.1\r\n"))
	var refused *record.Error
	errors.As(err, &refused)
	fmt.Println(refused.Kind, "→", refused.Alert(), errors.Is(err, record.AlertProtocolVersion))
	// Output: HTTP request → alert protocol_version true
}
