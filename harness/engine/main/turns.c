/* Which play begins next. What only waits for time does not count: other plays may begin meanwhile. But the target is
 * not asked by more than a few at once, on all its instances together, or the last of them would hear from a slow one
 * after its deadline; and each client is a login, which costs more than the rest of a scenario, so plays take turns
 * with a few sessions for each account. */
#include "main/run.h"

#include <string.h>

#define ASKING 20 /* plays at once */
#define CLIENTS 8 /* of one account at once */
#define MANY 100  /* ordinary plays, which have two instances */
#define SEVERAL 4 /* instances: those that are left are enough for the groups */

static const struct {
	const char *hooks; /* what their names begin with */
	enum company company;
} companies[] = {
		{"restart", WITH_RESTARTS},
		{"kill", WITH_KILLS},
		{"function_", WITH_FUNCTION},
		{"auto_", WITH_AUTO},
		{"store_", LAST},
};

static enum company hook_company(const char *hook)
{
	for (size_t i = 0; i < sizeof companies / sizeof *companies; i++) {
		if (!strncmp(hook, companies[i].hooks, strlen(companies[i].hooks))) {
			return companies[i].company;
		}
	}
	return ALONE;
}

static void note_hook(void *ud, const struct step *step)
{
	enum company *company = ud;
	if (step->kind != STEP_HOOK || !hook_touches_others(step->hook)) {
		return;
	}
	enum company own = hook_company(step->hook);
	if (*company == WITH_ALL || *company == own) {
		*company = own;
	} else {
		*company = *company == LAST || own == LAST ? LAST : ALONE;
	}
}

enum company turns_company(const struct scenario *s)
{
	if (!s->exclusive) {
		return WITH_ALL;
	}
	enum company company = WITH_ALL;
	steps_each(&s->play, note_hook, &company);
	return company == WITH_ALL ? ALONE : company;
}

size_t turns_windows(const struct steps *steps)
{
	size_t windows = 0;
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];
		/* An either may wait for one, too, before it takes an answer for a silence, and what follows an end for the
		 * target to notice it. */
		size_t own = step->kind == STEP_NOTHING || step->kind == STEP_EITHER || step->kind == STEP_DISCONNECT ||
					 step->kind == STEP_RESET;
		size_t inner = 0;
		for (size_t b = 0; b < step->branches_count; b++) {
			size_t branch = turns_windows(&step->branches[b]);
			inner = branch > inner ? branch : inner;
		}
		windows += own + inner;
	}
	return windows;
}

int turns_forbids(const struct steps *steps)
{
	int forbids = 0;
	for (size_t i = 0; i < steps->count && !forbids; i++) {
		const struct step *step = &steps->items[i];
		forbids = step->kind == STEP_NOTHING || step->kind == STEP_NEVER;
		for (size_t b = 0; b < step->branches_count && !forbids; b++) {
			forbids = turns_forbids(&step->branches[b]);
		}
	}
	return forbids;
}

uint64_t turns_settling(uint64_t now, uint64_t forbade, uint64_t final_quiet, uint64_t quiet)
{
	uint64_t rest = forbade && forbade + final_quiet > now ? forbade + final_quiet - now : 0;
	return rest > quiet ? rest : quiet;
}

/* The first group has the first instance for itself: it is what plays side by side, if anything does. The others follow
 * each other on the rest, in their order. */
size_t turns_spread(const int there[COMPANIES], size_t instances, size_t instance_of[COMPANIES])
{
	size_t groups = 0;
	for (size_t i = 0; i < COMPANIES; i++) {
		groups += (size_t)(there[i] != 0);
	}
	size_t needed = groups < instances ? groups : instances;
	size_t group = 0;
	for (size_t i = 0; i < COMPANIES; i++) {
		if (there[i]) {
			instance_of[i] = !group || needed < 2 ? 0 : 1 + (group - 1) * (needed - 1) / (groups - 1);
			group++;
		}
	}
	return needed;
}

/* Each has sessions and rosters of its own, and may have a processor of its own. */
int turns_two(const struct plan *plan, size_t ordinary)
{
	return plan->jobs == 0 && plan->instances >= SEVERAL && ordinary >= MANY;
}

/* Each repetition for itself: it is to be what a single run is, and ten times as many sessions at once are not. */
int turns_share(const struct play *first, const struct play *other)
{
	return first->company < ALONE && other->company == first->company && other->repeat == first->repeat;
}

/* A login of its own takes nothing from others, but where an administrator has one command at a time. */
static int shares(const struct run *r, const struct actor *a)
{
	return actor_class_account(a->class) && (!a->resource || r->commands.one);
}

int turns_lends_domain(const struct seat_link *link)
{
	const struct profile *profile = &link->play->run->suite->plan.profile;
	return link->play->scenario->cast[link->actor].class == ACTOR_COMPONENT && profile->component.domains_count &&
		   *profile->component.domains[link->domain] != '*';
}

int turns_has_domains(const struct play *p)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		if (turns_lends_domain(&p->links[i]) && p->run->domains_held[p->links[i].domain]) {
			return 0;
		}
	}
	return 1;
}

void turns_claim(struct play *p)
{
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		const struct actor *a = &p->scenario->cast[i];
		if (turns_lends_domain(&p->links[i])) {
			p->links[i].claims = 1;
			p->run->domains_held[p->links[i].domain] = 1;
		} else if (shares(p->run, a)) {
			p->links[i].claims = 1;
			p->run->claims[a->class]++;
		}
	}
}

void turns_let_go(struct seat_link *link)
{
	struct run *r = link->play->run;
	if (link->component) {
		return; /* its stream is still ending */
	}
	if (link->claims && turns_lends_domain(link)) {
		link->claims = 0;
		r->domains_held[link->domain] = 0;
		run_wake(r);
	} else if (link->claims) {
		link->claims = 0;
		r->claims[link->play->scenario->cast[link->actor].class]--;
		run_wake(r);
	}
}

/* A play has all that it needs before it begins: none ever waits for a session that another one holds. */
static int has_clients(const struct run *r, const struct play *p)
{
	size_t wanted[ACTOR_CLASSES] = {0};
	for (size_t i = 0; i < p->scenario->cast_count; i++) {
		const struct actor *a = &p->scenario->cast[i];
		wanted[a->class] += (size_t)shares(r, a);
	}
	for (size_t class = 0; class < ACTOR_CLASSES; class ++) {
		size_t most = r->commands.one ? 1 : CLIENTS;
		if (wanted[class] && r->claims[class] && r->claims[class] + wanted[class] > most) {
			return 0;
		}
	}
	return 1;
}

/* Where two instances have ordinary plays neither takes all the turns. */
static int takes_its_share(const struct run *r)
{
	size_t begin = 0;
	for (size_t i = 0; i < r->suite->runs_count; i++) {
		begin += (size_t)(r->suite->runs[i]->next < r->suite->runs[i]->parallel_count);
	}
	return begin > 1 && r->waits.busy >= ASKING / begin;
}

struct play *turns_take(struct run *r)
{
	const struct play *before = r->next ? r->plays[r->next - 1] : NULL;
	int full = r->suite->plan.jobs > 0 ? r->active >= (size_t)r->suite->plan.jobs
									   : r->suite->waits.asking >= ASKING || takes_its_share(r);
	if (full || r->next == r->parallel_count) {
		return NULL;
	}
	if (r->plays[r->next]->company == ALONE || (before && before->company == ALONE)) {
		return r->active || !turns_has_domains(r->plays[r->next]) ? NULL : r->plays[r->next];
	}
	for (size_t i = r->next; i < r->parallel_count && r->plays[i]->company != ALONE; i++) {
		struct play *p = r->plays[i];
		if (has_clients(r, p) && turns_has_domains(p)) {
			/* Those that it passes by keep their order: the long ones would be the last otherwise. */
			memmove(r->plays + r->next + 1, r->plays + r->next, (i - r->next) * sizeof(struct play *));
			r->plays[r->next] = p;
			return p;
		}
	}
	return NULL;
}
