/* All 72 cells of RFC 6121 Appendix A, taken from the text of the RFC and not from subscription.c. */
#include "subscription.h"

#include "fault.h"

#include "harness/tests/engine/run.h"

#include <string.h>

enum direction { OUT, IN };

struct cell {
	enum direction direction;
	enum subscription_stanza stanza;
	enum subscription before;
	const char *act; /* ROUTE? or DELIVER? */
	enum subscription after;
	int reply; /* footnotes of tables 6 and 7 */
};

/* clang-format off */
static const struct cell cells[] = {
	/* Table 2 */
	{OUT, SUBSCRIBE, SUB_NONE, "MUST", SUB_NONE_OUT, -1},
	{OUT, SUBSCRIBE, SUB_NONE_OUT, "MUST", SUB_NONE_OUT, -1},
	{OUT, SUBSCRIBE, SUB_NONE_IN, "MUST", SUB_NONE_OUT_IN, -1},
	{OUT, SUBSCRIBE, SUB_NONE_OUT_IN, "MUST", SUB_NONE_OUT_IN, -1},
	{OUT, SUBSCRIBE, SUB_TO, "MUST", SUB_TO, -1},
	{OUT, SUBSCRIBE, SUB_TO_IN, "MUST", SUB_TO_IN, -1},
	{OUT, SUBSCRIBE, SUB_FROM, "MUST", SUB_FROM_OUT, -1},
	{OUT, SUBSCRIBE, SUB_FROM_OUT, "MUST", SUB_FROM_OUT, -1},
	{OUT, SUBSCRIBE, SUB_BOTH, "MUST", SUB_BOTH, -1},
	/* Table 3 */
	{OUT, UNSUBSCRIBE, SUB_NONE, "MUST", SUB_NONE, -1},
	{OUT, UNSUBSCRIBE, SUB_NONE_OUT, "MUST", SUB_NONE, -1},
	{OUT, UNSUBSCRIBE, SUB_NONE_IN, "MUST", SUB_NONE_IN, -1},
	{OUT, UNSUBSCRIBE, SUB_NONE_OUT_IN, "MUST", SUB_NONE_IN, -1},
	{OUT, UNSUBSCRIBE, SUB_TO, "MUST", SUB_NONE, -1},
	{OUT, UNSUBSCRIBE, SUB_TO_IN, "MUST", SUB_NONE_IN, -1},
	{OUT, UNSUBSCRIBE, SUB_FROM, "MUST", SUB_FROM, -1},
	{OUT, UNSUBSCRIBE, SUB_FROM_OUT, "MUST", SUB_FROM, -1},
	{OUT, UNSUBSCRIBE, SUB_BOTH, "MUST", SUB_FROM, -1},
	/* Table 4 */
	{OUT, SUBSCRIBED, SUB_NONE, "M.N.", SUB_NONE, -1},
	{OUT, SUBSCRIBED, SUB_NONE_OUT, "M.N.", SUB_NONE_OUT, -1},
	{OUT, SUBSCRIBED, SUB_NONE_IN, "MUST", SUB_FROM, -1},
	{OUT, SUBSCRIBED, SUB_NONE_OUT_IN, "MUST", SUB_FROM_OUT, -1},
	{OUT, SUBSCRIBED, SUB_TO, "M.N.", SUB_TO, -1},
	{OUT, SUBSCRIBED, SUB_TO_IN, "MUST", SUB_BOTH, -1},
	{OUT, SUBSCRIBED, SUB_FROM, "M.N.", SUB_FROM, -1},
	{OUT, SUBSCRIBED, SUB_FROM_OUT, "M.N.", SUB_FROM_OUT, -1},
	{OUT, SUBSCRIBED, SUB_BOTH, "M.N.", SUB_BOTH, -1},
	/* Table 5 */
	{OUT, UNSUBSCRIBED, SUB_NONE, "S.N.", SUB_NONE, -1},
	{OUT, UNSUBSCRIBED, SUB_NONE_OUT, "S.N.", SUB_NONE_OUT, -1},
	{OUT, UNSUBSCRIBED, SUB_NONE_IN, "MUST", SUB_NONE, -1},
	{OUT, UNSUBSCRIBED, SUB_NONE_OUT_IN, "MUST", SUB_NONE_OUT, -1},
	{OUT, UNSUBSCRIBED, SUB_TO, "S.N.", SUB_TO, -1},
	{OUT, UNSUBSCRIBED, SUB_TO_IN, "MUST", SUB_TO, -1},
	{OUT, UNSUBSCRIBED, SUB_FROM, "MUST", SUB_NONE, -1},
	{OUT, UNSUBSCRIBED, SUB_FROM_OUT, "MUST", SUB_NONE_OUT, -1},
	{OUT, UNSUBSCRIBED, SUB_BOTH, "MUST", SUB_TO, -1},
	/* Table 6 */
	{IN, SUBSCRIBE, SUB_NONE, "MUST", SUB_NONE_IN, -1},
	{IN, SUBSCRIBE, SUB_NONE_OUT, "MUST", SUB_NONE_OUT_IN, -1},
	{IN, SUBSCRIBE, SUB_NONE_IN, "S.N.", SUB_NONE_IN, -1},
	{IN, SUBSCRIBE, SUB_NONE_OUT_IN, "S.N.", SUB_NONE_OUT_IN, -1},
	{IN, SUBSCRIBE, SUB_TO, "MUST", SUB_TO_IN, -1},
	{IN, SUBSCRIBE, SUB_TO_IN, "S.N.", SUB_TO_IN, -1},
	{IN, SUBSCRIBE, SUB_FROM, "S.N.", SUB_FROM, SUBSCRIBED},
	{IN, SUBSCRIBE, SUB_FROM_OUT, "S.N.", SUB_FROM_OUT, SUBSCRIBED},
	{IN, SUBSCRIBE, SUB_BOTH, "S.N.", SUB_BOTH, SUBSCRIBED},
	/* Table 7 */
	{IN, UNSUBSCRIBE, SUB_NONE, "S.N.", SUB_NONE, -1},
	{IN, UNSUBSCRIBE, SUB_NONE_OUT, "S.N.", SUB_NONE_OUT, -1},
	{IN, UNSUBSCRIBE, SUB_NONE_IN, "MUST", SUB_NONE, UNSUBSCRIBED},
	{IN, UNSUBSCRIBE, SUB_NONE_OUT_IN, "MUST", SUB_NONE_OUT, UNSUBSCRIBED},
	{IN, UNSUBSCRIBE, SUB_TO, "S.N.", SUB_TO, -1},
	{IN, UNSUBSCRIBE, SUB_TO_IN, "MUST", SUB_TO, UNSUBSCRIBED},
	{IN, UNSUBSCRIBE, SUB_FROM, "MUST", SUB_NONE, UNSUBSCRIBED},
	{IN, UNSUBSCRIBE, SUB_FROM_OUT, "MUST", SUB_NONE_OUT, UNSUBSCRIBED},
	{IN, UNSUBSCRIBE, SUB_BOTH, "MUST", SUB_TO, UNSUBSCRIBED},
	/* Table 8 */
	{IN, SUBSCRIBED, SUB_NONE, "S.N.", SUB_NONE, -1},
	{IN, SUBSCRIBED, SUB_NONE_OUT, "MUST", SUB_TO, -1},
	{IN, SUBSCRIBED, SUB_NONE_IN, "S.N.", SUB_NONE_IN, -1},
	{IN, SUBSCRIBED, SUB_NONE_OUT_IN, "MUST", SUB_TO_IN, -1},
	{IN, SUBSCRIBED, SUB_TO, "S.N.", SUB_TO, -1},
	{IN, SUBSCRIBED, SUB_TO_IN, "S.N.", SUB_TO_IN, -1},
	{IN, SUBSCRIBED, SUB_FROM, "S.N.", SUB_FROM, -1},
	{IN, SUBSCRIBED, SUB_FROM_OUT, "MUST", SUB_BOTH, -1},
	{IN, SUBSCRIBED, SUB_BOTH, "S.N.", SUB_BOTH, -1},
	/* Table 9 */
	{IN, UNSUBSCRIBED, SUB_NONE, "S.N.", SUB_NONE, -1},
	{IN, UNSUBSCRIBED, SUB_NONE_OUT, "MUST", SUB_NONE, -1},
	{IN, UNSUBSCRIBED, SUB_NONE_IN, "S.N.", SUB_NONE_IN, -1},
	{IN, UNSUBSCRIBED, SUB_NONE_OUT_IN, "MUST", SUB_NONE_IN, -1},
	{IN, UNSUBSCRIBED, SUB_TO, "MUST", SUB_NONE, -1},
	{IN, UNSUBSCRIBED, SUB_TO_IN, "MUST", SUB_NONE_IN, -1},
	{IN, UNSUBSCRIBED, SUB_FROM, "S.N.", SUB_FROM, -1},
	{IN, UNSUBSCRIBED, SUB_FROM_OUT, "MUST", SUB_FROM, -1},
	{IN, UNSUBSCRIBED, SUB_BOTH, "MUST", SUB_FROM, -1},
};
/* clang-format on */

enum { CELLS = sizeof cells / sizeof *cells };

static struct subscription_step take(const struct cell *c)
{
	return c->direction == OUT ? subscription_outbound(c->before, c->stanza)
							   : subscription_inbound(c->before, c->stanza);
}

START_TEST(cell_is_as_the_rfc_has_it)
{
	const struct cell *c = &cells[_i];
	struct subscription_step step = take(c);
	ck_assert_int_eq(step.next, c->after);
	ck_assert_int_eq(step.acts, strcmp(c->act, "MUST") == 0);
	ck_assert_int_eq(step.reply, c->reply);
}
END_TEST

START_TEST(there_are_72_cells)
{
	enum { ALL = 2 * SUBSCRIPTION_STANZAS * SUB_STATES };
	ck_assert_int_eq(CELLS, ALL);
	for (int i = 0; i < CELLS; i++) {
		for (int k = 0; k < i; k++) {
			ck_assert(cells[i].direction != cells[k].direction || cells[i].stanza != cells[k].stanza ||
					  cells[i].before != cells[k].before);
		}
	}
}
END_TEST

/* Each fault of the tables is as many wrong cells as it says, and all cells are right again without it. */
static const struct {
	enum fault_id fault;
	int wrong;
} spoilt[] = {
		{N060, 3},
		{N061, 3},
		{N062, 3},
		{N063, 3},
		{N064, 6},
		{N065, 3},
		{N066, 3},
		{N067, 3},
		{N068, 3},
		{N069, 2},
		{N070, 3},
		{N071, 1},
		{N072, 4},
		{N073, 3},
		{N074, 3},
		{N075, 1},
		{N076, 3},
		{N077, 2},
		{N078, 6},
		{N079, 9},
		{N080, 3},
		{N081, 3},
		{N082, 3},
		{N083, 3},
		{N084, 3},
};

static int wrong_cells(void)
{
	int wrong = 0;
	for (int i = 0; i < CELLS; i++) {
		struct subscription_step step = take(&cells[i]);
		wrong += step.next != cells[i].after || step.acts != (strcmp(cells[i].act, "MUST") == 0) ||
				 step.reply != cells[i].reply;
	}
	return wrong;
}

START_TEST(a_fault_is_so_many_wrong_cells)
{
	fault_switches[spoilt[_i].fault] = 1;
	int wrong = wrong_cells();
	fault_switches[spoilt[_i].fault] = 0;
	ck_assert_int_eq(wrong, spoilt[_i].wrong);
	ck_assert_int_eq(wrong_cells(), 0);
}
END_TEST

START_TEST(a_state_comes_back_from_its_parts)
{
	for (int i = 0; i < SUB_STATES; i++) {
		enum subscription state = (enum subscription)i;
		ck_assert_int_eq(
				subscription_of(subscription_name(state), subscription_asked(state), subscription_pending(state)), i);
	}
	ck_assert_int_eq(subscription_of("both", 1, 0), -1);
	ck_assert_int_eq(subscription_of("from", 0, 1), -1);
	ck_assert_int_eq(subscription_of("all", 0, 0), -1);
	ck_assert_int_eq(subscription_of(NULL, 0, 0), -1);
}
END_TEST

START_TEST(a_stanza_comes_back_from_its_type)
{
	for (int i = 0; i < SUBSCRIPTION_STANZAS; i++) {
		ck_assert_int_eq(subscription_stanza_of(subscription_stanza_name((enum subscription_stanza)i)), i);
	}
	ck_assert_int_eq(subscription_stanza_of("probe"), -1);
	ck_assert_int_eq(subscription_stanza_of(NULL), -1);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("subscription");
	TCase *tc = tcase_create("appendix A");
	tcase_add_loop_test(tc, cell_is_as_the_rfc_has_it, 0, CELLS);
	tcase_add_test(tc, there_are_72_cells);
	tcase_add_loop_test(tc, a_fault_is_so_many_wrong_cells, 0, (int)(sizeof spoilt / sizeof *spoilt));
	tcase_add_test(tc, a_state_comes_back_from_its_parts);
	tcase_add_test(tc, a_stanza_comes_back_from_its_type);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
