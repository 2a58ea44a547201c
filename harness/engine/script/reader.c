#include "script/reader.h"

#include "base/buf.h"
#include "base/mem.h"
#include "script/groups.h"
#include "script/reader_steps.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int is_separator(const struct line *line)
{
	return !line->indent && strlen(line->text) >= 3 && strspn(line->text, "-") == strlen(line->text);
}

static char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	if (strncmp(text, prefix, len) != 0) {
		return NULL;
	}
	text += len;
	return mem_strdup(text + strspn(text, " \t"));
}

static void add_needs(struct scenario *s, char *list)
{
	for (char *save = NULL, *word = strtok_r(list, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
		s->needs = mem_resize(s->needs, s->needs_count + 1, sizeof *s->needs);
		s->needs[s->needs_count++] = mem_strdup(word);
	}
}

static void read_tag(struct scenario *s, const struct line *line, struct problems *ps)
{
	const char *tag = line->text + 2 + strspn(line->text + 2, " \t");
	char *needs = after(tag, "needs:");
	if (needs) {
		add_needs(s, needs);
		free(needs);
	} else if (!strcmp(tag, "exclusive")) {
		s->exclusive = 1;
	} else if (!strcmp(tag, "slow")) {
		s->slow = 1;
	} else if (!strchr(tag, ':')) {
		problems_add(ps, line->file, line->number, 1, "unknown tag '%s'; expected exclusive, slow or needs:", tag);
	}
}

/* Comments: the first is the title, those directly below it the description. */
static void read_comment(struct scenario *s, const struct line *line, int *describing)
{
	const char *text = line->text + 1 + strspn(line->text + 1, " \t");
	if (!s->title) {
		s->title = mem_strdup(text);
		*describing = 1;
	} else if (*describing) {
		char *longer = s->description ? mem_printf("%s %s", s->description, text) : mem_strdup(text);
		free(s->description);
		s->description = longer;
	}
}

static int read_class(const char *text, size_t len, enum actor_class *class)
{
#define X(name, word, account)                                                                                         \
	if (strlen(word) == len && !memcmp(word, text, len)) {                                                             \
		*class = name;                                                                                                 \
		return 0;                                                                                                      \
	}
	ACTOR_CLASS_MAP(X)
#undef X
	return -1;
}

static int actor_index(const struct scenario *s, const char *name)
{
	for (size_t i = 0; i < s->cast_count; i++) {
		if (!strcmp(s->cast[i].name, name)) {
			return (int)i;
		}
	}
	return -1;
}

/* "Name of Peer", "Name below Peer": cuts the name, returns the peer. */
static int read_relation(struct scenario *s, char *name, const char *word, const struct line *line, struct problems *ps)
{
	char *of = strstr(name, word);
	int peer = of ? actor_index(s, of + strlen(word)) : -1;
	if (peer < 0 || s->cast[peer].class != ACTOR_PEER) {
		problems_add(ps, line->file, line->number, 1,
				"expected `[RemoteUser] Name of Peer` or `[Peer] Name below Peer` with a peer that stands above");
		return -1;
	}
	*of = '\0';
	s->cast[peer].used = 1;
	return peer;
}

static void add_actor(struct scenario *s, const struct actor *a, const struct line *line, struct problems *ps)
{
	if (!*a->name || actor_index(s, a->name) >= 0) {
		problems_add(ps, line->file, line->number, 1, *a->name ? "'%s' is in the cast already" : "expected a name%s",
				a->name);
	}
	s->cast = mem_resize(s->cast, s->cast_count + 1, sizeof *s->cast);
	s->cast[s->cast_count++] = *a;
}

static void read_actor(struct scenario *s, const struct line *line, struct problems *ps)
{
	const char *close = strchr(line->text, ']');
	enum actor_class class;
	if (!close || read_class(line->text + 1, (size_t)(close - line->text - 1), &class)) {
		problems_add(ps, line->file, line->number, 1,
				"unknown class; expected [Admin], [SecondAdmin], [HostAdmin], [User], [Client], [Peer], "
				"[RemoteUser] or [Component]");
		return;
	}
	const char *written = close + 1 + strspn(close + 1, " \t");
	size_t name_len;
	int members = class == ACTOR_PEER ? group_count(written, &name_len) : 0;
	struct actor a = {.class = class, .of = -1, .below = -1, .line = line->number, .of_group = members != 0};
	if (members < 0) {
		problems_add(ps, line->file, line->number, 1, "a group has 1 to 1000 peers");
	}
	for (int i = 1; i <= members; i++) {
		a.name = group_member(written, name_len, i);
		add_actor(s, &a, line, ps);
	}
	if (members) {
		return;
	}
	char *name = mem_strdup(written);
	if (class == ACTOR_REMOTE_USER) {
		a.of = read_relation(s, name, " of ", line, ps);
	} else if (class == ACTOR_PEER && strstr(name, " below ")) {
		a.below = read_relation(s, name, " below ", line, ps);
	}
	a.name = name;
	add_actor(s, &a, line, ps);
}

/* Of those properties that have a choice of values. */
static void check_property(const struct line *line, const char *key, const char *value, struct problems *ps)
{
	static const struct {
		const char *key, *values[7], *expected;
	} choices[] = {{"dialback:", {"valid", "invalid", "error"}, "expected dialback: valid, invalid or error"},
			{"reachable:", {"no name", "closed port", "black hole", "DNS fails", "DNS is silent"},
					"expected reachable: no name, closed port, black hole, DNS fails or DNS is silent"},
			{"dns:", {"several priorities", "closed port first", "no SRV", "wildcard", "IPv6", "direct TLS"},
					"expected dns: several priorities, closed port first, no SRV, wildcard, IPv6 or direct TLS"},
			{"tls:", {"none", "required", "1.2"}, "expected tls: none, required or 1.2"},
			{"certificate:",
					{"expired", "not yet valid", "self-signed", "unknown authority", "wrong name", "wrong usage"},
					"expected certificate: expired, not yet valid, self-signed, unknown authority, wrong name or wrong "
					"usage"},
			{"authentication:", {"dialback"}, "expected authentication: dialback"},
			{"bidi:", {"yes"}, "expected bidi: yes"},
			{"login:", {"none", "without resource"}, "expected login: none or without resource"},
			{"connects:", {"direct TLS"}, "expected connects: direct TLS"},
			{"version:", {"none"}, "expected version: none"},
			{"writes:", {"single octets"}, "expected writes: single octets"}};
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		int known = strcmp(key, choices[i].key) != 0;
		for (const char *const *v = choices[i].values; *v && !known; v++) {
			known = !strcmp(value, *v);
		}
		if (!known) {
			problems_add(ps, line->file, line->number, line->indent + 1, "%s", choices[i].expected);
		}
	}
}

static void read_property(struct scenario *s, const struct line *line, struct problems *ps)
{
	struct actor *a = s->cast_count ? &s->cast[s->cast_count - 1] : NULL;
	if (a && a->of_group) {
		problems_add(ps, line->file, line->number, line->indent + 1, "the peers of a group have no properties");
		return;
	}
	struct {
		const char *key;
		char **field;
	} known[] = {{"jid:", a ? &a->jid : NULL}, {"password:", a ? &a->password : NULL},
			{"connect_host:", a ? &a->connect_host : NULL}, {"connect_port:", a ? &a->connect_port : NULL},
			{"resource:", a ? &a->resource : NULL}, {"localpart:", a ? &a->localpart : NULL},
			{"subdomain:", a ? &a->subdomain : NULL}, {"identity:", a ? &a->identity : NULL},
			{"dialback:", a ? &a->dialback : NULL}, {"reachable:", a ? &a->reachable : NULL},
			{"tls:", a ? &a->tls : NULL}, {"certificate:", a ? &a->certificate : NULL},
			{"authentication:", a ? &a->authentication : NULL}, {"bidi:", a ? &a->bidi : NULL},
			{"login:", a ? &a->login : NULL}, {"version:", a ? &a->version : NULL}, {"dns:", a ? &a->dns : NULL},
			{"connects:", a ? &a->connects : NULL}, {"writes:", a ? &a->writes : NULL}};
	for (size_t i = 0; a && i < sizeof known / sizeof *known; i++) {
		char *value = after(line->text, known[i].key);
		if (value) {
			free(*known[i].field);
			*known[i].field = value;
			check_property(line, known[i].key, value, ps);
			return;
		}
	}
	problems_add(ps, line->file, line->number, line->indent + 1,
			"unknown property; expected jid:, password:, connect_host:, connect_port:, resource:, localpart:, "
			"subdomain:, identity:, dialback:, reachable:, tls:, certificate:, authentication:, bidi:, login:, "
			"version:, dns:, connects: or writes: below an actor");
}

static size_t read_head(struct scenario *s, const struct lines *all, struct problems *ps)
{
	int describing = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct line *line = &all->items[i];
		if (is_separator(line)) {
			return i + 1;
		}
		if (!strncmp(line->text, "##", 2) && !line->indent) {
			read_tag(s, line, ps);
		} else if (line->text[0] == '#' && !line->indent) {
			read_comment(s, line, &describing);
			continue;
		} else if (line->text[0] == '[' && !line->indent) {
			read_actor(s, line, ps);
		} else if (line->indent) {
			read_property(s, line, ps);
		} else if (!line_is_comment(line)) {
			problems_add(ps, line->file, line->number, 1, "expected a comment, a tag, an actor or a line of dashes");
		}
		describing = 0;
	}
	problems_add(ps, s->file, all->count ? (int)all->count : 1, 1, "expected a line of dashes between cast and play");
	return all->count;
}

struct scenario *scenario_read(const char *file, const char *text, struct phrases *phrases, struct problems *ps)
{
	struct scenario *s = mem_alloc(sizeof *s);
	s->file = mem_strdup(file);
	s->id = mem_strndup(file, strlen(file) > 4 ? strlen(file) - 4 : 0);
	struct lines all = {0};
	lines_split(&all, s->file, text);
	size_t play = read_head(s, &all, ps);
	if (!s->title) {
		problems_add(ps, s->file, 1, 1, "expected a title: `# Title` on the first line");
		s->title = mem_strdup(s->id);
	}
	if (!s->description) {
		s->description = mem_strdup("");
	}
	struct lines rest = {0};
	for (size_t i = play; i < all.count; i++) {
		if (!line_is_comment(&all.items[i])) {
			lines_add(&rest, &all.items[i]);
		}
	}
	struct buf expanded = {0};
	phrases->uses = 0; /* private names are numbered within each scenario, so that they read the same every time */
	struct step_reader r = {.scenario = s, .phrases = phrases, .problems = ps, .expanded = &expanded};
	read_steps(&r, rest.items, rest.count, 0, &s->play);
	s->expanded = buf_take(&expanded);
	lines_finish(&rest);
	lines_finish(&all);
	return s;
}
