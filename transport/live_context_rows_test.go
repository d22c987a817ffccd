package transport

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"tacet/handshake/cred/credtest"
)

// liveContexts are rows of what a context decides.
func liveContexts(t *testing.T) (rows []*liveRow) {
	ca := credtest.CA(t)
	with := func(name string, f func(r *liveRow)) {
		r := &liveRow{name: name}
		f(r)
		rows = append(rows, r)
	}
	many := SecureContextOptions{}
	for _, k := range []credtest.Kind{credtest.RSA2048, credtest.Ed25519, credtest.P256, credtest.RSAPSS} {
		o := leafOf(t, ca, k, serverName)
		many.Cert, many.Key = append(many.Cert, o.Cert...), append(many.Key, o.Key...)
	}
	show := func(r *liveRow, o SecureContextOptions) { r.server.Cert, r.server.Key = o.Cert, o.Key }
	for _, v := range []SecureVersion{TLS12, TLS13} {
		for name, honor := range map[string]*bool{"as usual": nil, "the server's": new(true), "the client's": new(false)} {
			with("order of ciphers: "+name+" in "+string(v), func(r *liveRow) {
				r.server.HonorCipherOrder, r.client.MaxVersion = honor, v
				r.server.Ciphers = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
				r.client.Ciphers = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
			})
		}
		with("order of ciphers: by secureOptions in "+string(v), func(r *liveRow) {
			r.server.HonorCipherOrder, r.client.MaxVersion, r.server.SecureOptions = new(false), v, OpCipherServerPreference
			r.server.Ciphers = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
			r.client.Ciphers = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
		})
		chacha := "TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"
		others := "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
		for name, r := range map[string]struct {
			client, server string
			honor          *bool
			bits           SecureOptions
		}{
			"first":                      {chacha + ":" + others, others + ":" + chacha, nil, OpPrioritizeChaCha},
			"first, by the bits":         {chacha + ":" + others, others + ":" + chacha, new(false), OpPrioritizeChaCha | OpCipherServerPreference},
			"second":                     {others + ":" + chacha, others + ":" + chacha, nil, OpPrioritizeChaCha},
			"first, not the option":      {chacha + ":" + others, others + ":" + chacha, nil, 0},
			"first, the client's":        {"ECDHE-ECDSA-CHACHA20-POLY1305:" + others, others + ":" + chacha, new(false), OpPrioritizeChaCha},
			"first, the server has none": {chacha + ":" + others, others, nil, OpPrioritizeChaCha},
			"first for TLS 1.3 alone":    {"TLS_CHACHA20_POLY1305_SHA256:" + others + ":ECDHE-ECDSA-CHACHA20-POLY1305", others + ":" + chacha, nil, OpPrioritizeChaCha},
			"first for TLS 1.2 alone":    {"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:" + others, others + ":" + chacha, nil, OpPrioritizeChaCha},
		} {
			with("ChaCha20: "+name+" in "+string(v), func(row *liveRow) {
				row.client.MaxVersion, row.client.Ciphers, row.server.Ciphers = v, r.client, r.server
				row.server.HonorCipherOrder, row.server.SecureOptions = r.honor, r.bits
			})
			if v == TLS12 { // the client's first is still of TLS 1.3
				with("ChaCha20: "+name+" of a server of TLS 1.2", func(row *liveRow) {
					row.server.MaxVersion, row.client.Ciphers, row.server.Ciphers = v, r.client, r.server
					row.server.HonorCipherOrder, row.server.SecureOptions = r.honor, r.bits
				})
			}
		}
		for name, sigalgs := range map[string]string{"all": "", "RSA": "rsa_pss_rsae_sha256:RSA+SHA256", "Ed25519": "ed25519", "RSA-PSS": "rsa_pss_pss_sha256"} {
			with("four certificates for a client of "+name+" in "+string(v), func(r *liveRow) {
				show(r, many)
				r.client.SigAlgs, r.client.MaxVersion = sigalgs, v
				// The certificates' own signatures are ECDSA's.
				r.client.RejectUnauthorized = new(false)
			})
		}
		for name, curves := range map[string][2]string{
			"server first": {"P-256:X25519", "X25519:P-256"}, "one in common": {"P-384:P-521", "X25519:P-521"}, "by blanks": {"P-521 : P-384", "P-384"},
		} {
			with("groups: "+name+" in "+string(v), func(r *liveRow) {
				r.server.ECDHCurve, r.client.ECDHCurve, r.client.MaxVersion = curves[0], curves[1], v
			})
		}
		with("chain completed from ca in "+string(v), func(r *liveRow) {
			between := ca.Intermediate(t, "between")
			o := leafOf(t, between, credtest.P256, serverName)
			block, _ := pem.Decode(o.Cert[0])
			r.server.Cert, r.server.Key = [][]byte{pem.EncodeToMemory(block)}, o.Key
			r.server.CA, r.client.MaxVersion = [][]byte{append(ca.PEM(), between.PEM()...)}, v
		})
		with("chain completed from pfx in "+string(v), func(r *liveRow) {
			between := ca.Intermediate(t, "between")
			b, err := pkcs12.Modern2023.Encode(credtest.Key(t, credtest.P256), between.Leaf(t, credtest.P256, serverName).Leaf, []*x509.Certificate{between.Cert}, "secret")
			if err != nil {
				t.Fatal(err)
			}
			r.server.Cert, r.server.Passphrase, r.client.MaxVersion = [][]byte{}, "secret", v
			r.server.PFX = []PFXObject{{Buf: b}}
		})
		with("sessionIdContext in "+string(v), func(r *liveRow) {
			r.server.SessionIDContext, r.resume, r.client.MaxVersion = "context", true, v
		})
		with("sessionTimeout and ticketKeys in "+string(v), func(r *liveRow) {
			r.server.SessionTimeout, r.server.TicketKeys, r.resume, r.client.MaxVersion = time.Hour, make([]byte, 48), true, v
		})
		with("level 2 in "+string(v), func(r *liveRow) {
			r.server.Ciphers, r.client.Ciphers, r.client.MaxVersion = "DEFAULT@SECLEVEL=2", "DEFAULT@SECLEVEL=2", v
		})
		with("level 3 of the client in "+string(v), func(r *liveRow) {
			show(r, leafOf(t, ca, credtest.RSA3072, serverName))
			r.client.Ciphers, r.client.MaxVersion = "DEFAULT@SECLEVEL=3", v
			if v == TLS12 { // where OpenSSL takes no tickets at this level
				r.instead = map[string]string{ourClient + ": ticket": "true", nodeClient + ": events": `["secureConnect"]`}
			}
		})
	}
	rsa := leafOf(t, ca, credtest.RSA2048, serverName)
	for name, dh := range map[string]string{"auto": "auto", "1024 bits": dhParams(t, 1024), "1536 bits": dhParams(t, 1536), "none": ""} {
		with("dhparam: "+name, func(r *liveRow) {
			show(r, rsa)
			r.server.DHParam, r.client.Ciphers, r.client.MaxVersion = dh, "DHE-RSA-AES128-GCM-SHA256:AES128-SHA", TLS12
		})
	}
	for _, method := range []string{"TLS_method", "SSLv23_method", "TLSv1_2_method", "TLS_client_method", "TLSv1_2_client_method"} {
		with("secureProtocol "+method, func(r *liveRow) { r.client.SecureProtocol = method })
	}
	with("secureProtocol of the server", func(r *liveRow) { r.server.SecureProtocol = "TLSv1_2_server_method" })
	with("no TLS 1.3 by secureOptions", func(r *liveRow) { r.server.SecureOptions = OpNoTLSv1_3 })
	with("no TLS 1.2 by secureOptions", func(r *liveRow) { r.client.SecureOptions = OpNoTLSv1_2 })
	for _, v := range []SecureVersion{TLS10, TLS11, TLS12} {
		for name, off := range map[string][2]SecureOptions{
			"wanted": {}, "not the client's": {OpNoEncryptThenMAC, 0}, "not the server's": {0, OpNoEncryptThenMAC}, "nobody's": {OpNoEncryptThenMAC, OpNoEncryptThenMAC},
		} {
			cbc := func(r *liveRow) {
				r.etm = new(off == [2]SecureOptions{})
				r.client.SecureOptions, r.server.SecureOptions = off[0], off[1]
				r.client.MinVersion, r.client.MaxVersion, r.server.MinVersion = v, v, v
				r.client.Ciphers, r.server.Ciphers = "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"
			}
			with("encrypt_then_mac: "+name+" in "+string(v), cbc)
			if off != [2]SecureOptions{} {
				with("encrypt_then_mac: "+name+" in a renegotiation in "+string(v), func(r *liveRow) {
					cbc(r)
					r.byClient = true
					r.client.SecureOptions |= OpNoSessionResumptionOnRenegotiation
					r.server.SecureOptions |= OpNoSessionResumptionOnRenegotiation
				})
			}
		}
	}
	with("TLS_ names alone", func(r *liveRow) { r.server.Ciphers, r.client.MaxVersion = "TLS_AES_128_GCM_SHA256", TLS12 })
	with("old names alone", func(r *liveRow) { r.server.Ciphers = "AES128-SHA" })
	with("defaults of another's", func(r *liveRow) {
		r.client.Defaults = &Defaults{MaxVersion: TLS12, Ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384"}
	})
	with("encrypted key", func(r *liveRow) {
		r.server.Cert, r.server.Passphrase = [][]byte{credtest.CertPEM(ca.Leaf(t, credtest.P256, serverName).Chain...)}, "secret"
		r.server.Key = []KeyObject{{PEM: keyForms(t)["p256 pkcs8 -topk8"]}}
	})
	return rows
}
