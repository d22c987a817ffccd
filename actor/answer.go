package actor

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"io"

	"tacet/handshake"
	"tacet/handshake/cred"
)

var (
	errNoKey      = errors.New("actor: the credential's key is held elsewhere, and no Answer uses it")
	errNoVerifier = errors.New("actor: nobody answers for the peer's certificate")
)

// answer finds the answer to q: the application's, else the default.
func (c *Conn) answer(ctx context.Context, q handshake.Query) handshake.Answer {
	if c.cfg.Answer != nil {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer c.onClose(cancel)()
		if a, ok := c.cfg.Answer(ctx, q); ok {
			return a
		}
	}
	switch q := q.(type) {
	case *handshake.SessionQuery:
		return c.offer(q)
	case *handshake.SessionLookup:
		if c.cfg.ServerSessions != nil {
			return c.lookUp(q)
		}
	case *handshake.SessionStore:
		if c.cfg.ServerSessions != nil {
			return c.keepSession(q)
		}
	case *handshake.SignQuery:
		return sign(q, func(key crypto.Signer) crypto.Signer { return randomized{key} })
	case *handshake.DecryptQuery:
		return decrypt(q, func(key crypto.Decrypter) crypto.Decrypter { return drawing{key} })
	}
	return defaultAnswer(q)
}

// randomized is a key that is given the randomness of real connections. The engine
// signs with those of the standard library by itself; of others nobody knows what
// they draw.
type randomized struct{ crypto.Signer }

func (k randomized) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.Signer.Sign(rand.Reader, digest, opts)
}

// drawing is randomized for keys that decrypt.
type drawing struct{ crypto.Decrypter }

func (k drawing) Decrypt(_ io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	return k.Decrypter.Decrypt(rand.Reader, msg, opts)
}

// defaultAnswer is the safe answer to q, the same each time for keys that draw nothing.
func defaultAnswer(q handshake.Query) handshake.Answer {
	switch q := q.(type) {
	case *handshake.HelloQuery:
		return q.Choose(handshake.HelloChoice{})
	case *handshake.SessionQuery:
		return q.Offer(nil)
	case *handshake.SessionLookup:
		return q.Found(nil)
	case *handshake.SessionStore:
		return q.Stored()
	case *handshake.PSKQuery:
		return q.None()
	case *handshake.PSKLookup:
		return q.None()
	case *handshake.CredentialQuery:
		return q.Use(nil)
	case *handshake.StapleQuery:
		return q.Staple(q.Credential.Staple)
	case *handshake.SignQuery:
		return sign(q, func(key crypto.Signer) crypto.Signer { return key })
	case *handshake.DecryptQuery:
		return decrypt(q, func(key crypto.Decrypter) crypto.Decrypter { return key })
	case *handshake.VerifyQuery:
		return q.Refuse(errNoVerifier)
	}
	return handshake.Answer{} // refused by the engine as misuse
}

func (c *Conn) offer(q *handshake.SessionQuery) handshake.Answer {
	if c.cfg.Sessions == nil {
		return q.Offer(nil)
	}
	return q.Offer(c.cfg.Sessions.Get(q.ServerName))
}

// decrypt leaves it to the key to take the same time for every ciphertext.
func decrypt(q *handshake.DecryptQuery, prepare func(crypto.Decrypter) crypto.Decrypter) handshake.Answer {
	key, ok := q.Credential.Key.(crypto.Decrypter)
	if !ok {
		return q.Refuse(errNoKey)
	}
	return q.Decrypted(cred.DecryptPremaster(prepare(key), q.Version, q.Ciphertext, &q.Random))
}

func sign(q *handshake.SignQuery, prepare func(crypto.Signer) crypto.Signer) handshake.Answer {
	if q.Credential.Key == nil {
		return q.Refuse(errNoKey)
	}
	sig, err := cred.Sign(prepare(q.Credential.Key), q.Scheme, q.Content, q.Salt)
	if err != nil {
		return q.Refuse(&handshake.Error{Kind: handshake.KindSigner, Err: err})
	}
	return q.Signed(sig)
}
