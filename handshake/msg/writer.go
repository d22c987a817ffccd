package msg

import (
	"encoding/binary"
	"fmt"
)

// begin writes the header of a message; end puts its length in.
func begin(dst []byte, t Type) ([]byte, int) {
	return append(dst, uint8(t), 0, 0, 0), len(dst) + 1
}

func end(dst []byte, at int) []byte { return closeVector(dst, at, 3) }

// openVector leaves room for a length of prefix bytes and says where.
func openVector(dst []byte, prefix int) ([]byte, int) {
	return append(dst, make([]byte, prefix)...), len(dst)
}

// closeVector writes the length of all that stands behind at. A length that
// does not fit is a bug of whoever built the message.
func closeVector(dst []byte, at, prefix int) []byte {
	n := len(dst) - at - prefix
	if n >= 1<<(8*prefix) {
		panic(fmt.Sprintf("msg: vector of %d bytes behind a length of %d", n, prefix))
	}
	for i := prefix - 1; i >= 0; i-- {
		dst[at+i] = byte(n)
		n >>= 8
	}
	return dst
}

func appendVector[B ~[]byte](dst []byte, prefix int, v B) []byte {
	dst, at := openVector(dst, prefix)
	return closeVector(append(dst, v...), at, prefix)
}

func appendUint16(dst []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(dst, v) }

func appendUint32(dst []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(dst, v) }
