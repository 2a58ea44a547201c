/* Error codes of the engine: 0 or negative, from one list that also gives name and text. Verdicts are not errors. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_MAP(X)                                                                                                     \
	X(ERR_SYSTEM, -1, "system call failed")                                                                            \
	X(ERR_SYNTAX, -2, "input does not follow its grammar")                                                             \
	X(ERR_LIMIT, -3, "input exceeds a limit")                                                                          \
	X(ERR_STATE, -4, "operation does not fit the state")                                                               \
	X(ERR_ADDRESS, -5, "address cannot be used")                                                                       \
	X(ERR_TLS, -6, "TLS failed")                                                                                       \
	X(ERR_NOT_FOUND, -7, "no such thing")                                                                              \
	X(ERR_CLOSED, -8, "stream or connection is closed")

enum err {
	ERR_OK = 0,
#define X(name, value, text) name = value,
	ERR_MAP(X)
#undef X
};

/* Name ("ERR_SYNTAX") and text of a code; never NULL. */
const char *err_name(int code);
const char *err_text(int code);

#endif
