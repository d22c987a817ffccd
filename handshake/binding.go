package handshake

import (
	"crypto"
	"crypto/x509"

	"tacet/record"
)

// The channel bindings that there are.
const (
	BindingUnique         = "tls-unique"           // RFC 5929 §3, up to TLS 1.2
	BindingServerEndPoint = "tls-server-end-point" // RFC 5929 §4
	BindingExporter       = "tls-exporter"         // RFC 9266
)

// exporterBinding is the label of BindingExporter.
const exporterBinding = "EXPORTER-Channel-Binding"

// ChannelBinding names the connection to an authentication on top of it, such as
// SCRAM: bytes that both sides have, and nobody in between. They tell no secret. It is
// misuse to ask for one before the handshake is complete, for BindingUnique in TLS
// 1.3, and for what binds nothing: BindingExporter up to TLS 1.2 and BindingUnique of
// a resumed session without the extended master secret (RFC 7627 §5.4), and
// BindingServerEndPoint of a server without certificate (as a resuming server
// is here) or with one whose signature has no hash of its own.
func (c *ConnectionState) ChannelBinding(kind string) ([]byte, error) {
	old := c.Version < record.TLS13
	switch {
	case !c.complete:
		return nil, misuse(KindNotSecure, "ChannelBinding")
	case kind == BindingUnique && old && (c.ExtendedMasterSecret || !c.Resumed):
		return c.unique(), nil
	case kind == BindingExporter && (c.ExtendedMasterSecret || !old):
		//= RFC 9266 §2
		return c.Export(exporterBinding, []byte{}, 32)
	case kind == BindingServerEndPoint:
		if sum := endPoint(c.serverLeaf()); sum != nil {
			return sum, nil
		}
	}
	return nil, misuse(KindUnsupported, "ChannelBinding: "+kind)
}

// unique is a copy of the handshake's first Finished: the client's, or when a session
// is resumed the server's.
func (c *ConnectionState) unique() []byte {
	//= RFC 5929 §3
	if c.Client == c.Resumed {
		return append([]byte(nil), c.PeerFinished...)
	}
	return append([]byte(nil), c.Finished...)
}

func (c *ConnectionState) serverLeaf() *x509.Certificate {
	switch {
	case c.Client && len(c.PeerCertificates) > 0:
		return c.PeerCertificates[0]
	case !c.Client && c.Credential != nil:
		return c.Credential.Leaf
	}
	return nil
}

// endPoint is the digest of a certificate by the hash that signed it, or by SHA-256
// in place of a weaker one; nil if there is none.
func endPoint(leaf *x509.Certificate) []byte {
	//= RFC 5929 §4.1
	if leaf == nil {
		return nil
	}
	hash, ok := signedBy[leaf.SignatureAlgorithm]
	if !ok {
		return nil
	}
	h := hash.New()
	h.Write(leaf.Raw)
	return h.Sum(nil)
}

var signedBy = map[x509.SignatureAlgorithm]crypto.Hash{
	x509.MD5WithRSA:       crypto.SHA256,
	x509.SHA1WithRSA:      crypto.SHA256,
	x509.ECDSAWithSHA1:    crypto.SHA256,
	x509.SHA256WithRSA:    crypto.SHA256,
	x509.SHA256WithRSAPSS: crypto.SHA256,
	x509.ECDSAWithSHA256:  crypto.SHA256,
	x509.SHA384WithRSA:    crypto.SHA384,
	x509.SHA384WithRSAPSS: crypto.SHA384,
	x509.ECDSAWithSHA384:  crypto.SHA384,
	x509.SHA512WithRSA:    crypto.SHA512,
	x509.SHA512WithRSAPSS: crypto.SHA512,
	x509.ECDSAWithSHA512:  crypto.SHA512,
}
