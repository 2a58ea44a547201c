#include "main/start.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG 3 /* quiet windows: what has more is not told apart */

static int find_all(const struct suite *s, char **error)
{
	for (size_t i = 0; i < s->plan.select_count; i++) {
		if (!catalogue_find(&s->catalogue, s->plan.select[i])) {
			*error = mem_printf("plan: no scenario '%s'", s->plan.select[i]);
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

static void shuffle(struct play **plays, size_t count, uint64_t seed)
{
	uint64_t random = seed ^ 0x5DEECE66Du;
	for (size_t i = count; i > 1; i--) {
		size_t other = next_random(&random) % i;
		struct play *kept = plays[i - 1];
		plays[i - 1] = plays[other];
		plays[other] = kept;
	}
}

/* How early a play has to begin: what it forbids stays forbidden for a while when it is over. */
static size_t urgency(const struct play *p)
{
	const struct steps *steps = &p->scenario->play;
	size_t windows = turns_windows(steps);
	return (windows < LONG ? windows : LONG) + (turns_forbids(steps) ? LONG + 1 : 0);
}

/* What takes long, or is waited for when it is over, begins first, so that nothing else waits for it at the end; in
 * groups large enough for the seed to matter. */
static void longest_first(struct play **plays, size_t count)
{
	size_t first = 0;
	for (size_t most = 2 * LONG + 1; most > 0; most--) {
		for (size_t i = first; i < count; i++) {
			if (urgency(plays[i]) >= most) {
				struct play *p = plays[i];
				memmove(plays + first + 1, plays + first, (i - first) * sizeof(struct play *));
				plays[first++] = p;
			}
		}
	}
}

/* Every other play of the one goes to the second, which has none as yet. */
static void deal(struct run *r, struct run *second)
{
	size_t kept = 0;
	second->plays = mem_alloc(r->plays_count * sizeof(struct play *));
	for (size_t i = 0; i < r->plays_count; i++) {
		if (i % 2) {
			r->plays[i]->run = second;
			second->plays[second->plays_count++] = r->plays[i];
		} else {
			r->plays[kept++] = r->plays[i];
		}
	}
	r->plays_count = r->parallel_count = kept;
	second->parallel_count = second->plays_count;
}

/* Side by side in an order that the seed decides, then the exclusive ones, group by group in the order of their ids.
 * second: what has half of the first, or NULL. */
static void make_plays(struct suite *s, const enum company *companies, const size_t *instance_of, struct run *second)
{
	for (enum company company = WITH_ALL; company < COMPANIES; company++) {
		struct run *r = s->runs[instance_of[company]];
		for (int repeat = 1; repeat <= s->plan.repeat; repeat++) {
			for (size_t i = 0; i < s->plan.select_count; i++) {
				if (companies[i] == company) {
					const struct scenario *scenario = catalogue_find(&s->catalogue, s->plan.select[i]);
					r->plays = mem_resize(r->plays, r->plays_count + 1, sizeof *r->plays);
					r->plays[r->plays_count++] = play_create(r, scenario, repeat, company);
				}
			}
		}
		if (company == WITH_ALL) {
			r->parallel_count = r->plays_count;
			shuffle(r->plays, r->plays_count, s->plan.seed);
			if (s->plan.repeat == 1) { /* who repeats looks for what the order changes */
				longest_first(r->plays, r->plays_count);
			}
			if (second) {
				deal(r, second);
			}
		}
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
static int make_certificates(struct suite *s, char **error)
{
	const struct profile *profile = &s->plan.profile;
	const char *folder = s->plan.certificates;
	size_t count = 0;
	const char **domains = mem_alloc((profile->domains_count + 1) * sizeof *domains);
	for (; count < profile->domains_count; count++) {
		domains[count] = profile->domains[count];
	}
	if (profile->off_domain) {
		domains[count++] = profile->off_domain;
	}
	s->authority = authority_create();
	struct certificate *own = s->authority ? authority_issue(s->authority, domains, count, CERTIFICATE_RIGHT) : NULL;
	char *ca = mem_printf("%s/ca.pem", folder);
	char *chain = mem_printf("%s/target.crt", folder);
	char *key = mem_printf("%s/target.key", folder);
	int done = own && authority_write(s->authority, ca) == 0 && certificate_write(own, chain, key) == 0;
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

/* Some machines, and containers above all, have no ::1. */
static int has_ipv6(void)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int bound = fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0;
	if (fd >= 0) {
		close(fd);
	}
	return bound;
}

int start_plan(struct suite *s, const char *plan_line, char **error)
{
	int code = plan_read(&s->plan, plan_line, error);
	if (code) {
		return code;
	}
	s->recorder = (struct recorder){.record = record_actor, .ud = s};
	s->journal = journal_create(s->plan.journal);
	if (!s->journal) {
		*error = mem_printf("%s cannot be written: %s", s->plan.journal, strerror(errno));
		return ERR_SYSTEM;
	}
	s->plan.profile.ipv6 = has_ipv6();
	cue_suite(s);
	return s->plan.profile.s2s_tls && make_certificates(s, error) ? ERR_SYSTEM : ERR_OK;
}

static int bind_all(struct run *r, char **error)
{
	struct suite *s = r->suite;
	const struct profile *profile = &s->plan.profile;
	char secret[40];
	snprintf(secret, sizeof secret, "buddycheck-%llx", (unsigned long long)s->plan.seed);
	struct peers_config peers = {.loop = s->loop,
			.listen_address = profile->peers_address,
			.listen_port = profile->peers_port,
			.authority = s->authority,
			.secret = secret,
			.recorder = &s->recorder,
			.callbacks = &play_peers_callbacks,
			.ud = r};
	r->peers = peers_create(&peers, error);
	if (!r->peers) {
		return ERR_SYSTEM;
	}
	struct dns_zone zone = {.name = profile->zone,
			.port = peers_port(r->peers),
			.backup_port = peers_door_port(r->peers, PEER_DOOR_BACKUP),
			.ipv6_port = peers_door_port(r->peers, PEER_DOOR_IPV6),
			.tls_port = peers_door_port(r->peers, PEER_DOOR_TLS),
			.hole_port = peers_hole_port(r->peers),
			.srv_names_address = profile->srv_names_address};
	inet_pton(AF_INET, peers_door_address(r->peers, PEER_DOOR_DEFAULT), &zone.default_address);
	if (inet_pton(AF_INET, profile->peers_address, &zone.address) != 1) {
		*error = mem_printf("profile: peers.address '%s'; expected an IPv4 address", profile->peers_address);
		return ERR_ADDRESS;
	}
	r->dns = dns_create(s->loop, profile->dns_address, profile->dns_port, &zone, on_dns_query, r, error);
	struct sessions_config sessions = {.loop = s->loop,
			.c2s_address = profile->c2s_address,
			.c2s_port = profile->c2s_port,
			.tls = session_tls_named(profile->tls),
			.ca_file = profile->ca,
			.recorder = &s->recorder,
			.callbacks = &play_sessions_callbacks,
			.ud = r};
	r->sessions = r->dns ? sessions_create(&sessions, error) : NULL;
	if (!r->sessions) {
		return ERR_SYSTEM;
	}
	if (profile->component.domains_count) {
		r->domains_held = mem_alloc(profile->component.domains_count * sizeof *r->domains_held);
		r->components = components_create(&(struct components_config){.loop = s->loop,
				.address = profile->component.address,
				.port = profile->component.port,
				.secret = profile->component.secret,
				.recorder = &s->recorder,
				.callbacks = &play_components_callbacks,
				.ud = r});
	}
	r->hooks = hooks_create(r);
	return ERR_OK;
}

int start_run(struct suite *s, char **error)
{
	struct run *r = mem_alloc(sizeof *r);
	*r = (struct run){.suite = s, .instance = s->runs_count};
	s->runs = mem_resize(s->runs, s->runs_count + 1, sizeof *s->runs);
	s->runs[s->runs_count++] = r;
	run_init_timers(r);
	int code = bind_all(r, error);
	if (!code) {
		control_event(json_pack("{s:s, s:i, s:s, s:i, s:s, s:i}", "event", "bound", "instance", (int)r->instance,
				"peers_address", s->plan.profile.peers_address, "peers_port", peers_port(r->peers), "dns_address",
				s->plan.profile.dns_address, "dns_port", dns_port(r->dns)));
	}
	return code;
}

/* The companies of all that was selected, as many runs as they need, and their plays. */
static int spread(struct suite *s, char **error)
{
	enum company *companies = mem_alloc(s->plan.select_count * sizeof *companies);
	int there[COMPANIES] = {0};
	size_t instance_of[COMPANIES] = {0};
	size_t ordinary = 0;
	for (size_t i = 0; i < s->plan.select_count; i++) {
		companies[i] = turns_company(catalogue_find(&s->catalogue, s->plan.select[i]));
		there[companies[i]] = 1;
		ordinary += companies[i] == WITH_ALL;
	}
	size_t two = (size_t)turns_two(&s->plan, ordinary);
	size_t needed = turns_spread(there, (size_t)s->plan.instances - two, instance_of) + two;
	int code = ERR_OK;
	while (!code && s->runs_count < needed) {
		code = start_run(s, error);
	}
	if (!code) {
		make_plays(s, companies, instance_of, two ? s->runs[needed - 1] : NULL);
	}
	free(companies);
	return code;
}

int start_read(struct suite *s, char **error)
{
	if (!s->catalogue_read && catalogue_read(&s->catalogue, s->plan.scenarios_dir)) {
		*error = mem_printf("%s: %s", s->plan.scenarios_dir, strerror(errno));
		return ERR_NOT_FOUND;
	}
	if (s->catalogue.problems.count) {
		const struct problem *p = &s->catalogue.problems.items[0];
		*error = mem_printf("%s:%d:%d: %s", p->file, p->line, p->column, p->message);
		return ERR_SYNTAX;
	}
	int code = find_all(s, error);
	return code ? code : spread(s, error);
}

static void undo_run(struct run *r)
{
	if (r->hooks) {
		hooks_destroy(r->hooks);
	}
	pool_finish(&r->pool);
	commands_finish(r);
	sessions_destroy(r->sessions);
	components_destroy(r->components);
	peers_destroy(r->peers);
	dns_destroy(r->dns);
	for (size_t i = 0; i < r->plays_count; i++) {
		play_destroy(r->plays[i]);
	}
	free(r->plays);
	free(r->domains_held);
	loss_finish(r);
}

void start_undo(struct suite *s)
{
	for (size_t i = 0; i < s->runs_count; i++) {
		undo_run(s->runs[i]);
	}
	authority_destroy(s->authority);
	control_destroy(s->control);
	free(s->abort_reason);
	journal_destroy(s->journal);
	s->journal = NULL;
	catalogue_finish(&s->catalogue);
	plan_finish(&s->plan);
}

void start_free(struct suite *s)
{
	for (size_t i = 0; i < s->runs_count; i++) {
		free(s->runs[i]);
	}
	free(s->runs);
}
