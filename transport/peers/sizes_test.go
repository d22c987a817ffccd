package peers

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"

	"tacet/record"
)

// sizes is what a case says of the sizes of records.
type sizes struct {
	fragment int // max_fragment_length that the client asks for, in bytes
	ours     int // record_size_limit of this side
	theirs   int // and of the peer
	sent     int // this side's SetMaxSendFragment
}

// sizeCases are those of limits on the plaintext of records.
func sizeCases() []terms {
	return []terms{
		{name: "max_fragment_length/512", sizes: sizes{fragment: 512}, bulk: true, at: versions},
		{name: "max_fragment_length/4096", sizes: sizes{fragment: 4096}, bulk: true, at: versions},
		{name: "max_fragment_length/resume", sizes: sizes{fragment: 1024}, resume: true},
		{name: "record_size_limit/ours", sizes: sizes{ours: 1000}, bulk: true, at: versions},
		{name: "record_size_limit/theirs", sizes: sizes{ours: 16385, theirs: 1024}, bulk: true, at: versions},
		{name: "max send fragment", sizes: sizes{sent: 700}, bulk: true, at: versions},
	}
}

// limits are the most plaintext that this side's and the peer's records may have.
func (r *row) limits() (ours, theirs int) {
	s := r.terms.sizes
	ours, theirs = record.MaxPlaintext, record.MaxPlaintext
	if s.fragment != 0 {
		ours, theirs = s.fragment, s.fragment
	}
	hidden := 0 // in TLS 1.3 the byte of the type counts
	if r.version >= record.TLS13 {
		hidden = 1
	}
	if s.ours != 0 {
		theirs = min(theirs, s.ours-hidden)
	}
	if s.theirs != 0 {
		ours = min(ours, s.theirs-hidden)
	}
	if s.sent != 0 {
		ours = s.sent
	}
	return ours, theirs
}

// overhead is the most that protection adds to a record: IV, MAC and padding of CBC.
const overhead = 16 + 48 + 16

// writes is the least that programs write at once when they have much to say: an
// echo of lines.
const writes = lineLength

// checkSizes holds the records of both sides to what was agreed.
func (r *row) checkSizes(e *end) {
	r.Helper()
	if r.terms.sizes == (sizes{}) || !r.terms.bulk {
		return
	}
	ours, theirs := r.limits()
	for _, dir := range []struct {
		name  string
		limit int
		m     *meter
	}{{"this side", ours, &e.tap.out}, {"the peer", theirs, &e.tap.in}} {
		if got := dir.m.largest(); got > dir.limit+overhead || got < min(dir.limit, writes)/2 {
			r.Errorf("the longest record of %s is of %d bytes; it may send %d of plaintext", dir.name, got, dir.limit)
		}
	}
}

// tap measures the records of a connection.
type tap struct {
	net.Conn
	in, out meter
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.in.take(p[:n])
	return n, err
}

func (t *tap) Write(p []byte) (int, error) {
	t.out.take(p)
	return t.Conn.Write(p)
}

// meter keeps the length of the longest record of application data.
type meter struct {
	mu     sync.Mutex
	header []byte
	left   int // of the record that began
	most   int
}

func (m *meter) take(p []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(p) > 0 {
		if n := min(m.left, len(p)); n > 0 {
			p, m.left = p[n:], m.left-n
			continue
		}
		n := min(record.HeaderLen-len(m.header), len(p))
		m.header, p = append(m.header, p[:n]...), p[n:]
		if len(m.header) < record.HeaderLen {
			return
		}
		m.left = int(binary.BigEndian.Uint16(m.header[3:]))
		if record.Type(m.header[0]) == record.TypeApplicationData {
			m.most = max(m.most, m.left)
		}
		m.header = m.header[:0]
	}
}

func (m *meter) largest() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.most
}

// fragmentCode is the code of max_fragment_length.
func fragmentCode(bytes int) uint8 {
	for code := uint8(1); code <= 4; code++ {
		if bytes == 1<<(8+code) {
			return code
		}
	}
	panic(fmt.Sprintf("no code for %d bytes", bytes))
}
