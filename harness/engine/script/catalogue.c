#include "script/catalogue.h"

#include "base/err.h"
#include "base/mem.h"

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

static void add_scenario(struct catalogue *c, const char *name, const char *text)
{
	struct scenario *s = scenario_read(name, text, &c->phrases, &c->problems);
	scenario_check(s, &c->requirements, &c->problems);
	c->scenarios = mem_resize(c->scenarios, c->count + 1, sizeof *c->scenarios);
	c->scenarios[c->count++] = s;
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct scenario *const *)a)->id, (*(struct scenario *const *)b)->id);
}

int catalogue_read(struct catalogue *c, const char *dir)
{
	*c = (struct catalogue){0};
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
		}
		free(areas[i]);
	}
	free(areas);
	if (c->count) {
		qsort(c->scenarios, c->count, sizeof *c->scenarios, by_id);
	}
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
	*c = (struct catalogue){0};
}
