package msg

import (
	"os"
	"strings"
	"testing"
)

// TestDump compares with a file that was read by eye: -update writes it anew.
func TestDump(t *testing.T) {
	var got []byte
	for _, s := range samples() {
		got = append(got, "# "+s.name+"\n"...)
		got = Dump(got, s.message.Append(nil), s.dialect)
	}
	const file = "testdata/dump.txt"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("differs from %s:\n%s", file, got)
	}
}

// TestDumpOfBuilt says that a message shows the same before it is sent and
// after it was read.
func TestDumpOfBuilt(t *testing.T) {
	for _, s := range samples() {
		parsed := s.fresh()
		if err := parsed.Parse(s.body()); err != nil {
			t.Fatal(err)
		}
		var built, read strings.Builder
		for name, value := range Fields(s.message) {
			built.WriteString(name + "=" + value + "\n")
		}
		for name, value := range Fields(parsed) {
			read.WriteString(name + "=" + value + "\n")
		}
		if built.String() != read.String() {
			t.Errorf("%s:\n%s\nparsed:\n%s", s.name, built.String(), read.String())
		}
	}
}

func TestDumpOfNonsense(t *testing.T) {
	for body, want := range map[string]string{
		"":             "0 bytes: \n",
		"0100":         "2 bytes: 0100\n",
		"14000002aabb": "Finished, 6 bytes\n  verify_data: aabb\n",
		"6300000141":   "Type(99), 5 bytes\n  body: \"A\"\n",
		"1800000102":   "KeyUpdate, 5 bytes\n  error: KeyUpdate: KeyUpdate.request_update: illegal value (RFC 9846 §4.7.3)\n  body: 02\n",
	} {
		if got := string(Dump(nil, unhex(body), tls13)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
