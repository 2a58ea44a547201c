/* A growable run of octets, always followed by a NUL that is not counted. Zeroed memory is an empty buf. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NULL while nothing was ever added */
	size_t len;
	size_t cap;
};

void buf_reserve(struct buf *b, size_t more); /* memory for so many octets behind those that are there */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_text(struct buf *b, const char *text);
void buf_fill(struct buf *b, char c, size_t count); /* count times the same */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *b, size_t len);  /* removes the first len octets */
void buf_clear(struct buf *b);			   /* empty, memory kept */
char *buf_take(struct buf *b);			   /* text for the caller to free(); b is empty then; never NULL */
const char *buf_text(const struct buf *b); /* never NULL */
void buf_finish(struct buf *b);

#endif
