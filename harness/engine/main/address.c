/* The names of a play: its token, and the addresses of its actors. */
#include "base/mem.h"
#include "main/run.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Different for each play of a run: an odd factor only changes the order of the numbers below a power of two, so no
 * token comes twice before all have come. Random ones met once in a hundred runs, and answers went to the wrong play.
 */
void play_token(char token[TOKEN_CHARS + 1], uint64_t seed, uint64_t number)
{
	static const char digits[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint64_t value = seed + number * 0x9E3779B97F4A7C15u;
	token[0] = 'k'; /* a letter first: the token stands in ids as well */
	for (int i = 1; i < TOKEN_CHARS; i++) {
		token[i] = digits[value & 31];
		value >>= 5;
	}
	token[TOKEN_CHARS] = '\0';
}

/* "Prince of Denmark" gives "princeofdenmark". */
static char *label(const char *name)
{
	char *out = mem_strdup(name);
	size_t n = 0;
	for (const char *c = name; *c; c++) {
		if (isalnum((unsigned char)*c)) {
			out[n++] = (char)tolower((unsigned char)*c);
		}
	}
	out[n] = '\0';
	return out;
}

static char *client_address(const struct run *r, const struct actor *a)
{
	const char *name = actor_class_account(a->class);
	const struct account *account = name ? profile_account(&r->suite->plan.profile, name) : NULL;
	const char *jid = account ? account->jid : a->jid ? a->jid : "";
	return mem_strndup(jid, strcspn(jid, "/"));
}

/* The property `localpart:` as it stands, or that of another actor: "${Bard's localpart}". */
static char *localpart_of(const struct play *p, const char *value)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		const struct actor *other = &p->scenario->cast[i];
		char *form = mem_printf("${%s's localpart}", other->name);
		int same = !strcmp(form, value);
		free(form);
		if (same && actor_class_is_client(other->class)) {
			char *jid = client_address(p->run, other);
			jid[strcspn(jid, "@")] = '\0';
			return jid;
		}
	}
	return mem_strdup(value);
}

/* "subdomain: conference of Marlowe": a domain below that of a peer above; NULL if it is not that. */
static char *subdomain_of(const struct play *p, size_t i)
{
	const char *property = p->scenario->cast[i].subdomain;
	const char *of = property ? strstr(property, " of ") : NULL;
	for (size_t n = 0; of && n < i; n++) {
		if (!strcmp(p->scenario->cast[n].name, of + 4)) {
			return mem_printf("%.*s.%s", (int)(of - property), property, p->links[n].address);
		}
	}
	return NULL;
}

static char *component_address(const struct play *p, size_t i)
{
	const struct profile *profile = &p->run->suite->plan.profile;
	if (!profile->component.domains_count) {
		return mem_strdup(""); /* the play is skipped */
	}
	const char *domain = profile->component.domains[p->links[i].domain];
	if (strncmp(domain, "*.", 2) != 0) {
		return mem_strdup(domain);
	}
	char *name = label(p->scenario->cast[i].name);
	char *fresh = mem_printf("%s-%s%s", name, p->token, domain + 1);
	free(name);
	return fresh;
}

/* The first label of its domain, where DNS is to say something else of it than usual; or NULL. */
static const char *dns_label(const struct actor *a)
{
	static const char *const labels[][2] = {{"no name", DNS_NO_NAME}, {"DNS fails", DNS_FAILURE},
			{"DNS is silent", DNS_SILENCE}, {"closed port", DNS_CLOSED_PORT}, {"black hole", DNS_BLACK_HOLE},
			{"several priorities", DNS_PRIORITIES}, {"closed port first", DNS_CLOSED_FIRST}, {"no SRV", DNS_NO_SRV},
			{"wildcard", DNS_WILDCARD}, {"IPv6", DNS_IPV6}, {"direct TLS", DNS_DIRECT_TLS}};
	const char *value = a->reachable ? a->reachable : a->dns;
	for (size_t i = 0; value && i < sizeof labels / sizeof *labels; i++) {
		if (!strcmp(value, labels[i][0])) {
			return labels[i][1];
		}
	}
	return NULL;
}

char *play_address(const struct play *p, size_t i)
{
	const struct actor *a = &p->scenario->cast[i];
	if (actor_class_is_client(a->class)) {
		return client_address(p->run, a);
	}
	if (a->class == ACTOR_COMPONENT) {
		return component_address(p, i);
	}
	char *below = subdomain_of(p, i);
	if (below) {
		return below;
	}
	char *name = a->localpart ? localpart_of(p, a->localpart) : label(a->name);
	char *address = a->below >= 0			 ? mem_printf("%s.%s", name, p->links[a->below].address)
					: a->class == ACTOR_PEER ? mem_printf("%s-%s.%s", name, p->token, p->run->suite->plan.profile.zone)
											 : mem_printf("%s@%s", name, p->links[a->of].address);
	free(name);
	const char *label = dns_label(a);
	if (label) {
		char *special = mem_printf("%s.%s", label, address);
		free(address);
		return special;
	}
	if (a->subdomain) {
		int target = !strcmp(a->subdomain, "${target}");
		below = mem_printf("%s.%s", target ? p->run->suite->plan.profile.domains[0] : a->subdomain, address);
		free(address);
		return below;
	}
	return address;
}
