package main

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"tacet/handshake"
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
	if at < 1 || at > handshake.MaxPSKIdentity {
		return errors.New("is not IDENTITY:HEX")
	}
	p.identity = text[:at]
	if p.key, err = hex.DecodeString(text[at+1:]); err == nil && len(p.key) == 0 {
		err = errors.New("the key is empty")
	}
	return err
}

// answer offers the key, or finds it among those offered.
func (p *preShared) answer(_ context.Context, q handshake.Query) (handshake.Answer, bool) {
	switch q := q.(type) {
	case *handshake.PSKQuery:
		return q.Offer([]byte(p.identity), p.key), true
	case *handshake.PSKLookup:
		for i, identity := range q.Identities {
			if string(identity) == p.identity {
				return q.Found(i, p.key), true
			}
		}
		return q.None(), true
	}
	return handshake.Answer{}, false
}

// answerer answers what it can.
type answerer = func(context.Context, handshake.Query) (handshake.Answer, bool)

// either asks one after the other.
func either(all ...answerer) answerer {
	return func(ctx context.Context, q handshake.Query) (handshake.Answer, bool) {
		for _, answer := range all {
			if a, ok := answer(ctx, q); ok {
				return a, true
			}
		}
		return handshake.Answer{}, false
	}
}
