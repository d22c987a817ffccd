package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"

	"tacet/handshake/cred"
	"tacet/transport"
)

// facts is what is known of a connection, in node's words. What node gives as
// bytes is hex here.
type facts struct {
	Protocol           *string                     `json:"protocol"` // null until it is known
	Cipher             *transport.Cipher           `json:"cipher"`
	ALPNProtocol       *nameOrFalse                `json:"alpnProtocol"` // these two as well
	ServerName         *nameOrFalse                `json:"servername"`
	Authorized         bool                        `json:"authorized"`
	AuthorizationError *string                     `json:"authorizationError"`
	Reused             bool                        `json:"reused"`
	EphemeralKeyInfo   *transport.EphemeralKeyInfo `json:"ephemeralKeyInfo"` // null on a server
	PeerCertificate    any                         `json:"peerCertificate"`  // less what is bytes; {} if there is none
	OCSPResponse       *string                     `json:"ocspResponse"`     // what was stapled, null if nothing was
	SharedSigalgs      []string                    `json:"sharedSigalgs"`
	Finished           *string                     `json:"finished"`
	PeerFinished       *string                     `json:"peerFinished"`
	Exporter           *string                     `json:"exporter"` // 32 bytes for the label EXPERIMENTAL
	Error              *errorFacts                 `json:"error"`
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

// factsOf tells of a connection that is secure, or, if s is nil, why there is none.
func factsOf(s *transport.Socket, staple []byte, err error) *facts {
	f := &facts{PeerCertificate: struct{}{}, SharedSigalgs: []string{}, Error: errorOf(err)}
	if s == nil {
		f.AuthorizationError = authorizationError(err)
		return f
	}
	f.Protocol, f.Cipher = text(string(s.Protocol())), s.Cipher()
	alpn, name := nameOrFalse(s.ALPNProtocol()), nameOrFalse(s.Servername())
	if net.ParseIP(string(name)) != nil {
		name = ""
	}
	f.ALPNProtocol, f.ServerName = &alpn, &name
	f.Authorized = s.Authorized()
	if why := s.AuthorizationError(); why != nil {
		f.AuthorizationError = text(string(transport.CodeOf(why)))
	}
	f.Reused, f.EphemeralKeyInfo, f.SharedSigalgs = s.IsSessionReused(), s.EphemeralKeyInfo(), s.SharedSigalgs()
	if p := s.PeerCertificate(false); p != nil {
		p.Raw, p.PubKey = nil, nil
		f.PeerCertificate = p
	}
	f.OCSPResponse = hexed(staple)
	f.Finished, f.PeerFinished = hexed(s.Finished()), hexed(s.PeerFinished())
	if secret, err := s.ExportKeyingMaterial(exporterLength, exporterLabel, nil); err == nil {
		f.Exporter = hexed(secret)
	}
	return f
}

// authorizationError is the code of an error that is about the peer's certificate.
func authorizationError(err error) *string {
	if errors.As(err, new(*cred.Error)) || errors.As(err, new(*transport.AltNameError)) {
		return text(string(transport.CodeOf(err)))
	}
	return nil
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
func writeFacts(w io.Writer, f *facts) error { return encoder(w).Encode(f) }

// encoder writes JSON as node does, for people and not for HTML.
func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// textOfFacts is the facts as a page to read: one line each.
func textOfFacts(f *facts) ([]byte, error) {
	var b bytes.Buffer
	e := encoder(&b)
	e.SetIndent("", "  ")
	err := e.Encode(f)
	return b.Bytes(), err
}
