package keys

import (
	"bytes"
	"testing"
)

// NIST's vectors for the key derivation of TLS 1.0 to 1.2 (CAVP, SP 800-135,
// tls.rsp), as OpenSSL and Bouncy Castle carry them: the master secret of a
// premaster secret, and the key block of that, with other randoms.
func TestCAVP(t *testing.T) {
	//= RFC 4346 §5 type=test
	//= RFC 4346 §6.3 type=test
	//= RFC 5246 §8.1 type=test
	for _, v := range []struct {
		h                                           Hash
		premaster, clientHello, serverHello, master string
		clientRandom, serverRandom, keyBlock        string
	}{
		{
			h:         MD5SHA1,
			premaster: "bded7fa5c1699c010be23dd06ada3a48349f21e5f86263d512c0c5cc379f0e780ec55d9844b2f1db02a96453513568d0", clientHello: "e5acaf549cd25c22d964c0d930fa4b5261d2507fad84c33715b7b9a864020693",
			serverHello: "135e4d557fdf3aa6406d82975d5c606a9734c9334b42136e96990fbd5358cdb2", master: "2f6962dfbc744c4b2138bb6b3d33054c5ecc14f24851d9896395a44ab3964efc2090c5bf51a0891209f46c1e1e998f62",
			clientRandom: "d58a7b1cd4fedaa232159df652ce188f9d997e061b9bf48e83b62990440931f6", serverRandom: "67267e650eb32444119d222a368c191af3082888dc35afe8368e638c828874be",
			keyBlock: "3088825988e77fce68d19f756e18e43eb7fe672433504feaf99b3c503d9091b164f166db301d70c9fc0870b4a94563907bee1a61fb786cb717576890bcc51cb9" +
				"ead97e01d0a2fea99c953377b195205ff07b369589178796edc963fd80fdbe518a2fc1c35c18ae8d",
		},
		{
			h:         MD5SHA1,
			premaster: "d671cdfae1e2dda3a01e80d76d897517c37a60d62e89312060c422dca1922fd8ec0f70d8bcf12f413e9e086481561d43", clientHello: "3572440795426af5927b811a452a06388464b231858f5631f406048b106a6896",
			serverHello: "dbd90af84002dd924acf80f270c04a5a1c900f43689a6572f47c0808351ad755", master: "c5753fafd0f3344cde9eabec621189f444b15dd46cbc744b551f51195437fb32200cb3ac08145dc97b09ac4943cfc74e",
			clientRandom: "57b58338bac41e526c8b9d5eaab9da368637eee18d0469b69889c231dd772a2d", serverRandom: "cd12ae6a6496f4932a93431f0d6ffcbfaf20132aebf07ad429cc6862c378c826",
			keyBlock: "6b8ae7bf624b5f3ea88fe7e56784d437c49404419223060f5ced0bc8e03acf656e5fe59adc800830700e9a80bb733bd3d4a2284d5f20e69c72babff47a44e719" +
				"1b650cb3e3df05184675c4053e2cd1d0e0d45f87cebeda1a7acd059e99d9fcf58daa9d79f87e0e61",
		},
		{
			h:         SHA256,
			premaster: "f8938ecc9edebc5030c0c6a441e213cd24e6f770a50dda07876f8d55da062bcadb386b411fd4fe4313a604fce6c17fbc", clientHello: "36c129d01a3200894b9179faac589d9835d58775f9b5ea3587cb8fd0364cae8c",
			serverHello: "f6c9575ed7ddd73e1f7d16eca115415812a43c2b747daaaae043abfb50053fce", master: "202c88c00f84a17a20027079604787461176455539e705be730890602c289a5001e34eeb3a043e5d52a65e66125188bf",
			clientRandom: "62e1fd91f23f558a605f28478c58cf72637b89784d959df7e946d3f07bd1b616", serverRandom: "ae6c806f8ad4d80784549dff28a4b58fd837681a51d928c3e30ee5ff14f39868",
			keyBlock: "d06139889fffac1e3a71865f504aa5d0d2a2e89506c6f2279b670c3e1b74f531016a2530c51a3a0f7e1d6590d0f0566b2f387f8d11fd4f731cdd572d2eae927f" +
				"6f2f81410b25e6960be68985add6c38445ad9f8c64bf8068bf9a6679485d966f1ad6f68b43495b10a683755ea2b858d70ccac7ec8b053c6bd41ca299d4e51928",
		},
	} {
		master := NewMaster(v.h, unhex(t, v.premaster), unhex(t, v.clientHello), unhex(t, v.serverHello))
		if want := unhex(t, v.master); !bytes.Equal(master.Bytes(), want) {
			t.Errorf("%v: master secret %x, want %x", v.h, master.Bytes(), want)
		}
		want := unhex(t, v.keyBlock)
		got := make([]byte, len(want))
		prf(got, v.h, master.Bytes(), "key expansion", unhex(t, v.serverRandom), unhex(t, v.clientRandom), nil)
		if !bytes.Equal(got, want) {
			t.Errorf("%v: key block %x, want %x", v.h, got, want)
		}
	}
}
