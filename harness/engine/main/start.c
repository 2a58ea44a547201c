#include "main/start.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int find_all(struct run *r, char **error)
{
	for (size_t i = 0; i < r->plan.select_count; i++) {
		if (!catalogue_find(&r->catalogue, r->plan.select[i])) {
			*error = mem_printf("plan: no scenario '%s'", r->plan.select[i]);
			return ERR_NOT_FOUND;
		}
	}
	return ERR_OK;
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Side by side in an order that the seed decides, then the exclusive ones, group by group in the order of their ids. */
static void make_plays(struct run *r)
{
	size_t n = r->plan.select_count * (size_t)r->plan.repeat;
	r->plays = mem_alloc(n * sizeof *r->plays);
	for (enum company company = WITH_ALL; company <= LAST; company++) {
		for (int repeat = 1; repeat <= r->plan.repeat; repeat++) {
			for (size_t i = 0; i < r->plan.select_count; i++) {
				const struct scenario *s = catalogue_find(&r->catalogue, r->plan.select[i]);
				if (turns_company(s) == company) {
					r->plays[r->plays_count++] = play_create(r, s, repeat, company);
				}
			}
		}
		if (company == WITH_ALL) {
			r->parallel_count = r->plays_count;
		}
	}
}

static void shuffle(const struct run *r, struct play **plays, size_t count)
{
	uint64_t random = r->plan.seed ^ 0x5DEECE66Du;
	for (size_t i = count; i > 1; i--) {
		size_t other = next_random(&random) % i;
		struct play *kept = plays[i - 1];
		plays[i - 1] = plays[other];
		plays[other] = kept;
	}
}

static void on_dns_query(void *ud, const char *name, int type)
{
	struct run *r = ud;
	char *detail = mem_printf("%s type %d", name, type);
	struct play *p = play_by_token(r, name, strlen(name));
	journal_note(r, p, -1, "dns", detail);
	free(detail);
}

/* An authority of this run, its certificate and one of the target's for all its domains, where the target can read
 * them. */
static int make_certificates(struct run *r, char **error)
{
	const struct profile *profile = &r->plan.profile;
	const char *folder = r->plan.certificates;
	size_t count = 0;
	const char **domains = mem_alloc((profile->domains_count + 1) * sizeof *domains);
	for (; count < profile->domains_count; count++) {
		domains[count] = profile->domains[count];
	}
	if (profile->off_domain) {
		domains[count++] = profile->off_domain;
	}
	r->authority = authority_create();
	struct certificate *own = r->authority ? authority_issue(r->authority, domains, count, CERTIFICATE_RIGHT) : NULL;
	char *ca = mem_printf("%s/ca.pem", folder);
	char *chain = mem_printf("%s/target.crt", folder);
	char *key = mem_printf("%s/target.key", folder);
	int done = own && authority_write(r->authority, ca) == 0 && certificate_write(own, chain, key) == 0;
	if (!done) {
		*error = mem_printf("cannot make certificates for the target in %s: %s", folder, strerror(errno));
	}
	certificate_destroy(own);
	free(domains);
	free(ca);
	free(chain);
	free(key);
	return done ? ERR_OK : ERR_SYSTEM;
}

int start_bind(struct run *r, const char *plan_line, char **error)
{
	int code = plan_read(&r->plan, plan_line, error);
	if (code) {
		return code;
	}
	r->journal = journal_create(r->plan.journal);
	if (!r->journal) {
		*error = mem_printf("%s cannot be written: %s", r->plan.journal, strerror(errno));
		return ERR_SYSTEM;
	}
	const struct profile *profile = &r->plan.profile;
	if (profile->s2s_tls && make_certificates(r, error)) {
		return ERR_SYSTEM;
	}
	char secret[40];
	snprintf(secret, sizeof secret, "buddycheck-%llx", (unsigned long long)r->plan.seed);
	r->recorder = (struct recorder){.record = record_actor, .ud = r};
	struct peers_config peers = {.loop = r->loop,
			.listen_address = profile->peers_address,
			.listen_port = profile->peers_port,
			.authority = r->authority,
			.secret = secret,
			.recorder = &r->recorder,
			.callbacks = &play_peers_callbacks,
			.ud = r};
	r->peers = peers_create(&peers, error);
	if (!r->peers) {
		return ERR_SYSTEM;
	}
	struct dns_zone zone = {
			.name = profile->zone, .port = peers_port(r->peers), .srv_names_address = profile->srv_names_address};
	if (inet_pton(AF_INET, profile->peers_address, &zone.address) != 1) {
		*error = mem_printf("profile: peers.address '%s'; expected an IPv4 address", profile->peers_address);
		return ERR_ADDRESS;
	}
	r->dns = dns_create(r->loop, profile->dns_address, profile->dns_port, &zone, on_dns_query, r, error);
	struct sessions_config sessions = {.loop = r->loop,
			.c2s_address = profile->c2s_address,
			.c2s_port = profile->c2s_port,
			.tls = session_tls_named(profile->tls),
			.ca_file = profile->ca,
			.recorder = &r->recorder,
			.callbacks = &play_sessions_callbacks,
			.ud = r};
	r->sessions = r->dns ? sessions_create(&sessions, error) : NULL;
	if (!r->sessions) {
		return ERR_SYSTEM;
	}
	r->hooks = hooks_create(r);
	return ERR_OK;
}

int start_read(struct run *r, char **error)
{
	if (catalogue_read(&r->catalogue, r->plan.scenarios_dir)) {
		*error = mem_printf("%s: %s", r->plan.scenarios_dir, strerror(errno));
		return ERR_NOT_FOUND;
	}
	if (r->catalogue.problems.count) {
		const struct problem *p = &r->catalogue.problems.items[0];
		*error = mem_printf("%s:%d:%d: %s", p->file, p->line, p->column, p->message);
		return ERR_SYNTAX;
	}
	int code = find_all(r, error);
	if (!code) {
		make_plays(r);
		shuffle(r, r->plays, r->parallel_count);
	}
	return code;
}

void start_undo(struct run *r)
{
	if (r->hooks) {
		hooks_destroy(r->hooks);
	}
	pool_finish(&r->pool);
	sessions_destroy(r->sessions);
	peers_destroy(r->peers);
	authority_destroy(r->authority);
	dns_destroy(r->dns);
	control_destroy(r->control);
	for (size_t i = 0; i < r->plays_count; i++) {
		play_destroy(r->plays[i]);
	}
	free(r->plays);
	loss_finish(r);
	free(r->abort_step);
	free(r->abort_reason);
	journal_destroy(r->journal);
	r->journal = NULL;
	catalogue_finish(&r->catalogue);
	plan_finish(&r->plan);
}
