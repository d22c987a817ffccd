package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tacet/handshake"
	"tacet/record"
	"tacet/transport"
)

func (o *options) takeOrder() error {
	o.secure.HonorCipherOrder = &o.honorCipherOrder
	return nil
}

func (o *options) takeDH() (err error) {
	if o.secure.DHParam = o.dhparam; o.dhparam != "" && o.dhparam != "auto" {
		var text []byte
		text, err = os.ReadFile(o.dhparam)
		o.secure.DHParam = string(text)
	}
	return err
}

func (o *options) takeALPN() error {
	if o.alpn != "" {
		names := strings.Split(o.alpn, ",")
		o.client.ALPNProtocols, o.server.ALPNProtocols = names, names
	}
	return nil
}

// takeCerts reads --cert. A server that is given nothing to show shows the demo's
// certificate.
func (o *options) takeCerts() (err error) {
	if o.of == ofServe && len(o.certs)+len(o.keys)+len(o.pfx) == 0 && o.psk.key == nil {
		fmt.Fprintln(o.set.std.err, "tacet: no --cert: serving the demo's certificate, whose key is public")
		o.secure.Cert, o.secure.Key = [][]byte{demoPEM}, []transport.KeyObject{{PEM: demoPEM}}
		return nil
	}
	o.secure.Cert, err = readAll(o.certs)
	return err
}

// takeKeys reads --key; for what has none, the --cert with its key.
func (o *options) takeKeys() error {
	if len(o.keys) > len(o.certs) {
		return errors.New("there are more of them than of --cert")
	}
	texts, err := readAll(o.keys)
	if err != nil || len(o.certs) == 0 {
		return err
	}
	for _, text := range append(texts, o.secure.Cert[len(texts):]...) {
		o.secure.Key = append(o.secure.Key, transport.KeyObject{PEM: text})
	}
	return nil
}

func (o *options) takePFX() error {
	files, err := readAll(o.pfx)
	for _, b := range files {
		o.secure.PFX = append(o.secure.PFX, transport.PFXObject{Buf: b})
	}
	return err
}

func (o *options) takeCA() (err error) {
	if len(o.cas) > 0 {
		o.secure.CA, err = readAll(o.cas)
	}
	return err
}

func (o *options) takeCRLs() (err error) {
	o.secure.CRL, err = readAll(o.crls)
	return err
}

func readAll(names []string) (texts [][]byte, err error) {
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func (o *options) takeStaple() error {
	if o.ocsp == "" {
		return nil
	}
	staple, err := os.ReadFile(o.ocsp)
	o.server.OnOCSPRequest = func(context.Context, []byte, []byte) ([]byte, error) { return staple, nil }
	return err
}

func (o *options) takeRejection() error {
	o.client.RejectUnauthorized, o.server.RejectUnauthorized = &o.rejectUnauthorized, &o.rejectUnauthorized
	return nil
}

func (o *options) takePSK() error {
	if o.psk.key != nil {
		o.client.PSKCallback, o.server.PSKCallback = o.psk.offer, o.psk.find
		o.client.CheckServerIdentity = checkIdentity
	}
	return nil
}

// takeSession reads --session. What is not there or not readable is none.
func (o *options) takeSession() (err error) {
	if o.session == "" {
		return nil
	}
	if o.client.Session, err = os.ReadFile(o.session); errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return err
}

func (o *options) takeSessionTimeout() error {
	o.secure.SessionTimeout = time.Duration(o.sessionTimeout) * time.Second
	return nil
}

func (o *options) takeTicketKeys() (err error) {
	if o.ticketKeys != "" {
		o.secure.TicketKeys, err = hex.DecodeString(o.ticketKeys)
	}
	return err
}

func (o *options) checkFragment() error {
	if o.maxSendFragment < handshake.MinSendFragment || o.maxSendFragment > record.MaxPlaintext {
		return fmt.Errorf("is not %d to %d", handshake.MinSendFragment, record.MaxPlaintext)
	}
	return nil
}

func (o *options) takeHandshakeTimeout() error {
	if o.handshakeTimeout < 0 {
		return errors.New("is less than 0")
	}
	o.server.HandshakeTimeout = o.timeout()
	return nil
}

// timeout is how long a handshake may take: as in node, 0 is the default.
func (o *options) timeout() time.Duration {
	return time.Duration(cmp.Or(o.handshakeTimeout, defaultHandshakeTimeout)) * time.Millisecond
}

// takeKeylog opens --keylog, for as long as the command runs.
func (o *options) takeKeylog() error {
	if o.keylog == "" {
		return nil
	}
	file, err := os.OpenFile(o.keylog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	o.client.OnKeylog = func(_ *transport.Socket, line []byte) { _, _ = file.Write(line) }
	o.server.OnKeylog = func(line []byte, _ *transport.Socket) { _, _ = file.Write(line) }
	return err
}

func (o *options) takeTrace() error {
	if o.trace {
		o.client.EnableTrace, o.server.EnableTrace = o.set.std.err, o.set.std.err
	}
	return nil
}
