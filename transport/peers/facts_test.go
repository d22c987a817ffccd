package peers

import (
	"fmt"
	"regexp"
)

// factLines are what a peer of our own making says, one line each: Go's
// crypto/tls and the script for Node.
func factLines(r *row, e *end) (patterns []string) {
	s := e.State()
	for _, line := range []string{
		fmt.Sprintf("protocol=%v", s.Version), "cipher=" + s.Suite.Name, "alpn=" + s.ALPN,
		fmt.Sprintf("reused=%v", s.Resumed || r.terms.external), "exporter=" + e.exporter(), "peer=" + r.ownName(),
	} {
		patterns = append(patterns, "(?m)^"+regexp.QuoteMeta(line)+"$")
	}
	if r.role == server {
		patterns = append(patterns, "(?m)^servername="+serverName+"$")
	}
	return patterns
}
