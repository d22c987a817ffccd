package handshake_test

import (
	"testing"

	"tacet/record"
)

// roles gives a server's and a client's scene of each version.
func roles(with func(scene) scene, versions ...record.Version) (list []scene) {
	for _, v := range versions {
		list = append(list, with(scene{v: v}), with(scene{client: true, v: v}))
	}
	return list
}

// oldHonest are scenes up to TLS 1.2 in which nothing is wrong.
func oldHonest() (list []scene) {
	all := []record.Version{record.TLS10, record.TLS11, record.TLS12}
	for _, suite := range []string{"AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "DHE-RSA-AES128-SHA", "ADH-AES128-SHA", "PSK-AES128-CBC-SHA",
		"DHE-PSK-AES256-CBC-SHA", "ECDHE-PSK-AES128-CBC-SHA", "RSA-PSK-AES128-CBC-SHA"} {
		list = append(list, roles(func(s scene) scene { return s.suited(suite) }, all...)...)
	}
	for _, suite := range []string{"AES128-SHA256", "ECDHE-RSA-AES256-SHA384", "AES128-GCM-SHA256", "PSK-AES128-GCM-SHA256"} {
		list = append(list, roles(func(s scene) scene { return s.suited(suite) }, record.TLS12)...)
	}
	const cbc = "ECDHE-ECDSA-AES128-SHA"
	for _, with := range []func(scene) scene{
		func(s scene) scene { return s.suited(cbc).etm() }, func(s scene) scene { return s.suited(cbc).mutual() },
		func(s scene) scene { return s.suited("AES128-SHA").mutual() }, func(s scene) scene { return s.suited(cbc).byID() },
		func(s scene) scene { return s.suited(cbc).resumed() }, func(s scene) scene { return s.suited(cbc).byID().resumed() },
		func(s scene) scene { return s.suited(cbc).again() }, func(s scene) scene { return s.suited(cbc).etm().asking() },
		func(s scene) scene { return s.suited("AES128-SHA").again() }, func(s scene) scene { return s.suited(cbc).mutual().asking() },
		func(s scene) scene { return s.suited(cbc).again().again() }, func(s scene) scene { return s.suited(cbc).resumed().again() },
		func(s scene) scene { return s.suited(cbc).fragment(1) }, func(s scene) scene { return s.suited(cbc).fragment(1).resumed() },
	} {
		list = append(list, roles(with, all...)...)
	}
	return list
}

// TestMalloryIsHonestUpTo12: without a deed every scene ends well.
func TestMalloryIsHonestUpTo12(t *testing.T) {
	runBad(t, []bad{{name: "honest", ref: "B14", in: oldHonest(), fine: goesOn}})
}
