package main

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"tacet/transport"
)

// preShared is the value of --psk: IDENTITY:HEX. The last colon parts them.
type preShared struct {
	identity string
	key      []byte
}

func (p *preShared) String() string { return p.identity }

// Set takes the option's value.
func (p *preShared) Set(text string) (err error) {
	at := strings.LastIndexByte(text, ':')
	if at < 1 {
		return errors.New("is not IDENTITY:HEX")
	}
	p.identity = text[:at]
	if p.key, err = hex.DecodeString(text[at+1:]); err == nil && len(p.key) == 0 {
		err = errors.New("the key is empty")
	}
	return err
}

// offer is what a client says, whatever the server's hint.
func (p *preShared) offer(context.Context, string) (transport.PSK, error) {
	return transport.PSK{Identity: p.identity, Key: p.key}, nil
}

// find is the key of the identity, nil for all others.
func (p *preShared) find(_ context.Context, identity string) ([]byte, error) {
	if identity != p.identity {
		return nil, nil
	}
	return p.key, nil
}

// checkIdentity lets a server without certificate prove itself by the key.
func checkIdentity(host string, cert *transport.PeerCertificate) error {
	if cert.Raw == nil {
		return nil
	}
	return transport.CheckServerIdentity(host, cert)
}
