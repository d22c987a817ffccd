package cred

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
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
	found := w.list(c, issuer)
	if found == nil || !found.inScope {
		w.report(KindNoCRL, i)
		return
	}
	w.checkList(found, issuer, i)
	for _, entry := range found.list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(c.SerialNumber) == 0 && entry.ReasonCode != removeFromCRL {
			w.report(KindRevoked, i)
		}
	}
}

// removeFromCRL is the reason of a certificate that is on hold no more (RFC 5280 §5.3.1).
const removeFromCRL = 8

// candidate is a list that may say of a certificate whether it is revoked.
type candidate struct {
	list    *x509.RevocationList
	known   bool // every critical extension is
	inScope bool // it is about certificates of this kind
	current bool
}

// list returns the issuer's best list for a certificate: what it lacks of being valid counts in the
// order of candidate's fields, and then the newest.
func (w *walk) list(c, issuer *x509.Certificate) (best *candidate) {
	for _, l := range w.v.CRLs {
		if !bytes.Equal(l.RawIssuer, issuer.RawSubject) || !sameKeyID(l, issuer) {
			continue
		}
		point, ok := pointOf(l)
		if !ok {
			continue
		}
		next := &candidate{l, !hasUnknownCritical(l), point.covers(c), currentAt(l, w.now)}
		if best == nil || next.compare(best) > 0 {
			best = next
		}
	}
	return best
}

func (c *candidate) compare(o *candidate) int {
	return cmp.Or(compareBool(c.known, o.known), compareBool(c.inScope, o.inScope), compareBool(c.current, o.current),
		c.list.ThisUpdate.Compare(o.list.ThisUpdate))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func sameKeyID(l *x509.RevocationList, issuer *x509.Certificate) bool {
	return len(l.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 || bytes.Equal(l.AuthorityKeyId, issuer.SubjectKeyId)
}

func currentAt(l *x509.RevocationList, now time.Time) bool {
	return !now.Before(l.ThisUpdate) && (l.NextUpdate.IsZero() || !now.After(l.NextUpdate))
}

// hasUnknownCritical reports whether the list, or an entry, has a critical extension that is not
// understood. A delta is not: what it does not name may be revoked all the same.
func hasUnknownCritical(l *x509.RevocationList) bool {
	unknown := func(e pkix.Extension) bool { return e.Critical && !e.Id.Equal(oidIssuingPoint) }
	return slices.ContainsFunc(l.Extensions, unknown) ||
		slices.ContainsFunc(l.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool { return slices.ContainsFunc(e.Extensions, unknown) })
}

// checkList reports what is wrong with a list itself.
func (w *walk) checkList(found *candidate, issuer *x509.Certificate, depth int) {
	l := found.list
	if !AllowsKey(issuer, x509.KeyUsageCRLSign) {
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
	if !found.known {
		w.report(KindCRLCritical, depth)
	}
}

// issuingPoint is which certificates a list is about (RFC 5280 §5.2.5).
type issuingPoint struct {
	named                     bool     // only those that name this point
	uris                      []string // of it
	onlyUser, onlyCA, onlyAtt bool
}

var oidIssuingPoint = encasn1.ObjectIdentifier{2, 5, 29, 28}

// pointOf reads a list's issuing distribution point. It is not ok where the list does not parse, is
// for some reasons only, or names certificates of other issuers: OpenSSL does not use such.
func pointOf(l *x509.RevocationList) (p issuingPoint, ok bool) {
	//= RFC 5280 §5.2.5
	i := slices.IndexFunc(l.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidIssuingPoint) })
	if i < 0 {
		return p, true
	}
	in, body := cryptobyte.String(l.Extensions[i].Value), cryptobyte.String(nil)
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !in.Empty() {
		return p, false
	}
	tag := func(n asn1.Tag) asn1.Tag { return n.ContextSpecific() }
	var name, some cryptobyte.String
	var reasons, indirect bool
	if !body.ReadOptionalASN1(&name, &p.named, tag(0).Constructed()) || !readFlag(&body, &p.onlyUser, tag(1)) || !readFlag(&body, &p.onlyCA, tag(2)) ||
		!body.ReadOptionalASN1(&some, &reasons, tag(3)) || !readFlag(&body, &indirect, tag(4)) || !readFlag(&body, &p.onlyAtt, tag(5)) {
		return p, false
	}
	if p.named {
		p.uris = fullNames(name)
	}
	return p, body.Empty() && !reasons && !indirect
}

// readFlag reads a BOOLEAN that is false by default.
func readFlag(in *cryptobyte.String, flag *bool, tag asn1.Tag) bool {
	var value cryptobyte.String
	if !in.ReadOptionalASN1(&value, flag, tag) {
		return false
	}
	*flag = *flag && len(value) == 1 && value[0] != 0
	return true
}

// fullNames are the URIs of a DistributionPointName.
func fullNames(name cryptobyte.String) (uris []string) {
	var full cryptobyte.String
	if !name.ReadASN1(&full, asn1.Tag(0).ContextSpecific().Constructed()) {
		return nil
	}
	for !full.Empty() {
		var one cryptobyte.String
		var tag asn1.Tag
		if !full.ReadAnyASN1(&one, &tag) {
			return nil
		}
		if tag == asn1.Tag(6).ContextSpecific() {
			uris = append(uris, string(one))
		}
	}
	return uris
}

// covers reports whether a list is about a certificate.
func (p issuingPoint) covers(c *x509.Certificate) bool {
	ca := c.BasicConstraintsValid && c.IsCA
	if p.onlyAtt || ca && p.onlyUser || !ca && p.onlyCA {
		return false
	}
	return !p.named || slices.ContainsFunc(c.CRLDistributionPoints, func(uri string) bool { return slices.Contains(p.uris, uri) })
}
