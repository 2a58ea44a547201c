#include "base/err.h"

const char *err_name(int code)
{
	switch (code) {
#define X(name, value, text)                                                                                           \
	case name:                                                                                                         \
		return #name;
		ERR_MAP(X)
#undef X
	default:
		return "ERR_OK";
	}
}

const char *err_text(int code)
{
	switch (code) {
#define X(name, value, text)                                                                                           \
	case name:                                                                                                         \
		return text;
		ERR_MAP(X)
#undef X
	default:
		return "no error";
	}
}
