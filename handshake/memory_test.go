package handshake_test

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// memory is what a walk over an engine's memory finds: every byte that it can
// reach, and the type of every value behind an interface.
type memory struct {
	bytes []string
	types map[string]bool
	seen  map[any]bool
	skip  map[string]bool
}

// memoryOf walks from v, not into values of the types in skip.
func memoryOf(v any, skip ...string) *memory {
	m := &memory{types: map[string]bool{}, seen: map[any]bool{}, skip: map[string]bool{}}
	for _, s := range skip {
		m.skip[s] = true
	}
	m.walk(reflect.ValueOf(v))
	return m
}

func (m *memory) walk(v reflect.Value) {
	if !v.IsValid() || m.skip[v.Type().String()] {
		return
	}
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			m.types[v.Elem().Type().String()] = true
			m.walk(v.Elem())
		}
	case reflect.Pointer:
		id := fmt.Sprint(v.Type(), v.Pointer())
		if !v.IsNil() && !m.seen[id] {
			m.seen[id] = true
			m.walk(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			m.walk(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		m.list(v)
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			m.walk(it.Value())
		}
	case reflect.String:
		m.bytes = append(m.bytes, v.String())
	}
}

// list walks a slice, spare capacity included, or an array.
func (m *memory) list(v reflect.Value) {
	if v.Kind() == reflect.Slice {
		v = v.Slice(0, v.Cap())
	}
	if v.Type().Elem().Kind() != reflect.Uint8 {
		for i := range v.Len() {
			m.walk(v.Index(i))
		}
		return
	}
	b := make([]byte, v.Len())
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	m.bytes = append(m.bytes, string(b))
}

// holds reports whether some memory holds secret.
func (m *memory) holds(secret []byte) bool {
	for _, b := range m.bytes {
		if strings.Contains(b, string(secret)) {
			return true
		}
	}
	return false
}

// secretsOf are the secrets that key log lines tell.
func secretsOf(t testing.TB, lines []string) map[string][]byte {
	t.Helper()
	secrets := map[string][]byte{}
	for _, line := range lines {
		part := strings.Fields(line)
		secret, err := hex.DecodeString(part[len(part)-1])
		if err != nil || len(part) != 3 || len(secret) < 32 {
			t.Fatalf("key log line %q", line)
		}
		secrets[part[0]] = secret
	}
	return secrets
}
