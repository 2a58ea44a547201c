/* A script as lines. Lines that a phrase put there remember the place that used the phrase. */
#ifndef SCRIPT_LINES_H
#define SCRIPT_LINES_H

#include <stddef.h>

struct line {
	char *text;		  /* without indentation and trailing white space */
	int indent;		  /* tabs at the start; spaces count as one more level than the tabs before them */
	int spaces;		  /* spaces after those tabs, kept for the text of stanzas */
	int number;		  /* in file, from 1 */
	const char *file; /* where the line stands; borrowed from the catalogue */
	int used_at;	  /* line of the scenario that used the phrase, 0 if the line stands there itself */
	int play_line;	  /* in the expanded play, where another line stands for it there; 0: it stands there itself */
};

struct lines {
	struct line *items;
	size_t count;
};

/* Splits text; NUL octets and invalid UTF-8 are the caller's to refuse. file is borrowed. */
void lines_split(struct lines *ls, const char *file, const char *text);
void lines_add(struct lines *ls, const struct line *line);	/* copies the text */
void lines_take(struct lines *ls, const struct line *line); /* the text is the lines' from now on */
void lines_finish(struct lines *ls);
int line_is_comment(const struct line *line); /* blank or comment */

/* Whole file as text for free(), or NULL with errno set; files over 1 MiB give EFBIG, NUL octets and what is no UTF-8
 * EILSEQ. */
char *file_read(const char *path);

#endif
