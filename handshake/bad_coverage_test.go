package handshake_test

import (
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// behaviours is how many lines the list of behaviours has.
const behaviours = 67

// excused are the behaviours without a row, and why.
var excused = map[int]string{
	13: "of sealing: package record's TestExplicitNonces looks at each",
	42: "of key exchange alone: package kx's published vectors have secrets that begin with zeros",
	43: "an Env's matter: the engine draws each by its label and number (env.go), package actor's Env never repeats",
}

// walked are the behaviours that a walk covers beside the rows.
var walked = map[int]string{
	11: "TestEveryBitOfARecord", 14: "bytewise runs of every row", 19: "TestEveryLength, TestEveryCut",
	20: "TestEveryOrder", 46: "TestEveryOrder", 51: "TestEveryOrder", 53: "TestEveryEnd",
	63: "TestEveryLength, TestEveryCut", 64: "TestSchemesOfRequests",
}

func allRows() []bad {
	return slices.Concat(recordRows, helloRows, helloShareRows(), server13Rows, finishedRows, ccsRows, server12Rows, keyExchangeRows(),
		signatureRows(), roleRows, pskModeRows, clientRows, flightRows, serverShareRows(), postRows, oldRows())
}

// oldRows are those of mallory's scripts of TLS 1.0 to 1.2.
func oldRows() []bad {
	return slices.Concat(cbcRows(), rsaRows(), unfitRows(), lengthRows(), fieldRows(), paramRows(), pskRows(), orderRows(),
		downgradeRows(), versionRows(), idRows(), resumeRows(), sizeRows(), infoRows(), changeRows(), policyRows(), midRows(), authRows())
}

// TestBehavioursHaveRows: every behaviour has a row or an excuse, not both, and
// every row says where its rule stands.
func TestBehavioursHaveRows(t *testing.T) {
	line := regexp.MustCompile(`\bB(\d+)\b`)
	rows, scenes, have := 0, map[string]int{}, map[int]int{}
	for _, row := range allRows() {
		if row.ref == "" || len(row.in) == 0 || row.fine == nil && row.kind == 0 {
			t.Errorf("row %q is not complete", row.name)
		}
		for _, m := range line.FindAllStringSubmatch(row.ref, -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil || n < 1 || n > behaviours {
				t.Errorf("row %q: %s", row.name, m[0])
			}
			have[n]++
		}
		if row.fine == nil {
			rows++
		}
		for _, s := range row.in {
			scenes[scene{client: s.client, v: s.v}.String()]++
		}
	}
	for n := 1; n <= behaviours; n++ {
		switch covered := have[n] > 0 || walked[n] != ""; {
		case covered && excused[n] != "":
			t.Errorf("behaviour %d has rows and an excuse", n)
		case !covered && excused[n] == "":
			t.Errorf("behaviour %d has no row", n)
		}
	}
	if rows < 120 {
		t.Errorf("%d rows of bad input", rows)
	}
	t.Logf("%d rows of bad input, %d in all; scenes: %v", rows, len(allRows()), scenes)
}
