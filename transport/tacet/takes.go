package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tacet/handshake"
	"tacet/handshake/cred"
	"tacet/handshake/session"
	"tacet/kx"
	"tacet/record"
	"tacet/suites"
)

func (o *options) takeMinVersion(c *handshake.Config) (err error) {
	c.MinVersion, err = parseVersion(o.minVersion)
	return err
}

func (o *options) takeMaxVersion(c *handshake.Config) (err error) {
	c.MaxVersion, err = parseVersion(o.maxVersion)
	return err
}

// takeCiphers takes the level, which has a say on versions, along with the list.
func (o *options) takeCiphers(c *handshake.Config) error {
	l, err := suites.Parse(o.ciphers)
	if err != nil {
		return err
	}
	c.Suites, c.SecurityLevel = l.Suites, l.SecLevel
	switch {
	case l.SecLevel == 0:
		c.SecurityLevel = -1
	case c.MaxVersion < record.TLS12:
		return fmt.Errorf("%v needs @SECLEVEL=0", c.MaxVersion)
	default:
		c.MinVersion = max(c.MinVersion, record.TLS12)
	}
	if l.Only13 {
		c.MinVersion = max(c.MinVersion, record.TLS13)
	}
	return nil
}

func (o *options) takeOrder(c *handshake.Config) error {
	c.ClientPreference = !o.honorCipherOrder
	return nil
}

// takeGroups leaves "auto" to the engine, whose groups include hybrids.
func (o *options) takeGroups(c *handshake.Config) (err error) {
	if o.ecdhCurve != "auto" {
		c.Groups, err = kx.ParseList(o.ecdhCurve)
	}
	return err
}

func (o *options) takeDH(c *handshake.Config) error {
	switch o.dhparam {
	case "":
		return nil
	case "auto":
		c.AutoDH = true
		return nil
	}
	text, err := os.ReadFile(o.dhparam)
	if err != nil {
		return err
	}
	c.DH, err = kx.ParseDHParams(text)
	return err
}

func (o *options) takeMinDH(c *handshake.Config) error {
	if o.minDHSize <= 0 {
		return errors.New("is not above 0")
	}
	c.MinDHBits = o.minDHSize
	return nil
}

func (o *options) takeSchemes(c *handshake.Config) (err error) {
	if o.sigalgs != "" {
		c.Schemes, err = cred.ParseSchemes(o.sigalgs)
	}
	return err
}

func (o *options) takeALPN(c *handshake.Config) error {
	if o.alpn != "" {
		c.ALPN = strings.Split(o.alpn, ",")
	}
	return nil
}

func (o *options) takeRequestOCSP(c *handshake.Config) error {
	c.RequestOCSP = o.requestOCSP
	return nil
}

// takeVerification takes what --request-cert and --reject-unauthorized say
// together. Ciphers without authentication are for a client that rejects nobody.
func (o *options) takeVerification(c *handshake.Config) error {
	if !o.rejectUnauthorized {
		c.Verify = handshake.VerifyRecord
	}
	switch {
	case o.side == client && o.rejectUnauthorized:
		c.Suites = slices.DeleteFunc(c.Suites, func(s *suites.Suite) bool { return s.Auth == suites.AuthNone })
	case o.requestCert && o.rejectUnauthorized:
		c.ClientAuth = handshake.RequireClientCert
	case o.requestCert:
		c.ClientAuth = handshake.RequestClientCert
	}
	return nil
}

func (o *options) takeServername(c *handshake.Config) error {
	c.AskVerify = o.nameless()
	return nil
}

func (o *options) takePSK(c *handshake.Config) error {
	c.AskPSK = o.psk.key != nil
	return nil
}

func (o *options) takePSKHint(c *handshake.Config) error {
	c.PSKHint = o.pskIdentityHint
	return nil
}

func (o *options) takeSession(c *handshake.Config) error {
	c.AskSession = o.session != ""
	return nil
}

func (o *options) takeSessionContext(c *handshake.Config) error {
	if o.sessionIDContext != "" {
		c.SessionContext = []byte(o.sessionIDContext)
	}
	return nil
}

func (o *options) takeSessionTimeout(c *handshake.Config) error {
	c.SessionLifetime = time.Duration(o.sessionTimeout) * time.Second
	return nil
}

func (o *options) takeTicketKeys(c *handshake.Config) error {
	key, err := hex.DecodeString(o.ticketKeys)
	if err != nil {
		return err
	}
	c.TicketKeys = make([]session.TicketKey, 1)
	switch own := c.TicketKeys[0][:]; len(key) {
	case 0:
		_, err = rand.Read(own)
	case len(own):
		copy(own, key)
	default:
		err = fmt.Errorf("must be exactly %d bytes", len(own))
	}
	return err
}

func (o *options) takeFragment(c *handshake.Config) error {
	c.MaxSendFragment = o.maxSendFragment
	return nil
}

func (o *options) takeKeyLog(c *handshake.Config) error {
	c.KeyLog = o.keylog != ""
	return nil
}

func (o *options) takeTrace(c *handshake.Config) error {
	c.Trace = o.trace
	return nil
}
