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
	uv_idle_t begin; /* once: lines that came with the first one */
	int handles;	 /* not yet closed */
	struct buf input;
	struct control_callbacks callbacks;
	void *ud;
};

/* What was read beyond the first line: the control begins with it. */
static struct buf ahead;

/* The first line, taken out of the buffer, or NULL while it is not complete. Caller frees. */
static char *cut_line(struct buf *input)
{
	const char *end = input->len ? memchr(input->data, '\n', input->len) : NULL;
	if (!end) {
		return NULL;
	}
	size_t len = (size_t)(end - input->data);
	char *line = mem_strndup(input->data, len);
	buf_drop(input, len + 1);
	return line;
}

char *control_first_line(void)
{
	char chunk[4096];
	ssize_t got = 1;
	char *line;
	while (!(line = cut_line(&ahead)) && got > 0 && ahead.len < LINE_MAX_OCTETS) {
		got = read(STDIN_FILENO, chunk, sizeof chunk);
		buf_add(&ahead, chunk, got > 0 ? (size_t)got : 0);
	}
	if (!line) {
		buf_finish(&ahead);
	}
	return line;
}

void control_event_soon(json_t *event)
{
	char *line = json_dumps(event, JSON_COMPACT);
	if (line) {
		control_line_soon(line);
	}
	free(line);
	json_decref(event);
}

void control_line_soon(const char *event)
{
	puts(event);
}

void control_event(json_t *event)
{
	control_event_soon(event);
	control_flush();
}

void control_flush(void)
{
	fflush(stdout);
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

static void take_lines(struct control *c)
{
	for (char *line; (line = cut_line(&c->input)) != NULL;) {
		take_line(c, line);
		free(line);
	}
}

static void on_begin(uv_idle_t *idle)
{
	uv_idle_stop(idle);
	take_lines(idle->data);
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
	take_lines(c);
}

struct control *control_create(uv_loop_t *loop, const struct control_callbacks *callbacks, void *ud)
{
	struct control *c = mem_alloc(sizeof *c);
	c->callbacks = *callbacks;
	c->ud = ud;
	c->poll.data = c;
	if (uv_poll_init(loop, &c->poll, STDIN_FILENO)) {
		buf_finish(&ahead);
		free(c);
		return NULL; /* standard input is a file or closed: there is nobody to talk to */
	}
	uv_poll_start(&c->poll, UV_READABLE, on_readable);
	c->input = ahead;
	ahead = (struct buf){0};
	c->begin.data = c;
	uv_idle_init(loop, &c->begin);
	uv_idle_start(&c->begin, on_begin);
	c->handles = 2;
	return c;
}

static void on_closed(uv_handle_t *handle)
{
	struct control *c = handle->data;
	if (!--c->handles) {
		buf_finish(&c->input);
		free(c);
	}
}

void control_destroy(struct control *c)
{
	if (c) {
		uv_close((uv_handle_t *)&c->poll, on_closed);
		uv_close((uv_handle_t *)&c->begin, on_closed);
	}
}
