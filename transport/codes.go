package transport

// Codes of options, as node gives them; where node finds a fault in the handshake
// only, or never, the code is that of node's handshake or its argument errors.
const (
	CodeArgValue         Code = "ERR_INVALID_ARG_VALUE"
	CodeOutOfRange       Code = "ERR_OUT_OF_RANGE"
	CodeOperationFailed  Code = "ERR_CRYPTO_OPERATION_FAILED"
	CodeUnsupported      Code = "ERR_CRYPTO_UNSUPPORTED_OPERATION"
	CodeNoEngines        Code = "ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED"
	CodeVersionInvalid   Code = "ERR_TLS_INVALID_PROTOCOL_VERSION"
	CodeVersionConflict  Code = "ERR_TLS_PROTOCOL_VERSION_CONFLICT"
	CodeMethodInvalid    Code = "ERR_TLS_INVALID_PROTOCOL_METHOD"
	CodeNoMethod         Code = "ERR_SSL_CALLED_A_FUNCTION_YOU_SHOULD_NOT_CALL"
	CodeNoProtocols      Code = "ERR_SSL_NO_PROTOCOLS_AVAILABLE"
	CodeInvalidCommand   Code = "ERR_SSL_INVALID_COMMAND"
	CodeNoCiphers        Code = "ERR_SSL_NO_CIPHERS_AVAILABLE"
	CodeNoGroups         Code = "ERR_SSL_NO_SUITABLE_GROUPS"
	CodeKeyTooSmall      Code = "ERR_SSL_EE_KEY_TOO_SMALL"
	CodeCAKeyTooSmall    Code = "ERR_SSL_CA_KEY_TOO_SMALL"
	CodeDigestTooWeak    Code = "ERR_SSL_CA_MD_TOO_WEAK"
	CodeKeyMismatch      Code = "ERR_OSSL_X509_KEY_VALUES_MISMATCH"
	CodeKeyUnsupported   Code = "ERR_OSSL_UNSUPPORTED"
	CodeUnknownKey       Code = "ERR_SSL_UNKNOWN_CERTIFICATE_TYPE"
	CodeContextIDTooLong Code = "ERR_SSL_SSL_SESSION_ID_CONTEXT_TOO_LONG"
)
