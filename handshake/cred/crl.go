package cred

import (
	"bytes"
	"crypto/x509"
	"time"
)

// revocation checks every certificate of the chain, if any list was given.
func (w *walk) revocation() {
	if len(w.v.CRLs) == 0 {
		return
	}
	for i := range w.chain {
		w.revoked(i)
	}
}

// revoked checks certificate i by its issuer's list. The issuer is the next in the chain, or for the
// top the certificate itself.
func (w *walk) revoked(i int) {
	//= RFC 5280 §6.3.3
	c, issuer := w.chain[i], w.chain[min(i+1, len(w.chain)-1)]
	if !LikelyIssued(c, issuer) {
		w.report(KindNoCRL, i)
		return
	}
	list := w.list(issuer)
	if list == nil {
		w.report(KindNoCRL, i)
		return
	}
	w.checkList(list, issuer, i)
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(c.SerialNumber) == 0 {
			w.report(KindRevoked, i)
		}
	}
}

// list returns the issuer's list: one that is current before one that is not, and then the newest.
func (w *walk) list(issuer *x509.Certificate) *x509.RevocationList {
	var best *x509.RevocationList
	for _, l := range w.v.CRLs {
		if bytes.Equal(l.RawIssuer, issuer.RawSubject) && sameKeyID(l, issuer) && (best == nil || better(l, best, w.now)) {
			best = l
		}
	}
	return best
}

func sameKeyID(l *x509.RevocationList, issuer *x509.Certificate) bool {
	return len(l.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 || bytes.Equal(l.AuthorityKeyId, issuer.SubjectKeyId)
}

func better(l, best *x509.RevocationList, now time.Time) bool {
	if a, b := currentAt(l, now), currentAt(best, now); a != b {
		return a
	}
	return l.ThisUpdate.After(best.ThisUpdate)
}

func currentAt(l *x509.RevocationList, now time.Time) bool {
	return !now.Before(l.ThisUpdate) && (l.NextUpdate.IsZero() || !now.After(l.NextUpdate))
}

// checkList reports what is wrong with a list itself.
func (w *walk) checkList(l *x509.RevocationList, issuer *x509.Certificate, depth int) {
	if issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0 {
		w.report(KindCRLNoSign, depth)
	}
	if w.now.Before(l.ThisUpdate) {
		w.report(KindCRLNotYetValid, depth)
	}
	if !l.NextUpdate.IsZero() && w.now.After(l.NextUpdate) {
		w.report(KindCRLExpired, depth)
	}
	if issuerForm(issuer).CheckSignature(l.SignatureAlgorithm, l.RawTBSRevocationList, l.Signature) != nil {
		w.report(KindCRLSignature, depth)
	}
	for _, e := range l.Extensions {
		if e.Critical {
			w.report(KindCRLCritical, depth)
		}
	}
}
