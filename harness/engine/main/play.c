/* One performance: its life from the first event to its result. */
#include "base/mem.h"
#include "main/run.h"

#include <stdlib.h>
#include <string.h>

#define EXCERPT 600

static int has(void *ud, const char *what)
{
	const struct suite *s = ud;
	return profile_has(&s->plan.profile, what);
}

static uint64_t patient(const struct suite *s, int ms)
{
	return (uint64_t)((double)ms * 1000.0 * s->plan.patience);
}

void suite_config(const struct suite *s, struct player_config *config)
{
	const struct profile *profile = &s->plan.profile;
	const struct hook *approve = profile_hook(profile, "approve");
	*config = (struct player_config){.catalogue = &s->catalogue,
			.target = profile->domains[0],
			.target2 = profile->domains_count > 1 ? profile->domains[1] : NULL,
			.off = profile->off_domain,
			.approval_command = approve ? approve->adhoc : NULL,
			.quiet = patient(s, profile->quiet_ms),
			.deadline = patient(s, profile->deadline_ms),
			.rerun = s->plan.rerun,
			.has = has,
			.ud = (void *)s};
}

struct play *play_create(struct run *r, const struct scenario *s, int repeat, enum company company)
{
	struct play *p = mem_alloc(sizeof *p);
	*p = (struct play){.run = r, .scenario = s, .repeat = repeat, .company = company};
	play_token(p->token, r->suite->plan.seed, r->suite->tokens++);
	p->links = mem_alloc(s->cast_count * sizeof *p->links);
	const char **addresses = mem_alloc(s->cast_count * sizeof *addresses);
	for (size_t i = 0; i < s->cast_count; i++) {
		p->links[i] = (struct seat_link){.play = p, .actor = (int)i};
		if (s->cast[i].class == ACTOR_COMPONENT && r->suite->plan.profile.component.domains_count) {
			p->links[i].domain = r->domains_given++ % r->suite->plan.profile.component.domains_count;
		}
		addresses[i] = p->links[i].address = play_address(p, i);
	}
	struct player_config config;
	suite_config(r->suite, &config);
	config.scenario = s;
	config.token = p->token;
	config.addresses = addresses;
	p->player = player_create(&config);
	free(addresses);
	return p;
}

static void secure(struct peer *peer, const struct actor *a)
{
	const char *tls = a->tls ? a->tls : "";
	int flaw = a->certificate ? certificate_flaw_find(a->certificate) : CERTIFICATE_RIGHT;
	peer_secure(peer, &(struct peer_security){.tls = !strcmp(tls, "none")		? PEER_TLS_NONE
													 : !strcmp(tls, "required") ? PEER_TLS_REQUIRED
																				: PEER_TLS_OFFERED,
							  .at_most_1_2 = !strcmp(tls, "1.2"),
							  .certificate = flaw < 0 ? CERTIFICATE_RIGHT : (enum certificate_flaw)flaw,
							  .dialback_only = a->authentication != NULL,
							  .direct = a->connects != NULL,
							  .bidi = a->bidi != NULL});
}

void play_begin(struct play *p)
{
	p->begun = 1;
	p->run->active++;
	turns_claim(p);
	int attempt = 1;
	for (const struct play *before = p->before; before; before = before->before) {
		attempt++;
	}
	uv_timer_init(p->run->suite->loop, &p->timer);
	p->timer.data = p;
	p->timer_open = 1;
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		if (p->scenario->cast[i].class == ACTOR_PEER) {
			p->links[i].peer = peer_create(p->run->peers, p->links[i].address, &p->links[i]);
			peer_refuse(p->links[i].peer, p->scenario->cast[i].dialback);
			peer_behave(p->links[i].peer, &(struct peer_manner){.before_1_0 = p->scenario->cast[i].version != NULL,
												  .trickles = p->scenario->cast[i].writes != NULL});
			secure(p->links[i].peer, &p->scenario->cast[i]);
		}
	}
	control_event_soon(json_pack("{s:s, s:s, s:i, s:i}", "event", "begin", "scenario", p->scenario->id, "repeat",
			p->repeat, "attempt", attempt));
	char *which = attempt > 1 ? mem_printf("attempt %d", attempt) : NULL;
	cue_start(p, which);
	p->quiet = hasty_quiet(p->run->suite);
	if (p->run->suite->hasty.quiet) {
		cue_quiet(p, p->quiet);
	}
	free(which);
	if (!player_is_over(p->player)) { /* what is skipped does nothing to the target */
		p->run->lone = p->run->since_start++ ? NULL : p;
	}
	play_pump(p);
}

/* The play is over. */
static void leave(struct play *p)
{
	p->reported = 1;
	p->run->active--;
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		if (turns_lends_domain(&p->links[i])) {
			play_release(p, &p->links[i]);
		}
		turns_let_go(&p->links[i]);
	}
}

void play_pump(struct play *p)
{
	if (p->pumping || !p->begun || p->ended) {
		return;
	}
	p->pumping = 1;
	play_perform_all(p);
	p->pumping = 0;
	hasty_note(p);
	deadlines_watch(p);
	play_release_early(p);
	int over = player_is_over(p->player) && !p->reported;
	if (over) {
		leave(p);
	}
	waits_note(p);
	if (over) {
		control_event_soon(json_pack("{s:s, s:s, s:i, s:s}", "event", "judged", "scenario", p->scenario->id, "repeat",
				p->repeat, "verdict", verdict_text(player_result(p->player)->verdict)));
		run_play_over(p->run, p);
	}
}

void play_disconnect_peers(struct play *p)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		if (p->links[i].peer) {
			peer_disconnect(p->links[i].peer, 0);
		}
	}
}

void play_end(struct play *p, const char *why, enum verdict verdict)
{
	if (!p->begun || p->ended) {
		return;
	}
	if (!p->reported) {
		leave(p);
	}
	cue_end(p, why, verdict);
	p->ended = 1;
	waits_note(p);
	journal_note(p->run, p, -1, "end-of-play", verdict_text(player_result(p->player)->verdict));
	struct result *result = (struct result *)player_result(p->player);
	result->journal_first = p->journal_first;
	result->journal_last = p->journal_last;
	hooks_forget_play(p->run->hooks, p);
	uv_close((uv_handle_t *)&p->timer, NULL);
	p->timer_open = 0;
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		play_release(p, &p->links[i]);
	}
	play_disconnect_peers(p);
}

void play_destroy(struct play *p)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		free(p->links[i].address);
		free(p->links[i].account);
	}
	for (size_t i = 0; i < LAST_SENT; i++) {
		free(p->sent[i].excerpt);
	}
	free(p->links);
	player_destroy(p->player);
	free(p);
}

void play_note_sent(struct play *p, int actor, int line, const char *data, size_t len)
{
	struct sent *slot = &p->sent[p->sent_count++ % LAST_SENT];
	free(slot->excerpt);
	*slot = (struct sent){actor, line, mem_strndup(data, len < EXCERPT ? len : EXCERPT), len};
	p->sent_last = line;
}

void play_lost(struct play *p, const char *reason, enum verdict verdict)
{
	struct buf detail = {0};
	size_t first = p->sent_count > LAST_SENT ? p->sent_count - LAST_SENT : 0;
	for (size_t i = first; i < p->sent_count; i++) {
		const struct sent *s = &p->sent[i % LAST_SENT];
		buf_printf(&detail, "%s%s, line %d of the journal: %s", i == first ? "the last stanzas to the target:\n" : "\n",
				p->scenario->cast[s->actor].name, s->line, s->excerpt);
		if (s->octets > EXCERPT) {
			buf_printf(&detail, "... (%zu octets)", s->octets);
		}
	}
	cue_lost(p, reason, buf_text(&detail), verdict);
	buf_finish(&detail);
	play_end(p, reason, verdict);
}

/* The play whose peers an octet run names: their domains hold its token. */
struct play *play_by_token(struct run *r, const char *raw, size_t len)
{
	char *zone = mem_printf(".%s", r->suite->plan.profile.zone);
	const char *at = memmem(raw, len, zone, strlen(zone));
	struct play *found = NULL;
	if (at && at - raw >= TOKEN_CHARS) {
		for (size_t i = 0; i < r->plays_count && !found; i++) {
			if (!memcmp(at - TOKEN_CHARS, r->plays[i]->token, TOKEN_CHARS)) {
				found = r->plays[i];
			}
		}
	}
	free(zone);
	return found;
}

/* Before the player hears that a connection was lost. */
void play_doubt(struct play *p)
{
	p->doubtful |= !p->reported && !p->run->target_stopping;
	p->run->check_again |= p->run->checking; /* the question was put before */
}
