package keys

import "encoding/hex"

// The labels of a key log, in the NSS SSLKEYLOGFILE format (RFC 9850 §2).
const (
	LabelClientRandom    = "CLIENT_RANDOM" // the master secret, up to TLS 1.2
	LabelClientEarly     = "CLIENT_EARLY_TRAFFIC_SECRET"
	LabelEarlyExporter   = "EARLY_EXPORTER_SECRET"
	LabelClientHandshake = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	LabelServerHandshake = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	LabelClientTraffic   = "CLIENT_TRAFFIC_SECRET_0"
	LabelServerTraffic   = "SERVER_TRAFFIC_SECRET_0"
	LabelExporter        = "EXPORTER_SECRET"
)

// AppendKeyLog appends one line of a key log to dst, without its newline:
// label, clientRandom and secret, the latter two in lower-case hex.
func AppendKeyLog(dst []byte, label string, clientRandom, secret []byte) []byte {
	dst = append(dst, label...)
	dst = append(dst, ' ')
	dst = hex.AppendEncode(dst, clientRandom)
	dst = append(dst, ' ')
	return hex.AppendEncode(dst, secret)
}
