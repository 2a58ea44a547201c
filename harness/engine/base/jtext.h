/* JSON that is written as text, for what is written in great numbers: trees of objects (Jansson's) cost many times as
 * much. Commas come by themselves; key NULL: within an array, or the outermost value. */
#ifndef BASE_JTEXT_H
#define BASE_JTEXT_H

#include "base/buf.h"

void jtext_open(struct buf *b, const char *key, char bracket); /* '{' or '[' */
void jtext_close(struct buf *b, char bracket);				   /* '}' or ']' */
void jtext_number(struct buf *b, const char *key, long long number);
void jtext_bool(struct buf *b, const char *key, int yes);
/* In a text that is no UTF-8 a '?' stands for each octet beyond ASCII. NULL: "". */
void jtext_text(struct buf *b, const char *key, const char *text);
void jtext_octets(struct buf *b, const char *key, const char *text, size_t len); /* which jtext_fits() */
void jtext_raw(struct buf *b, const char *key, const char *json);				 /* what is JSON already */

/* 1 if every JSON reader takes the octets as a string: UTF-8 without overlong forms and surrogates. */
int jtext_fits(const char *text, size_t len);

#endif
