package msg

import "testing"

func TestDuplicates(t *testing.T) {
	//= RFC 9846 §4.3 type=test
	psk := ext(ExtPreSharedKey, "0007 0001 aa 00000000"+behind(2, behind(1, zeros(32))))
	ems := ext(ExtExtendedMasterSecret, "")
	var many string
	for i := range 5000 {
		many += ext(Ext(1000+i), "")
	}
	check(t, empty[ClientHello], []rule{
		{"a known one", inHello(ems + ext(ExtSCT, "") + ems), KindDuplicate, illegalParameter, "extension extended_master_secret"},
		{"an unknown one", inHello(ext(0xfafa, "") + ems + ext(0xfafa, "00")), KindDuplicate, illegalParameter, "extension Ext(0xfafa)"},
		{"thousands of unknown ones", inHello(many), 0, 0, ""},
		{"the first of thousands", inHello(many + ext(1000, "")), KindDuplicate, illegalParameter, "extension Ext(0x03e8)"},
		{"the last of thousands", inHello(many + ext(5999, "")), KindDuplicate, illegalParameter, "extension Ext(0x176f)"},
		{"a known one behind thousands", inHello(ems + many + ems), KindDuplicate, illegalParameter, "extension extended_master_secret"},
		{"pre_shared_key last", inHello(ems + psk), 0, 0, ""},
		{"pre_shared_key before a known one", inHello(psk + ems), KindNotLast, illegalParameter, "extension pre_shared_key"},
		{"pre_shared_key before an unknown one", inHello(psk + ext(0xfafa, "")), KindNotLast, illegalParameter, "extension pre_shared_key"},
		{"pre_shared_key before itself", inHello(psk + psk), KindNotLast, illegalParameter, "extension pre_shared_key"},
	})
	check(t, empty[ServerHello], []rule{
		{"pre_shared_key anywhere", inServerHello(ext(ExtPreSharedKey, "0000") + ext(ExtSupportedVersions, "0304")), 0, 0, ""},
		{"a known one", inServerHello(ems + ems), KindDuplicate, illegalParameter, "extension extended_master_secret"},
		{"one that is not allowed here", inServerHello(ext(ExtPadding, "") + ext(ExtPadding, "")), KindDuplicate, illegalParameter, "extension padding"},
	})
}
