package cred

// ParseTolerantly is parseTolerantly.
var ParseTolerantly = parseTolerantly
