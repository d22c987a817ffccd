package transport

import (
	"bytes"
	"crypto/x509"
	"net/netip"
	"strings"

	"tacet/handshake"
	"tacet/handshake/cred"
)

// Cipher is what node's getCipher tells.
type Cipher struct {
	Name         string `json:"name"`         // OpenSSL's
	StandardName string `json:"standardName"` // IANA's
	// Version is the protocol that brought the cipher in, not the one that is spoken.
	Version string `json:"version"`
}

// EphemeralKeyInfo is what node's getEphemeralKeyInfo tells of a key exchange.
type EphemeralKeyInfo struct {
	Type string `json:"type,omitempty"` // "DH" or "ECDH"; "" for key exchange of other kinds
	Name string `json:"name,omitempty"` // of the curve
	Size int    `json:"size,omitempty"` // in bits
}

// known is what accessors tell of: nil before the handshake is complete and after Close.
func (s *Socket) known() *secured {
	if s.closed.Load() {
		return nil
	}
	return s.info.Load()
}

// state is that of the connection, or an empty one.
func (s *Socket) state() *handshake.ConnectionState {
	if in := s.known(); in != nil {
		return in.state // of the last handshake, though the application may not be told yet
	}
	return &handshake.ConnectionState{}
}

// Authorized reports whether the peer showed a certificate that is good; for a client, whose
// name is right too. A server that does not ask for one tells false. It stays after Close.
func (s *Socket) Authorized() bool {
	in := s.info.Load()
	return in != nil && in.authorized && s.refused() == nil
}

// AuthorizationError is why the peer is not authorized, nil if it is or nobody asked.
// Its code (CodeOf) is node's authorizationError: that of a client without certificate
// is UNABLE_TO_GET_ISSUER_CERT.
func (s *Socket) AuthorizationError() error {
	if why := s.refused(); why != nil {
		return why
	}
	if in := s.info.Load(); in != nil {
		return in.why
	}
	return nil
}

// Encrypted is true.
func (s *Socket) Encrypted() bool { return true }

// SecureConnecting reports whether the handshake is not complete yet.
func (s *Socket) SecureConnecting() bool { return s.info.Load() == nil }

// ALPNProtocol is the application protocol that was agreed upon, "" if none was. It stays after Close.
func (s *Socket) ALPNProtocol() string {
	if in := s.info.Load(); in != nil {
		return in.state.ALPN
	}
	return ""
}

// Servername is the name that the client asked for, "" if it asked for none, as of an IP address,
// and before the handshake. It stays after Close.
func (s *Socket) Servername() string {
	in := s.info.Load()
	if in == nil {
		return ""
	}
	name := in.state.ServerName
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); in.state.Client && (err == nil || len(name) > 255) {
		return "" // it is the one to check
	}
	return name
}

// Cipher tells of the cipher suite; nil before the handshake and after Close.
func (s *Socket) Cipher() *Cipher {
	suite := s.state().Suite
	if suite == nil {
		return nil
	}
	return &Cipher{suite.OpenSSL, suite.Name, suite.Since}
}

// EphemeralKeyInfo tells a client of the key exchange; a server it tells nothing: nil,
// as after Close. It is empty before the handshake, for key exchange that is not
// ephemeral, and for hybrids with ML-KEM, which node 20 does not have.
func (s *Socket) EphemeralKeyInfo() *EphemeralKeyInfo {
	if _, client := s.side.(*clientSide); !client || s.closed.Load() {
		return nil
	}
	g := s.state().Group
	if g == nil || g.Type() == "" {
		return &EphemeralKeyInfo{}
	}
	info := &EphemeralKeyInfo{Type: g.Type(), Size: g.Bits()}
	if info.Type == "ECDH" {
		info.Name = g.OpenSSL()
	}
	return info
}

// Protocol is the version that was agreed upon, such as "TLSv1.3"; before the
// handshake the highest that may be, "" after Close.
func (s *Socket) Protocol() SecureVersion {
	switch v := s.state().Version; {
	case s.closed.Load():
		return ""
	case v == 0:
		return SecureVersion(s.side.highest().String())
	default:
		return SecureVersion(v.String())
	}
}

// Finished is the verify_data of the last Finished that was sent, 12 bytes up to TLS 1.2
// and a digest in TLS 1.3; nil before the handshake and after Close. The slice is the caller's.
func (s *Socket) Finished() []byte { return bytes.Clone(s.state().Finished) }

// PeerFinished is that of the last Finished that came, like Finished.
func (s *Socket) PeerFinished() []byte { return bytes.Clone(s.state().PeerFinished) }

// PeerCertificate tells of the peer's certificate; detailed, of its issuers too, as far
// as the peer sent them or CA has them. It is nil if there is none, before the
// handshake and after Close.
func (s *Socket) PeerCertificate(detailed bool) *PeerCertificate {
	chain := s.state().PeerCertificates
	if len(chain) == 0 {
		return nil
	}
	cert, err := certificateOf(chain, s.side.trusted(), detailed)
	if err != nil {
		return nil
	}
	return cert
}

// PeerX509Certificate is the peer's certificate as package x509 has it, nil where
// PeerCertificate is. It is shared: do not change it.
func (s *Socket) PeerX509Certificate() *x509.Certificate {
	if chain := s.state().PeerCertificates; len(chain) > 0 {
		return chain[0]
	}
	return nil
}

// Certificate tells of the certificate that this side showed, or would have if it was
// not asked; before the handshake, of the first there is. It is nil if there is none, and
// after Close.
func (s *Socket) Certificate() *PeerCertificate {
	leaf := s.X509Certificate()
	if leaf == nil {
		return nil
	}
	cert, err := NewPeerCertificate(leaf.Raw)
	if err != nil {
		return nil
	}
	return cert
}

// X509Certificate is Certificate as package x509 has it, nil where that is. It is shared:
// do not change it.
func (s *Socket) X509Certificate() *x509.Certificate {
	switch own := s.state().Credential; {
	case s.closed.Load():
		return nil
	case own != nil:
		return own.Leaf
	}
	if list := s.side.credentials(); len(list) > 0 {
		return list[0].Leaf
	}
	return nil
}

// IsSessionReused reports whether the handshake resumed a session; false before it and
// after Close.
func (s *Socket) IsSessionReused() bool { return s.state().Resumed }

// trustedBy are the certificates that a verifier has at hand.
func trustedBy(v *cred.Verifier) []*x509.Certificate {
	if v == nil {
		return nil
	}
	return v.AtHand()
}
