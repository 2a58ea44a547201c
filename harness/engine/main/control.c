#include "main/control.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_OCTETS ((size_t)16 * 1024 * 1024)

struct control {
	uv_poll_t poll;
	struct buf input;
	struct control_callbacks callbacks;
	void *ud;
};

char *control_first_line(void)
{
	struct buf b = {0};
	char c;
	ssize_t got;
	/* Octet by octet, so that nothing of the lines behind it is taken away. */
	while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n' && b.len < LINE_MAX_OCTETS) {
		buf_add(&b, &c, 1);
	}
	if (got != 1) {
		buf_finish(&b);
		return NULL;
	}
	return buf_take(&b);
}

void control_event(json_t *event)
{
	char *line = json_dumps(event, JSON_COMPACT);
	if (line) {
		puts(line);
		fflush(stdout);
	}
	free(line);
	json_decref(event);
}

static void take_line(struct control *c, const char *line)
{
	json_t *json = json_loads(line, 0, NULL);
	const char *command = json_string_value(json_object_get(json, "command"));
	if (command) {
		c->callbacks.on_command(c->ud, command, json);
	}
	json_decref(json);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct control *c = poll->data;
	char chunk[4096];
	(void)events;
	ssize_t got = status ? 0 : read(STDIN_FILENO, chunk, sizeof chunk);
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (got <= 0) {
		uv_poll_stop(poll);
		c->callbacks.on_gone(c->ud);
		return;
	}
	buf_add(&c->input, chunk, (size_t)got);
	char *end;
	while (c->input.len && (end = memchr(c->input.data, '\n', c->input.len))) {
		size_t len = (size_t)(end - c->input.data);
		char *line = mem_strndup(c->input.data, len);
		buf_drop(&c->input, len + 1);
		take_line(c, line);
		free(line);
	}
}

struct control *control_create(uv_loop_t *loop, const struct control_callbacks *callbacks, void *ud)
{
	struct control *c = mem_alloc(sizeof *c);
	c->callbacks = *callbacks;
	c->ud = ud;
	c->poll.data = c;
	if (uv_poll_init(loop, &c->poll, STDIN_FILENO)) {
		free(c);
		return NULL; /* standard input is a file or closed: there is nobody to talk to */
	}
	uv_poll_start(&c->poll, UV_READABLE, on_readable);
	return c;
}

static void on_closed(uv_handle_t *handle)
{
	struct control *c = handle->data;
	buf_finish(&c->input);
	free(c);
}

void control_destroy(struct control *c)
{
	if (c) {
		uv_close((uv_handle_t *)&c->poll, on_closed);
	}
}
