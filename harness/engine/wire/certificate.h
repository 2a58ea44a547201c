/* Certificates of servers with their keys: read from PEM files, or issued by an authority of our own, wrong ones too.
 *
 * Certificates and authorities are counted by OpenSSL where a connection uses them: they may be destroyed before it. */
#ifndef WIRE_CERTIFICATE_H
#define WIRE_CERTIFICATE_H

#include <stddef.h>

#define CERTIFICATE_FLAW_MAP(X)                                                                                        \
	X(CERTIFICATE_RIGHT, "right")                                                                                      \
	X(CERTIFICATE_EXPIRED, "expired")			 /* since yesterday */                                                 \
	X(CERTIFICATE_NOT_YET, "not yet valid")		 /* from tomorrow */                                                   \
	X(CERTIFICATE_SELF_SIGNED, "self-signed")	 /* by its own key, in its own name */                                 \
	X(CERTIFICATE_STRANGER, "unknown authority") /* by an authority that nobody was told of */                         \
	X(CERTIFICATE_WRONG_NAME, "wrong name")		 /* a different domain of the same parent domain */                    \
	X(CERTIFICATE_WRONG_USAGE, "wrong usage")	 /* for signing code (RFC 5280 section 4.2.1.12) */

enum certificate_flaw {
#define X(name, text) name,
	CERTIFICATE_FLAW_MAP(X)
#undef X
};

/* The flaw of that name, or -1. */
int certificate_flaw_find(const char *text);

struct certificate; /* with its key */
struct authority;	/* what certificates are checked with; issues some where it has its key */

/* NULL where the files cannot be used. */
struct certificate *certificate_read(const char *chain_file, const char *key_file);
void certificate_destroy(struct certificate *c); /* NULL is allowed */

/* A new one, with a key. NULL if OpenSSL fails. */
struct authority *authority_create(void);
/* Certificates of a file, without keys. NULL where it cannot be used. */
struct authority *authority_read(const char *file);
void authority_destroy(struct authority *a); /* NULL is allowed */

/* For these domains (dNSName, RFC 6120 section 13.7.1.2), as client and as server. Of an authority with its key only;
 * NULL if OpenSSL fails, as for a name that is no domain. */
struct certificate *authority_issue(
		const struct authority *a, const char *const *domains, size_t count, enum certificate_flaw flaw);

/* The authority's own certificate; a certificate and its key. PEM, readable by this user only. 0 or ERR_SYSTEM. */
int authority_write(const struct authority *a, const char *file);
int certificate_write(const struct certificate *c, const char *file, const char *key_file);

#endif
