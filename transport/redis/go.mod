module tacet/transport/redis

go 1.26.0

require github.com/redis/go-redis/v9 v9.22.0

require (
	filippo.io/bigmod v0.1.0 // indirect
	github.com/cloudflare/circl v1.6.5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/crypto/x509roots/fallback v0.0.0-20261030153154-30a33513ff6d // indirect
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.uber.org/atomic v1.11.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	tacet v0.0.0-00010101000000-000000000000
)

replace tacet => ../..
