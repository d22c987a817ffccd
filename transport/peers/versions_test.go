package peers

import (
	"encoding/binary"
	"net"
	"sync"

	"tacet/handshake/cred/credtest"
	"tacet/record"
)

// versionCases are those of protection against somebody who wants the sides to
// speak an older version than they could.
func versionCases() []terms {
	return []terms{
		{name: "fallback", fallback: true, at: up12},
		{name: "refuse/fallback", fallback: true, at: up12, refuser: server, alert: always(record.AlertInappropriateFallback)},
		// An RSA key: a curve of the certificate must be one of the hello's up to TLS 1.2.
		{name: "refuse/downgrade", downgrade: true, at: up12, kind: credtest.RSA2048,
			refuser: client, alert: always(record.AlertIllegalParameter)},
	}
}

// span is the versions that a side of the row speaks.
func (r *row) span(o role) (least, most record.Version) {
	least, most = r.version, r.version
	t := &r.terms
	if t.downgrade {
		return least, record.TLS13
	}
	if t.fallback && t.refuser == server && o == server {
		most++
	}
	return least, most
}

// downgrader is a transport on whose way the client's hello is made to offer
// nothing newer than the row's version. (The sides speak TLS 1.3: of those who speak TLS 1.2
// at most, some neither say nor heed that they do.)
type downgrader struct {
	net.Conn
	once sync.Once
	mine bool // the hello is this side's
	to   record.Version
}

func (d *downgrader) Write(p []byte) (int, error) {
	if d.mine {
		d.once.Do(func() {
			p = append([]byte(nil), p...)
			d.downgrade(p)
		})
	}
	return d.Conn.Write(p)
}

func (d *downgrader) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if !d.mine && n > 0 {
		d.once.Do(func() { d.downgrade(p[:n]) })
	}
	return n, err
}

// downgrade puts a number that nobody knows in the place of supported_versions'
// in a flight that is a ClientHello, and a version in that of legacy_version.
func (d *downgrader) downgrade(flight []byte) {
	binary.BigEndian.PutUint16(flight[record.HeaderLen+4:], uint16(d.to))
	b := flight[record.HeaderLen+4+2+32:]
	b = b[1+int(b[0]):]                       // session_id
	b = b[2+int(binary.BigEndian.Uint16(b)):] // cipher_suites
	b = b[1+int(b[0]):]                       // compression_methods
	for b = b[2:]; len(b) >= 4; b = b[4+int(binary.BigEndian.Uint16(b[2:])):] {
		if binary.BigEndian.Uint16(b) == 43 {
			binary.BigEndian.PutUint16(b, 0xfafa)
		}
	}
}
