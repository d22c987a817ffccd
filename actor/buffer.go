package actor

import (
	"sync"

	"tacet/record"
)

// The sizes of pooled buffers, in bytes. A small one holds any one record, a
// large one what a busy connection reads or writes at once: batch bytes of
// plaintext, sealed.
const (
	smallBuffer = 20 << 10 // ≥ record.HeaderLen + record.MaxCiphertext12
	batch       = 8 * record.MaxPlaintext
	largeBuffer = batch + batch/8
)

type (
	smallArray [smallBuffer]byte
	largeArray [largeBuffer]byte
)

// Buffers are pooled as pointers to arrays, which cost no allocation to put back.
var (
	smallPool = sync.Pool{New: func() any { return new(smallArray) }}
	largePool = sync.Pool{New: func() any { return new(largeArray) }}
)

// getBuffer lends a buffer with room for at least n bytes, whose content is not defined.
func getBuffer(n int) []byte {
	switch {
	case n <= smallBuffer:
		return smallPool.Get().(*smallArray)[:]
	case n <= largeBuffer:
		return largePool.Get().(*largeArray)[:]
	}
	return make([]byte, n)
}

// putBuffer takes back what getBuffer lent, at its full length. Nobody may use
// it any more, and it must hold no plaintext.
func putBuffer(b []byte) {
	switch len(b) {
	case smallBuffer:
		smallPool.Put((*smallArray)(b))
	case largeBuffer:
		largePool.Put((*largeArray)(b))
	}
}
