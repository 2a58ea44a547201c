/* link: an XML stream over a connection, here the way it ends */
#include "link.h"

#include "harness/tests/engine/run.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static void not_expected(void *ud)
{
	(void)ud;
	ck_abort_msg("the owner ended it himself");
}

/* A listener whose queue nobody empties; its port. */
static int listen_only(int *fd)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof name;
	*fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(*fd, (struct sockaddr *)&name, sizeof name), 0);
	ck_assert_int_eq(listen(*fd, 1), 0);
	ck_assert_int_eq(getsockname(*fd, (struct sockaddr *)&name, &len), 0);
	return ntohs(name.sin_port);
}

START_TEST(one_that_is_not_connected_yet_ends_at_once)
{
	uv_loop_t loop;
	uv_loop_init(&loop);
	int fd, port = listen_only(&fd);
	struct link_callbacks callbacks = {.on_open = not_expected, .on_closed = not_expected};
	struct link *link = link_connect(&loop, "127.0.0.1", port, NS_SERVER, &callbacks, NULL);
	ck_assert_ptr_nonnull(link);
	link_end(link);
	uv_run(&loop, UV_RUN_NOWAIT);
	ck_assert_int_eq(uv_loop_close(&loop), 0); /* neither socket nor timer is left */
	close(fd);
}
END_TEST

static Suite *make(void)
{
	Suite *suite = suite_create("link");
	TCase *tc = tcase_create("link");
	tcase_add_test(tc, one_that_is_not_connected_yet_ends_at_once);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return run_suite(make);
}
