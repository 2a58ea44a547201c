/* main/turns: who may run with whom, and which play begins next. */
#include "base/mem.h"
#include "main/run.h"
#include "run.h"
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum company company(const char *tags, const char *play)
{
	struct stage_set set = {.tags = tags};
	struct stage *st = stage_set_up(&set, play);
	enum company found = turns_company(st->scenario);
	stage_close(st);
	return found;
}

#define EXCLUSIVE "## exclusive\n"
#define PEERS "\nMarlowe connects\n\nKyd connects\n"
#define SWITCH(on, off) "the target accepts requests " on "\n\n" PEERS "\nthe target accepts requests " off "\n"

START_TEST(who_runs_with_whom)
{
	ck_assert_int_eq(company("", "Bard connects\n" PEERS), WITH_ALL);
	ck_assert_int_eq(company(EXCLUSIVE, "Bard connects\n" PEERS "\nthe target restarts\n"), WITH_RESTARTS);
	ck_assert_int_eq(company(EXCLUSIVE, "Bard connects\n" PEERS "\nthe target is killed\n"), WITH_KILLS);
	ck_assert_int_eq(company(EXCLUSIVE, "Bard connects\n\n" SWITCH("automatically", "manually")), WITH_AUTO);
	ck_assert_int_eq(company(EXCLUSIVE, "Bard connects\n" PEERS), ALONE);
	ck_assert_int_eq(
			company(EXCLUSIVE, "Bard connects\n\n" SWITCH("automatically", "manually") "\nthe target restarts\n"),
			ALONE);
	ck_assert_int_eq(company(EXCLUSIVE, "Bard connects\n" PEERS
										"\nthe target cannot write its store\n\nthe target can write its store again\n"
										"\nthe target restarts\n"),
			LAST);
}
END_TEST

START_TEST(who_shares_a_restart)
{
	struct play one = {.company = WITH_RESTARTS, .repeat = 1};
	struct play same = {.company = WITH_RESTARTS, .repeat = 1};
	struct play again = {.company = WITH_RESTARTS, .repeat = 2};
	struct play killer = {.company = WITH_KILLS, .repeat = 1};
	struct play lone = {.company = ALONE, .repeat = 1};
	ck_assert(turns_share(&one, &same));
	ck_assert(!turns_share(&one, &again));
	ck_assert(!turns_share(&one, &killer));
	ck_assert(!turns_share(&lone, &lone));
}
END_TEST

static const struct {
	const char *play;
	size_t windows;
	int forbids;
} lengths[] = {
		{"Bard connects\n", 0, 0},
		{"Bard connects\n\nMarlowe receives: nothing\n", 1, 1},
		{"Bard connects\n\nMarlowe receives: nothing\n\nKyd receives: nothing\n", 2, 1},
		{"Bard connects\n\nMarlowe disconnects\n\nKyd resets\n", 2, 0},
		{"Bard connects\n\nMarlowe never receives:\n\t<presence/>\n", 0, 1},
		{"Bard connects\n\neither:\n\tMarlowe receives:\n\t\t<presence/>\n\tKyd receives: nothing\n"
		 "or:\n\tMarlowe receives:\n\t\t<message/>\n\tKyd receives: nothing\n\tMarlowe receives: nothing\n",
				3, 1},
		{"Bard connects\n\neither:\n\tMarlowe receives:\n\t\t<presence/>\nor:\n\tMarlowe receives:\n\t\t<iq/>\n", 1, 0},
};

START_TEST(quiet_windows_of_a_play)
{
	struct stage *st = stage_set_up(&(struct stage_set){0}, lengths[_i].play);
	ck_assert_uint_eq(turns_windows(&st->scenario->play), lengths[_i].windows);
	ck_assert_int_eq(turns_forbids(&st->scenario->play), lengths[_i].forbids);
	stage_close(st);
}
END_TEST

START_TEST(prohibitions_hold_for_the_final_quiet_window)
{
	ck_assert_uint_eq(turns_settling(1000, 1000, 300, 60), 300);
	ck_assert_uint_eq(turns_settling(1000, 900, 300, 60), 200);
	ck_assert_uint_eq(turns_settling(1000, 750, 300, 60), 60);
	ck_assert_uint_eq(turns_settling(1000, 100, 300, 60), 60);
	ck_assert_uint_eq(turns_settling(200, 0, 300, 60), 60);
	ck_assert_uint_eq(turns_settling(1000, 1000, 300, 400), 400);
}
END_TEST

/* Companies: a all, r restarts, k kills, f function, u auto, 1 alone, z last. Where each goes, in this order. */
static const struct {
	const char *there;
	size_t instances;
	const char *where;
	size_t needed;
} spreads[] = {
		{"arkfu1z", 1, "0000000", 1},
		{"arkfu1z", 2, "0111111", 2},
		{"arkfu1z", 3, "0111222", 3},
		{"arkfu1z", 4, "0112233", 4},
		{"arkfu1z", 8, "0123456", 7},
		{"a", 3, "0", 1},
		{"r", 3, "0", 1},
		{"ar", 3, "01", 2},
		{"rz", 3, "01", 2},
		{"auz", 3, "012", 3},
		{"rkuz", 3, "0112", 3},
};

START_TEST(groups_are_spread_over_instances)
{
	static const char letters[COMPANIES + 1] = "arkfu1z";
	int there[COMPANIES] = {0};
	size_t instance_of[COMPANIES] = {0};
	char where[COMPANIES + 1] = "";
	for (size_t i = 0; i < COMPANIES; i++) {
		there[i] = strchr(spreads[_i].there, letters[i]) != NULL;
	}
	ck_assert_uint_eq(turns_spread(there, spreads[_i].instances, instance_of), spreads[_i].needed);
	size_t n = 0;
	for (size_t i = 0; i < COMPANIES; i++) {
		if (there[i]) {
			where[n++] = (char)('0' + instance_of[i]);
		}
	}
	ck_assert_str_eq(where, spreads[_i].where);
}
END_TEST

START_TEST(many_ordinary_plays_have_two_instances)
{
	struct plan plan = {.instances = 4};
	ck_assert(turns_two(&plan, 100));
	ck_assert(!turns_two(&plan, 99));
	plan.jobs = 5;
	ck_assert(!turns_two(&plan, 100));
	plan = (struct plan){.instances = 3};
	ck_assert(!turns_two(&plan, 100));
}
END_TEST

/* Plays of scenarios with so many administrators; an entry below 0: no client, and it runs alone. */
struct bill {
	struct suite suite;
	struct run run;
	struct scenario scenarios[16];
	struct actor casts[16][16];
	struct play plays[16];
	struct play *order[16];
	struct seat_link links[16][16];
};

static struct bill *bill_of(const int *admins, size_t count)
{
	struct bill *b = mem_alloc(sizeof *b);
	b->run.suite = &b->suite;
	b->run.plays = b->order;
	b->run.plays_count = b->run.parallel_count = count;
	uv_idle_init(uv_default_loop(), &b->run.next_turn);
	for (size_t i = 0; i < count; i++) {
		size_t cast = admins[i] > 0 ? (size_t)admins[i] : 0;
		b->scenarios[i] = (struct scenario){.cast = b->casts[i], .cast_count = cast};
		b->plays[i] = (struct play){.run = &b->run,
				.scenario = &b->scenarios[i],
				.company = admins[i] < 0 ? ALONE : WITH_ALL,
				.links = b->links[i]};
		for (size_t a = 0; a < cast; a++) {
			b->casts[i][a].class = ACTOR_ADMIN;
			b->links[i][a] = (struct seat_link){.play = &b->plays[i], .actor = (int)a};
		}
		b->order[i] = &b->plays[i];
	}
	return b;
}

static void bill_done(struct bill *b)
{
	uv_close((uv_handle_t *)&b->run.next_turn, NULL);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	free(b);
}

/* Begins what may begin; returns the numbers of these plays. */
static char *begun(struct bill *b, char *text)
{
	char *end = text;
	*end = '\0';
	for (struct play *p; (p = turns_take(&b->run)) != NULL; b->run.next++) {
		ck_assert_ptr_eq(b->run.plays[b->run.next], p);
		turns_claim(p);
		b->run.active++;
		b->suite.waits.asking++;
		end += sprintf(end, "%s%d", end > text ? " " : "", (int)(p - b->plays));
	}
	return text;
}

static void over(struct bill *b, int play)
{
	for (size_t a = 0; a < b->scenarios[play].cast_count; a++) {
		turns_let_go(&b->links[play][a]);
	}
	b->run.active--;
	b->suite.waits.asking--;
}

START_TEST(a_play_waits_for_its_clients_and_others_pass_by)
{
	static const int admins[] = {3, 4, 3, 0, 1};
	struct bill *b = bill_of(admins, 5);
	char text[64];
	ck_assert_str_eq(begun(b, text), "0 1 3 4"); /* 8 of the account are in use */
	ck_assert_str_eq(begun(b, text), "");
	over(b, 4);
	ck_assert_str_eq(begun(b, text), "");
	over(b, 0);
	ck_assert_str_eq(begun(b, text), "2");
	bill_done(b);
}
END_TEST

START_TEST(of_two_instances_neither_takes_all_the_turns)
{
	static const int admins[] = {0, 0};
	struct bill *b = bill_of(admins, 2);
	struct run other = {.parallel_count = 1};
	struct run *runs[] = {&b->run, &other};
	b->suite.runs = runs;
	b->suite.runs_count = 2;
	char text[64];
	b->run.waits.busy = 10;
	ck_assert_str_eq(begun(b, text), "");
	b->run.waits.busy = 9;
	ck_assert_str_eq(begun(b, text), "0 1");
	b->run.next = 0;
	b->run.waits.busy = 10;
	other.next = 1; /* it has no more to begin */
	ck_assert_str_eq(begun(b, text), "0 1");
	bill_done(b);
}
END_TEST

/* The order is what the longest are begun first by. */
START_TEST(those_that_are_passed_by_keep_their_order)
{
	static const int admins[] = {8, 1, 2, 0, 3};
	struct bill *b = bill_of(admins, 5);
	char text[64];
	ck_assert_str_eq(begun(b, text), "0 3");
	over(b, 0);
	ck_assert_str_eq(begun(b, text), "1 2 4");
	bill_done(b);
}
END_TEST

static char lent[] = "muc.srv.test", made_up[] = "*.srv.test";

/* The actor of that play becomes a component with that domain of the profile. */
static void becomes_component(struct bill *b, int play, int actor, size_t domain)
{
	b->casts[play][actor].class = ACTOR_COMPONENT;
	b->links[play][actor].domain = domain;
}

START_TEST(a_domain_is_lent_to_one_component_after_the_other)
{
	static const int actors[] = {1, 1, 2, 1};
	char *domains[] = {lent, made_up};
	int held[2] = {0};
	struct bill *b = bill_of(actors, 4);
	b->suite.plan.profile.component.domains = domains;
	b->suite.plan.profile.component.domains_count = 2;
	b->run.domains_held = held;
	becomes_component(b, 0, 0, 0);
	becomes_component(b, 1, 0, 0);
	becomes_component(b, 2, 1, 1);
	becomes_component(b, 3, 0, 1); /* names that are made up are never the same */
	char text[64];
	ck_assert_str_eq(begun(b, text), "0 2 3");
	b->links[0][0].component = (struct component *)b; /* its stream has not come to its end */
	over(b, 0);
	ck_assert_str_eq(begun(b, text), "");
	b->links[0][0].component = NULL;
	turns_let_go(&b->links[0][0]);
	ck_assert_str_eq(begun(b, text), "1");
	bill_done(b);
}
END_TEST

START_TEST(more_clients_than_are_shared_are_no_reason_to_wait_for_ever)
{
	static const int admins[] = {12};
	struct bill *b = bill_of(admins, 1);
	char text[64];
	ck_assert_str_eq(begun(b, text), "0");
	bill_done(b);
}
END_TEST

START_TEST(where_one_session_is_allowed_administrators_take_turns)
{
	static const int admins[] = {1, 1, 0, 2};
	struct bill *b = bill_of(admins, 4);
	char text[64];
	b->run.commands.one = 1;
	b->casts[1][0].resource = "own"; /* its own login is the same requester */
	ck_assert_str_eq(begun(b, text), "0 2");
	over(b, 0);
	ck_assert_str_eq(begun(b, text), "1");
	over(b, 1);
	ck_assert_str_eq(begun(b, text), "3");
	bill_done(b);
}
END_TEST

START_TEST(jobs_bound_the_plays_under_way)
{
	static const int admins[] = {0, 0, 0};
	struct bill *b = bill_of(admins, 3);
	char text[64];
	b->suite.plan.jobs = 2;
	ck_assert_str_eq(begun(b, text), "0 1");
	b->suite.waits.asking = 0; /* waiting for time frees no place where the user said how many */
	ck_assert_str_eq(begun(b, text), "");
	over(b, 1);
	ck_assert_str_eq(begun(b, text), "2");
	bill_done(b);
}
END_TEST

START_TEST(without_a_number_only_what_waits_for_the_target_counts)
{
	static const int admins[] = {0, 0};
	struct bill *b = bill_of(admins, 2);
	char text[64];
	b->run.active = b->suite.waits.asking = 1000;
	ck_assert_str_eq(begun(b, text), "");
	b->suite.waits.asking = 0;
	ck_assert_str_eq(begun(b, text), "0 1");
	bill_done(b);
}
END_TEST

START_TEST(alone_is_alone)
{
	static const int admins[] = {0, -1, 0};
	struct bill *b = bill_of(admins, 3);
	char text[64];
	ck_assert_str_eq(begun(b, text), "0");
	over(b, 0);
	ck_assert_str_eq(begun(b, text), "1");
	over(b, 1);
	ck_assert_str_eq(begun(b, text), "2");
	bill_done(b);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("turns");
	TCase *tests = tcase_create("turns");
	tcase_add_test(tests, who_runs_with_whom);
	tcase_add_test(tests, who_shares_a_restart);
	tcase_add_loop_test(tests, quiet_windows_of_a_play, 0, sizeof lengths / sizeof *lengths);
	tcase_add_loop_test(tests, groups_are_spread_over_instances, 0, sizeof spreads / sizeof *spreads);
	tcase_add_test(tests, a_play_waits_for_its_clients_and_others_pass_by);
	tcase_add_test(tests, a_domain_is_lent_to_one_component_after_the_other);
	tcase_add_test(tests, more_clients_than_are_shared_are_no_reason_to_wait_for_ever);
	tcase_add_test(tests, where_one_session_is_allowed_administrators_take_turns);
	tcase_add_test(tests, jobs_bound_the_plays_under_way);
	tcase_add_test(tests, without_a_number_only_what_waits_for_the_target_counts);
	tcase_add_test(tests, those_that_are_passed_by_keep_their_order);
	tcase_add_test(tests, prohibitions_hold_for_the_final_quiet_window);
	tcase_add_test(tests, many_ordinary_plays_have_two_instances);
	tcase_add_test(tests, of_two_instances_neither_takes_all_the_turns);
	tcase_add_test(tests, alone_is_alone);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
