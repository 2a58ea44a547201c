/* The line to the driver: JSON objects, one a line, both ways (harness/README.md). */
#ifndef MAIN_CONTROL_H
#define MAIN_CONTROL_H

#include <jansson.h>
#include <uv.h>

struct control;

struct control_callbacks {
	void (*on_command)(void *ud, const char *command, const json_t *fields);
	void (*on_gone)(void *ud); /* the driver ended */
};

/* Reads standard input of the loop from now on. */
struct control *control_create(uv_loop_t *loop, const struct control_callbacks *callbacks, void *ud);
void control_destroy(struct control *c);

/* Writes one event to standard output, with those that wait; the reference is taken. */
void control_event(json_t *event);
/* The same for those that come often and that nobody has to act upon: they leave together. */
void control_event_soon(json_t *event);
void control_line_soon(const char *event); /* the same, written already */
void control_flush(void);				   /* at the end of a turn of the loop */

/* Reads the first line of standard input, blocking; NULL at its end. Caller frees. */
char *control_first_line(void);

#endif
