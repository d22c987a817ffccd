package handshake_test

import "testing"

// honest are the scenes in which nothing is wrong.
var honest = []scene{
	s13(""), s13("").retried(), s13("").mutual(), s13("").resumed(), s13("").retried().resumed(), s13("").retried().mutual(),
	s13("").pskOnly(), c13("").pskOnly(),
	s12(""), s12("").mutual(), s12("").resumed(),
	c13(""), c13("").retried(), c13("").mutual(), c13("").resumed(), c13("").retried().resumed(),
	c12(""), c12("").mutual(), c12("").resumed(),
}

// TestMalloryIsHonest: without a deed every scene ends well.
func TestMalloryIsHonest(t *testing.T) {
	runBad(t, []bad{{name: "honest", ref: "B14", in: honest, fine: goesOn}})
}
