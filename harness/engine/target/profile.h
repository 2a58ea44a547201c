/* The target's profile as the driver hands it over (harness/README.md). The driver has checked it against the user's
 * file; here only what the engine needs is read. */
#ifndef TARGET_PROFILE_H
#define TARGET_PROFILE_H

#include <jansson.h>
#include <stddef.h>

struct hook {
	char *name;
	int driver;	 /* the driver performs it */
	char *adhoc; /* node of an ad-hoc command, or NULL */
	struct hook_field {
		char *name, *value; /* value may hold ${peer} */
	} * fields;
	size_t fields_count;
	char *result; /* field of the result form with the answer, or NULL */
};

struct account {
	char *name, *jid, *password;
};

struct profile {
	char *name;
	char **domains;
	size_t domains_count;
	char *off_domain;
	char *c2s_address, *s2s_address;
	int c2s_port, s2s_port;
	int started_by_driver; /* which can start it again, too */
	int s2s_tls;		   /* peers have STARTTLS and certificates */
	int certificates_only; /* the target neither asks nor answers by dialback */
	int direct_tls;		   /* the target takes streams that begin with TLS, at this port (0: the driver will say) ... */
	int direct_tls_port;
	char *tls; /* none, starttls, direct */
	char *ca;
	struct {
		char *address, *secret;
		int port;
		char **domains; /* "*.srv.test": any label before */
		size_t domains_count;
	} component; /* all zero: the target has no port for components */
	char *zone, *peers_address, *dns_address;
	int peers_port, dns_port; /* 0: any free one */
	int srv_names_address;	  /* dns.srv_target is "address" */
	int ipv6;				  /* this machine has ::1; set by who binds */
	int quiet_ms, final_quiet_ms, deadline_ms, start_ms;
	struct account *accounts;
	size_t accounts_count;
	char **claims; /* those that are true */
	size_t claims_count;
	struct hook *hooks;
	size_t hooks_count;
};

/* 0, or ERR_SYNTAX with *error (one line, to free()). json is borrowed. */
int profile_read(struct profile *p, const json_t *json, char **error);
void profile_finish(struct profile *p);
const struct hook *profile_hook(const struct profile *p, const char *name);
const struct account *profile_account(const struct profile *p, const char *name);

/* "claim:X", "hook:X", "account:X", "off_domain", "virtual_hosts", "s2s_tls", "s2s_dialback", "component",
 * "components:2" (domains for so many at once). */
int profile_has(const struct profile *p, const char *what);

#endif
