package actor

import (
	"maps"
	"slices"
)

// Kept are the ids that what NewServerSessions made has in memory, in their order.
func Kept(c ServerSessions) []string {
	s := c.(*shelves)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byID) != len(s.ends) || len(s.byID) != s.used.Len() {
		return []string{"its orders are not of the same sessions"}
	}
	return slices.Sorted(maps.Keys(s.byID))
}
