package msg

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tacet/record"
)

// table1 is RFC 9846 §4.3 Table 1, the rows that we know, and what RFC 8449
// and RFC 8879 add to it.
const table1 = `
server_name                             CH, EE
max_fragment_length                     CH, EE
status_request                          CH, CR, CT
supported_groups                        CH, EE
signature_algorithms                    CH, CR
application_layer_protocol_negotiation  CH, EE
signed_certificate_timestamp            CH, CR, CT
padding                                 CH
key_share                               CH, SH, HRR
pre_shared_key                          CH, SH
psk_key_exchange_modes                  CH
early_data                              CH, EE, NST
cookie                                  CH, HRR
supported_versions                      CH, SH, HRR
certificate_authorities                 CH, CR
oid_filters                             CR
post_handshake_auth                     CH
signature_algorithms_cert               CH, CR
record_size_limit                       CH, EE
compress_certificate                    CH, CR`

// only12 are those that TLS 1.3 offers for the sake of TLS 1.2 and never answers.
const only12 = "extended_master_secret renegotiation_info ec_point_formats session_ticket encrypt_then_mac"

func TestTable1(t *testing.T) {
	//= RFC 9846 §4.3 type=test
	columns := map[string]Where{"CH": InClientHello, "SH": InServerHello, "HRR": InRetry, "EE": InEncryptedExtensions,
		"CR": InCertificateRequest, "CT": InCertificate, "NST": InNewSessionTicket}
	want := map[string]Where{}
	for line := range strings.Lines(strings.TrimSpace(table1)) {
		name, messages, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, m := range strings.Split(messages, ",") {
			want[name] |= columns[strings.TrimSpace(m)]
		}
	}
	for _, name := range strings.Fields(only12) {
		want[name] = InClientHello
	}
	for _, row := range table {
		if got := row.where &^ (InClientHello12 | InServerHello12 | changeable); got != want[row.name] {
			t.Errorf("%s: allowed in %b, want %b", row.name, got, want[row.name])
		}
		if hello := row.where&InClientHello != 0; hello != (row.where&InClientHello12 != 0) {
			t.Errorf("%s: not the same in every ClientHello", row.name)
		}
		delete(want, row.name)
	}
	if len(want) > 0 {
		t.Errorf("no rows: %v", want)
	}
}

func TestRows(t *testing.T) {
	if len(table) > 64 {
		t.Fatal("more rows than a Set holds")
	}
	if last := table[len(table)-1].id; last != ExtPreSharedKey {
		t.Errorf("the last row is %v", last)
	}
	for i, row := range table {
		if rowOf(row.id) != i || row.id.String() != row.name || !strings.HasPrefix(row.ref, "RFC ") {
			t.Errorf("row %d is not found by its id, or lacks a name or reference: %+v", i, row)
		}
		if row.free&^row.where != 0 {
			t.Errorf("%s: free where it is not allowed", row.name)
		}
	}
	if got := Ext(0xfafa).String(); got != "Ext(0xfafa)" || rowOf(0xfafa) != -1 || rowOf(2) != -1 {
		t.Errorf("an unknown extension is %s", got)
	}
}

// TestForbidden puts every extension into every message and asks Check.
func TestForbidden(t *testing.T) {
	//= RFC 9846 §4.3 type=test
	wheres := []Where{InClientHello, InClientHello12, InServerHello, InServerHello12, InRetry,
		InEncryptedExtensions, InCertificateRequest, InCertificate, InNewSessionTicket}
	for _, row := range table {
		for _, in := range wheres {
			var x Extensions
			x.Set(row.id)
			err := x.Check(in, x.Offered())
			var e *Error
			forbidden := errors.As(err, &e) && e.Kind == KindForbidden
			if forbidden != (row.where&in == 0) {
				t.Errorf("%s in %b: %v", row.name, in, err)
			}
			if forbidden && (e.Ext != row.id || e.Alert() != record.AlertIllegalParameter || e.Message != in.message()) {
				t.Errorf("%s in %b: %+v", row.name, in, e)
			}
			if row.where&in&replies == 0 || row.free&in != 0 {
				continue
			}
			if !errors.As(x.Check(in, 0), &e) || e.Kind != KindUnsolicited || e.Alert() != record.AlertUnsupportedExtension {
				t.Errorf("%s in %b, not asked for: %v", row.name, in, e)
			}
		}
	}
}

func TestUnknownInReplies(t *testing.T) {
	//= RFC 9846 §4.3 type=test
	for _, in := range []Where{InClientHello12, InServerHello12, InEncryptedExtensions, InCertificate, InNewSessionTicket} {
		var x Extensions
		if err := x.parse(in.message(), in, unhex(ext(0xfafa, ""))); err != nil || x.Unknown != 1 || x.FirstUnknown != 0xfafa {
			t.Fatalf("parsed as %+v: %v", x, err)
		}
		err := x.Check(in, ^Set(0))
		if in&replies == 0 {
			if err != nil {
				t.Errorf("not ignored: %v", err)
			}
			continue
		}
		wantAlert(t, err, record.AlertUnsupportedExtension)
	}
}

// TestCheck has the rules about values and absence that need the version.
func TestCheck(t *testing.T) {
	//= RFC 9846 §9.2 type=test
	const (
		versions, groups, shares   = ExtSupportedVersions, ExtSupportedGroups, ExtKeyShare
		schemes, psk, modes, early = ExtSignatureAlgorithms, ExtPreSharedKey, ExtPSKModes, ExtEarlyData
		points, retryCookie        = ExtECPointFormats, ExtCookie
	)
	type exts []Ext
	for _, c := range []struct {
		name string
		in   Where
		have exts
		kind Kind
		ext  Ext
	}{
		{"TLS 1.2 hello without extensions", InClientHello, nil, 0, 0},
		{"full", InClientHello, exts{versions, groups, shares, schemes}, 0, 0},
		{"no groups, no shares", InClientHello, exts{versions, schemes}, KindMissing, groups},
		{"groups without shares", InClientHello, exts{versions, groups, schemes}, KindMissing, shares},
		{"the same for TLS 1.2", InClientHello12, exts{versions, groups, schemes}, 0, 0},
		{"shares without groups", InClientHello, exts{versions, shares, schemes}, KindMissing, groups},
		{"no schemes", InClientHello, exts{versions, groups, shares}, KindMissing, schemes},
		{"psk alone", InClientHello, exts{versions, modes, psk}, 0, 0},
		{"psk with groups and no shares", InClientHello, exts{versions, modes, psk, groups}, KindMissing, shares},
		{"psk with shares and no groups", InClientHello, exts{versions, modes, psk, shares}, KindMissing, groups},
		{"psk without modes", InClientHello, exts{versions, groups, shares, schemes, psk}, KindMissing, modes},
		{"psk of TLS 1.2 means nothing", InClientHello12, exts{psk}, 0, 0},
		{"early data without psk is skipped later", InClientHello, exts{versions, groups, shares, schemes, early}, 0, 0},
		{"compressed points in TLS 1.3", InClientHello, exts{versions, groups, shares, schemes, points}, 0, 0},
		{"compressed points in TLS 1.2", InClientHello12, exts{points}, KindIllegal, points},
		{"compressed points from a server", InServerHello12, exts{points}, KindIllegal, points},
		{"ServerHello", InServerHello, exts{versions, shares}, 0, 0},
		{"ServerHello with psk alone", InServerHello, exts{versions, psk}, 0, 0},
		{"ServerHello without shares", InServerHello, exts{versions}, KindMissing, shares},
		{"ServerHello without version", InServerHello, exts{shares}, KindMissing, versions},
		{"TLS 1.2 in supported_versions", InServerHello12, exts{versions}, KindForbidden, versions},
		{"retry for a group", InRetry, exts{versions, shares}, 0, 0},
		{"retry with a cookie", InRetry, exts{versions, retryCookie}, 0, 0},
		{"retry for nothing", InRetry, exts{versions}, KindIllegal, shares},
		{"retry without version", InRetry, exts{shares}, KindMissing, versions},
		{"request", InCertificateRequest, exts{schemes}, 0, 0},
		{"request without schemes", InCertificateRequest, nil, KindMissing, schemes},
	} {
		x := Extensions{SupportedVersions: AppendUint16s(nil, 0x0304), PointFormats: []byte{1}}
		if !slices.Contains(c.have, versions) {
			x.SupportedVersions = nil
		}
		for _, id := range c.have {
			x.Set(id)
		}
		err := x.Check(c.in, x.Offered().Without(retryCookie))
		var e *Error
		errors.As(err, &e)
		switch {
		case c.kind == 0 && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.kind != 0 && (e == nil || e.Kind != c.kind || e.Ext != c.ext):
			t.Errorf("%s: got %v, want %v %v", c.name, err, c.ext, c.kind)
		case c.kind == KindMissing:
			wantAlert(t, err, record.AlertMissingExtension)
		}
	}
}

// The length of binders is for TLS 1.3 to judge.
func TestShortBinder(t *testing.T) {
	//= RFC 9846 §4.3.11 type=test
	for n, want := range map[int]record.Alert{31: record.AlertDecodeError, 32: 0} {
		var x Extensions
		body := behind(2, behind(2, "aa")+"00000000") + behind(2, behind(1, zeros(n)))
		body = ext(ExtPSKModes, "0101") + ext(ExtPreSharedKey, body)
		if err := x.parse(TypeClientHello, InClientHello|InClientHello12, unhex(body)); err != nil {
			t.Fatal(err)
		}
		if err := x.Check(InClientHello12, 0); err != nil {
			t.Errorf("binder of %d bytes in TLS 1.2: %v", n, err)
		}
		if err := x.Check(InClientHello, 0); want != 0 {
			wantAlert(t, err, want)
		} else if err != nil {
			t.Error(err)
		}
	}
}

func TestCertificateCheck(t *testing.T) {
	var good, bad Certificate13
	staple := ext(ExtStatusRequest, "01 000001 30")
	for m, second := range map[*Certificate13]string{&good: staple, &bad: ext(ExtServerName, "")} {
		body := "00" + behind(3, "000001 30"+behind(2, staple)+"000001 31"+behind(2, second))
		if err := m.Parse(unhex(body)); err != nil {
			t.Fatal(err)
		}
	}
	asked := Set(0).With(ExtStatusRequest)
	if err := good.Check(asked); err != nil {
		t.Error(err)
	}
	wantAlert(t, good.Check(0), record.AlertUnsupportedExtension)
	wantAlert(t, bad.Check(asked), record.AlertIllegalParameter)
	if good.Entries.Len() != 2 || string(good.Leaf.OCSPResponse) != "0" {
		t.Errorf("%d entries, staple %q", good.Entries.Len(), good.Leaf.OCSPResponse)
	}
}

func TestSet(t *testing.T) {
	s := Set(0).With(ExtRenegotiationInfo).With(ExtKeyShare)
	var got []string
	for id := range s.All() {
		got = append(got, id.String())
	}
	if strings.Join(got, " ") != "renegotiation_info key_share" || !s.Has(ExtKeyShare) || s.Without(ExtKeyShare).Has(ExtKeyShare) {
		t.Error(got)
	}
	if s.Has(0xfafa) {
		t.Error("has what no row knows")
	}
	defer func() {
		if recover() == nil {
			t.Error("took what no row knows")
		}
	}()
	s.With(0xfafa)
}
