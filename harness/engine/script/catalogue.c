#include "script/catalogue.h"

#include "base/err.h"
#include "base/mem.h"
#include "script/table.h"
#include "script/template.h"
#include "script/xpath.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *keep_name(struct catalogue *c, const char *name)
{
	c->files = mem_resize(c->files, c->files_count + 1, sizeof *c->files);
	return c->files[c->files_count++] = mem_strdup(name);
}

static int ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name);
	size_t s = strlen(suffix);
	return n > s && !strcmp(name + n - s, suffix);
}

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* Calls each(c, relative name, text) for the files of one folder that end in suffix. */
static void each_file(struct catalogue *c, const char *dir, const char *folder, const char *suffix,
		void (*each)(struct catalogue *c, const char *name, const char *text))
{
	char *path = mem_printf("%s/%s", dir, folder);
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, not_hidden, alphasort);
	for (int i = 0; i < n; i++) {
		if (ends_with(entries[i]->d_name, suffix)) {
			char *name = mem_printf("%s/%s", folder, entries[i]->d_name);
			char *file = mem_printf("%s/%s", dir, name);
			char *text = file_read(file);
			if (text) {
				each(c, name, text);
			} else {
				problems_add(&c->problems, name, 1, 1, "cannot be read: %s", strerror(errno));
			}
			free(text);
			free(file);
			free(name);
		}
		free(entries[i]);
	}
	free(entries);
	free(path);
}

static void add_phrases(struct catalogue *c, const char *name, const char *text)
{
	phrases_read(&c->phrases, keep_name(c, name), text, &c->problems);
}

static void add_background(struct catalogue *c, const char *name, const char *text)
{
	background_read(&c->background, keep_name(c, name), text, &c->problems);
}

static struct scenario *read_scenario(struct catalogue *c, const char *name, const char *text)
{
	struct scenario *s = scenario_read(name, text, &c->phrases, &c->problems);
	scenario_check(s, &c->requirements, &c->problems);
	c->scenarios = mem_resize(c->scenarios, c->count + 1, sizeof *c->scenarios);
	return c->scenarios[c->count++] = s;
}

static void add_scenario(struct catalogue *c, const char *name, const char *text)
{
	read_scenario(c, name, text);
}

/* One scenario: the play, filled in from the row. */
static void add_row(struct catalogue *c, struct table *t, const struct table_row *row, const char *play)
{
	char *path = mem_printf("%s/%s", c->dir, play);
	char *text = file_read(path);
	free(path);
	if (!text) {
		problems_add(&c->problems, t->file, row->line, 1, "play '%s': %s cannot be read: %s", row->play, play,
				strerror(errno));
		return;
	}
	char *filled = table_fill_in(t, row, play, text, &c->problems);
	struct scenario *s = read_scenario(c, play, filled);
	free(s->id);
	s->id = mem_strdup(row->id);
	s->table = mem_strdup(t->file);
	s->row = row->line;
	free(filled);
	free(text);
}

static void add_table(struct catalogue *c, const char *name, const char *text)
{
	struct table t;
	size_t first = c->problems.count;
	table_read(&t, name, text, &c->problems);
	for (size_t i = 0; i < t.rows_count; i++) {
		size_t before = c->problems.count;
		char *play = mem_printf("%.*s/%s.play", (int)strcspn(name, "/"), name, t.rows[i].play);
		add_row(c, &t, &t.rows[i], play);
		problems_of_row(&c->problems, first, before, t.file, t.rows[i].line);
		free(play);
	}
	table_check_used(&t, &c->problems);
	table_finish(&t);
}

static void check_play_used(struct catalogue *c, const char *name, const char *text)
{
	(void)text;
	for (size_t i = 0; i < c->count; i++) {
		if (!strcmp(c->scenarios[i]->file, name)) {
			return;
		}
	}
	problems_add(&c->problems, name, 1, 1, "no row of a table uses this play");
}

/* Two rows, or a row and a file, with one id. */
static void check_ids(struct catalogue *c)
{
	for (size_t i = 1; i < c->count; i++) {
		const struct scenario *a = c->scenarios[i - 1];
		const struct scenario *b = c->scenarios[i];
		if (!strcmp(a->id, b->id)) {
			const struct scenario *later = b->table && (!a->table || b->row > a->row) ? b : a;
			const struct scenario *first = later == b ? a : b;
			problems_add(&c->problems, later->table, later->row, 1, "id '%s' stands twice: also in %s", later->id,
					first->table ? first->table : first->file);
		}
	}
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct scenario *const *)a)->id, (*(struct scenario *const *)b)->id);
}

int catalogue_read(struct catalogue *c, const char *dir)
{
	*c = (struct catalogue){.dir = dir};
	struct dirent **areas = NULL;
	int n = scandir(dir, &areas, not_hidden, alphasort);
	if (n < 0) {
		return ERR_NOT_FOUND;
	}
	char *table = mem_printf("%s/requirements.tsv", dir);
	requirements_read(&c->requirements, table, "requirements.tsv", &c->problems);
	free(table);
	each_file(c, dir, "phrases", ".scs", add_phrases);
	each_file(c, dir, "phrases", ".rules", add_background);
	for (int i = 0; i < n; i++) {
		if (strcmp(areas[i]->d_name, "phrases") != 0 && !strchr(areas[i]->d_name, '.')) {
			each_file(c, dir, areas[i]->d_name, ".scs", add_scenario);
			each_file(c, dir, areas[i]->d_name, ".tsv", add_table);
			each_file(c, dir, areas[i]->d_name, ".play", check_play_used);
		}
		free(areas[i]);
	}
	free(areas);
	if (c->count) {
		qsort(c->scenarios, c->count, sizeof *c->scenarios, by_id);
	}
	check_ids(c);
	c->dir = NULL;
	return ERR_OK;
}

const struct scenario *catalogue_find(const struct catalogue *c, const char *id)
{
	for (size_t i = 0; i < c->count; i++) {
		if (!strcmp(c->scenarios[i]->id, id)) {
			return c->scenarios[i];
		}
	}
	return NULL;
}

void catalogue_finish(struct catalogue *c)
{
	for (size_t i = 0; i < c->count; i++) {
		scenario_destroy(c->scenarios[i]);
	}
	free(c->scenarios);
	phrases_finish(&c->phrases);
	background_finish(&c->background);
	requirements_finish(&c->requirements);
	problems_finish(&c->problems);
	for (size_t i = 0; i < c->files_count; i++) {
		free(c->files[i]);
	}
	free(c->files);
	template_forget_shared();
	xpath_forget_shared();
	*c = (struct catalogue){0};
}
