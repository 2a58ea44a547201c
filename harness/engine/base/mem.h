/* Allocation that cannot fail: out of memory ends the process with a message (exit 3), so no caller needs a branch for
 * it. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size); /* zeroed; free with free() */
void *mem_resize(void *old, size_t count, size_t size);
/* Room for one element more than count in an array that only this function makes larger: it doubles. */
void *mem_grow(void *old, size_t count, size_t size);
char *mem_strdup(const char *text); /* NULL gives NULL */
char *mem_strndup(const char *text, size_t len);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
