package transport

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"tacet/handshake/cred"
)

// certificateOf tells of the first certificate of a chain, and if detailed of those that issued
// it, from the chain or from cas.
func certificateOf(chain, cas []*x509.Certificate, detailed bool) (*PeerCertificate, error) {
	if !detailed {
		return NewPeerCertificate(chain[0].Raw)
	}
	return detailedCertificate(chain, cas, time.Now())
}

// checkChain is CheckServerIdentity of the first certificate of a chain. It reads no more than
// the names of it, unless there is an error to tell all in.
func checkChain(host string, chain, cas []*x509.Certificate) error {
	names, err := namesInCertificate(chain[0].Raw)
	if err != nil {
		return err
	}
	err = CheckServerIdentity(host, names)
	var wrong *AltNameError
	if errors.As(err, &wrong) {
		if wrong.Cert, err = certificateOf(chain, cas, true); err == nil {
			err = wrong
		}
	}
	return err
}

// detailedCertificate tells of the certificates that a peer sent, the leaf first, and of
// who issued each: of those sent, and after them of cas, the certificates of the option
// ca. It is node's getPeerCertificate(true), and checks no signature. A root is its own
// issuer. A circle ends before it closes.
func detailedCertificate(sent, cas []*x509.Certificate, now time.Time) (*PeerCertificate, error) {
	top, first := sent[0], (*PeerCertificate)(nil)
	link := &first
	add := func(c *x509.Certificate) (err error) {
		top = c
		if *link, err = NewPeerCertificate(c.Raw); err != nil {
			return err
		}
		link = &(*link).IssuerCertificate
		return nil
	}
	err := add(top)
	for rest := slices.Clone(sent[1:]); err == nil; {
		i := slices.IndexFunc(rest, func(c *x509.Certificate) bool { return issued(top, c) })
		if i < 0 {
			break
		}
		c := rest[i]
		rest = slices.Delete(rest, i, i+1)
		if err = add(c); i == len(rest) {
			break // as node does
		}
	}
	for seen := map[*x509.Certificate]bool{}; err == nil && !issued(top, top); {
		c := issuerAmong(cas, top, now)
		again := c == top // a root that may not sign, which node shows once more
		if c == nil || seen[c] && !again {
			break
		}
		seen[c] = true
		if err = add(c); again {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if issued(top, top) {
		last := first
		for last.IssuerCertificate != nil {
			last = last.IssuerCertificate
		}
		last.IssuerCertificate = last
	}
	return first, nil
}

// issued is OpenSSL's X509_check_issued: issuer is likely to have signed c, and may sign.
func issued(c, issuer *x509.Certificate) bool {
	return cred.LikelyIssued(c, issuer) && cred.AllowsKey(issuer, x509.KeyUsageCertSign)
}

// issuerAmong is the issuer of c, one that is valid now if it can, or else the one that is
// valid for longest; nil if there is none.
func issuerAmong(cas []*x509.Certificate, c *x509.Certificate, now time.Time) (found *x509.Certificate) {
	for _, o := range cas {
		switch {
		case !cred.LikelyIssued(c, o):
		case !now.Before(o.NotBefore) && !now.After(o.NotAfter):
			return o
		case found == nil || o.NotAfter.After(found.NotAfter):
			found = o
		}
	}
	return found
}
