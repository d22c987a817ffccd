package record

import "strconv"

// Version is a protocol version as it stands on the wire (RFC 9846 §4.2.1).
type Version uint16

// The versions this package protects records of.
const (
	TLS10 Version = 0x0301
	TLS11 Version = 0x0302
	TLS12 Version = 0x0303
	TLS13 Version = 0x0304
)

// versionWords are the words by which Node.js and OpenSSL call a version.
var versionWords = [...]struct {
	version Version
	word    string
}{
	{TLS10, "TLSv1"},
	{TLS11, "TLSv1.1"},
	{TLS12, "TLSv1.2"},
	{TLS13, "TLSv1.3"},
}

// String returns "TLSv1", "TLSv1.1", "TLSv1.2" or "TLSv1.3", and the
// hexadecimal number of any other version.
func (v Version) String() string {
	for _, row := range versionWords {
		if row.version == v {
			return row.word
		}
	}
	return "0x" + strconv.FormatUint(1<<16|uint64(v), 16)[1:]
}

// ParseVersion returns the version that String calls s. It is exact: no other
// spelling and no number is taken.
func ParseVersion(s string) (Version, bool) {
	for _, row := range versionWords {
		if row.word == s {
			return row.version, true
		}
	}
	return 0, false
}
