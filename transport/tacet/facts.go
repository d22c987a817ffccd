package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/transport"
)

// facts is what is known of a connection, in node's words. What node gives as
// bytes is hex here.
type facts struct {
	Protocol           *string      `json:"protocol"` // null until it is known
	Cipher             *cipherFacts `json:"cipher"`
	ALPNProtocol       nameOrFalse  `json:"alpnProtocol"`
	ServerName         nameOrFalse  `json:"servername"`
	Authorized         bool         `json:"authorized"`
	AuthorizationError *string      `json:"authorizationError"`
	Reused             bool         `json:"reused"`
	EphemeralKeyInfo   *keyFacts    `json:"ephemeralKeyInfo"` // null on a server
	PeerCertificate    any          `json:"peerCertificate"`  // less what is bytes; {} if there is none
	OCSPResponse       *string      `json:"ocspResponse"`     // what was stapled, null if nothing was
	SharedSigalgs      []string     `json:"sharedSigalgs"`
	Finished           *string      `json:"finished"`
	PeerFinished       *string      `json:"peerFinished"`
	Exporter           *string      `json:"exporter"` // 32 bytes for the label EXPERIMENTAL
	Error              *errorFacts  `json:"error"`
}

type cipherFacts struct {
	Name         string `json:"name"`
	StandardName string `json:"standardName"`
	Version      string `json:"version"`
}

// keyFacts is empty for key exchanges that node tells nothing of.
type keyFacts struct {
	Type string `json:"type,omitempty"`
	Name string `json:"name,omitempty"`
	Size int    `json:"size,omitempty"`
}

type errorFacts struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Alert   *string `json:"alert"` // sent or received
}

// nameOrFalse is false in JSON if it is empty.
type nameOrFalse string

// MarshalJSON writes the name.
func (n nameOrFalse) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("false"), nil
	}
	return json.Marshal(string(n))
}

// factsOf tells what s knows and err says. Either may be nil.
func factsOf(s *handshake.ConnectionState, err error) *facts {
	f := &facts{PeerCertificate: struct{}{}, SharedSigalgs: []string{}, Error: errorOf(err)}
	if s == nil {
		return f
	}
	if s.Version != 0 {
		f.Protocol = text(s.Version.String())
	}
	if s.Suite != nil {
		f.Cipher = &cipherFacts{s.Suite.OpenSSL, s.Suite.Name, s.Suite.Since}
	}
	f.ALPNProtocol = nameOrFalse(s.ALPN)
	if net.ParseIP(s.ServerName) == nil {
		f.ServerName = nameOrFalse(s.ServerName)
	}
	f.Authorized, f.AuthorizationError = authorization(s, err)
	f.Reused = s.Resumed
	f.EphemeralKeyInfo = keyOf(s)
	if len(s.PeerCertificates) > 0 {
		f.PeerCertificate = certificateOf(s.PeerCertificates[0].Raw)
	}
	f.OCSPResponse = hexed(s.OCSPResponse)
	for _, scheme := range s.SharedSchemes {
		f.SharedSigalgs = append(f.SharedSigalgs, scheme.OpenSSL())
	}
	f.Finished, f.PeerFinished = hexed(s.Finished), hexed(s.PeerFinished)
	if secret, err := s.Export(exporterLabel, nil, exporterLength); err == nil {
		f.Exporter = hexed(secret)
	}
	return f
}

// certificateOf is node's object for a certificate in DER, less what is bytes.
func certificateOf(der []byte) any {
	p, err := transport.NewPeerCertificate(der)
	if err != nil { // the engine has read it already
		return struct{}{}
	}
	p.Raw, p.PubKey = nil, nil
	return p
}

// authorization is whether the peer is who it has to be, and node's code for
// why not. A server that did not ask has an unauthorized client, and no error.
func authorization(s *handshake.ConnectionState, err error) (bool, *string) {
	if s.VerifyError != nil {
		err = s.VerifyError
	}
	var fault *cred.Error
	switch {
	case errors.As(err, &fault):
		return false, text(fault.Code)
	case s.Verified && len(s.PeerCertificates) > 0:
		return true, nil
	case !s.Client && s.CertificateRequested && len(s.PeerCertificates) == 0:
		return false, text(noCertificate)
	}
	return false, nil
}

// noCertificate is what node says of a client that has none.
const noCertificate = "UNABLE_TO_GET_ISSUER_CERT"

func keyOf(s *handshake.ConnectionState) *keyFacts {
	switch {
	case !s.Client:
		return nil
	case s.Group == nil || s.Group.Type() == "":
		return &keyFacts{}
	}
	return &keyFacts{s.Group.Type(), s.Group.OpenSSL(), s.Group.Bits()}
}

func text(s string) *string { return &s }

// hexed is b in hex, null if there is nothing.
func hexed(b []byte) *string {
	if len(b) == 0 {
		return nil
	}
	return text(hex.EncodeToString(b))
}

// writeFacts writes one line, by one Write.
func writeFacts(w io.Writer, f *facts) error {
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// textOfFacts is the facts as a page to read: one line each.
func textOfFacts(f *facts) ([]byte, error) {
	return json.MarshalIndent(f, "", "  ")
}
