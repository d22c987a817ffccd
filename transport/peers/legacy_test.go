package peers

import (
	"errors"
	"fmt"

	"tacet/handshake"
	"tacet/record"
)

// legacyCases are those of a peer that does not know RFC 5746: its handshake may be another
// one's renegotiation, so a client takes such a server only if it is told to. This
// side would renegotiate, but with such a peer it neither does nor lets it.
func legacyCases() (list []terms) {
	list = []terms{
		{name: "refuse/legacy server", legacy: true, at: up12,
			refuser: client, why: handshake.KindLegacyServer, alert: always(record.AlertHandshakeFailure)},
		{name: "legacy", legacy: true, at: up12},
		{name: "legacy/resume", legacy: true, at: up12, resume: true},
		{name: "legacy/resume, by id", legacy: true, at: up12, resume: true, byID: true},
	}
	for _, asks := range []role{client, server} {
		list = append(list, terms{name: fmt.Sprintf("legacy/%s asks", asks), legacy: true, at: up12, renewal: renewal{asks: asks, refused: true}})
	}
	return list
}

// forgetful is a peer that can be told not to know RFC 5746.
type forgetful interface{ forgets() }

// outlives reports whether the row's connection goes on when a renegotiation is refused:
// when this side is not even to ask for it.
func (r *row) outlives() bool { return r.terms.legacy && r.terms.renewal.asks != r.role }

// unasked is a wish of this side to renegotiate that it must not even tell of.
func (r *row) unasked(e *end, t talk) []step {
	return []step{
		{"not asking", func() error {
			err := e.Renegotiate(r.ctx, r.again())
			if !errors.Is(err, handshake.KindUnsupported) || handshake.KindUnsupported.Class() != handshake.Misuse {
				return fmt.Errorf("renegotiation ends with %w", err)
			}
			return nil
		}},
		{"answering", func() error { _, err := e.Write([]byte(answer)); return err }},
		{"being answered", func() error { return t.hear(r.ctx, said) }},
		{"listening", func() error { return e.readThrough(t.greet()) }},
	}
}

// patient is a peer that, told that there is no renegotiation, does not end, or not with
// an alert.
type patient interface{ bears() }

func (r *row) isPatient() bool {
	_, ok := r.peer.(patient)
	return ok && r.terms.renewal.refused
}

// declining is a peer's wish to renegotiate, of which it is told that nothing comes.
func (r *row) declining(e *end, t talk) []step {
	return []step{
		{"declining", func() error {
			e.peek()
			t.(renewer).renegotiate(r, e)
			return awaitFirst(r.ctx, e.refusals, e)
		}},
		{"the peer is told", func() error {
			_, err := t.await(r.ctx, r.peer.told(record.AlertNoRenegotiation))
			return err
		}},
		{"hanging up", func() error { _ = e.Close(); return nil }}, // which the peer may have done
	}
}
