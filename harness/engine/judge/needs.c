/* What a play needs of the target's profile: where it is missing, the play is skipped. */
#include "base/mem.h"
#include "judge/player_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int has(const struct player *p, const char *kind, const char *name)
{
	char *what = mem_printf("%s%s", kind, name);
	int found = p->config.has(p->config.ud, what);
	free(what);
	return found;
}

int has_hook(struct player *p, const struct step *step)
{
	if (has(p, "hook:", step->hook)) {
		return 1;
	}
	if (step->kind == STEP_HOOK) {
		result_trouble(&p->result, VERDICT_SKIP, "the profile has no hook '%s'", step->hook);
	}
	return 0;
}

/* What the play is sure to call. Hooks in a branch are missed when the branch is played, questions leave only their own
 * checks undecided: a target without a roster dump is still judged by what it sends. */
static void check_hooks(struct player *p)
{
	const struct steps *play = &p->config.scenario->play;
	for (size_t i = 0; i < play->count; i++) {
		if (play->items[i].kind == STEP_HOOK) {
			has_hook(p, &play->items[i]);
		}
	}
}

/* A target that does not ask our DNS for addresses is led to them by SRV records only. */
static void check_dns(struct player *p)
{
	static const char *const by_address[] = {"no SRV", "wildcard", "IPv6"};
	const struct scenario *s = p->config.scenario;
	for (size_t i = 0; i < s->cast_count; i++) {
		const char *dns = s->cast[i].dns ? s->cast[i].dns : "";
		for (size_t n = 0; n < sizeof by_address / sizeof *by_address; n++) {
			if (!strcmp(dns, by_address[n]) && !has(p, "", "dns_addresses")) {
				result_trouble(&p->result, VERDICT_SKIP, "the profile's target does not ask buddycheck for addresses");
			}
		}
		if (!strcmp(dns, "direct TLS") && !has(p, "", "s2s_tls")) {
			result_trouble(&p->result, VERDICT_SKIP, "needs TLS between servers, which the profile does not have");
		}
		if (!strcmp(dns, "IPv6") && !has(p, "", "ipv6")) {
			result_trouble(&p->result, VERDICT_SKIP, "this machine has no address ::1");
		}
	}
}

static int has_components(const struct player *p, size_t count)
{
	char number[24];
	snprintf(number, sizeof number, "%zu", count);
	return has(p, "components:", number);
}

void needs_check(struct player *p)
{
	const struct scenario *s = p->config.scenario;
	for (size_t i = 0; i < s->needs_count; i++) {
		const char *n = s->needs[i];
		if (!has(p, "", n) && !has(p, "claim:", n) && !has(p, "hook:", n) && !has(p, "account:", n)) {
			result_trouble(&p->result, VERDICT_SKIP, "needs %s, which the profile does not have", n);
		}
	}
	size_t components = 0;
	for (size_t i = 0; i < s->cast_count; i++) {
		components += s->cast[i].class == ACTOR_COMPONENT;
		const char *account = actor_class_account(s->cast[i].class);
		if (account && !has(p, "account:", account)) {
			result_trouble(&p->result, VERDICT_SKIP, "the profile has no account '%s'", account);
		}
		const struct actor *a = &s->cast[i];
		if ((a->tls || a->certificate || a->authentication) && !has(p, "", "s2s_tls")) {
			result_trouble(&p->result, VERDICT_SKIP, "needs TLS between servers, which the profile does not have");
		}
	}
	if (components && !has(p, "", "component")) {
		result_trouble(&p->result, VERDICT_SKIP, "needs a component, for which the profile has no port");
	} else if (components > 1 && !has_components(p, components)) {
		result_trouble(&p->result, VERDICT_SKIP, "needs %zu components, for which the profile has too few domains",
				components);
	}
	for (size_t i = 0; i < s->cast_count; i++) {
		if (s->cast[i].connects && !has(p, "", "s2s_direct_tls_port")) {
			result_trouble(&p->result, VERDICT_SKIP, "the profile has no port for direct TLS ([s2s] direct_tls_port)");
		}
	}
	check_dns(p);
	if (strstr(s->expanded, "${target2}") && !p->config.target2) {
		result_trouble(&p->result, VERDICT_SKIP, "the profile names no second domain");
	}
	if (strstr(s->expanded, "${off}") && !p->config.off) {
		result_trouble(&p->result, VERDICT_SKIP, "the profile names no domain with the function off");
	}
	if (strstr(s->expanded, "${approval command}") && !p->config.approval_command) {
		result_trouble(&p->result, VERDICT_SKIP, "the profile's hook 'approve' is no ad-hoc command");
	}
	check_hooks(p);
}
