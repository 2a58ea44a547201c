/* Further stages of a command, behind its form (ruling A21): the client goes through them by itself, and the play sees
 * what the last one is answered with. */
#include "base/mem.h"
#include "judge/player_state.h"
#include "target/stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_DATA "jabber:x:data"

static const xmlNode *form_of(const struct stanza *s)
{
	const xmlNode *command = node_child(s->root, "command", NS_COMMANDS);
	return command ? node_child(command, "x", NS_DATA) : NULL;
}

void further_note(struct seat *seat, const struct stanza *s)
{
	const xmlNode *command = node_child(s->root, "command", NS_COMMANDS);
	const char *id = stanza_attr(s, "id");
	const char *action = command ? node_attr(command, "action") : NULL;
	int goes_on = command && (node_attr(command, "sessionid") || form_of(s));
	if (!id || !goes_on || (action && (!strcmp(action, "cancel") || !strcmp(action, "prev")))) {
		return;
	}
	seat->submissions = mem_resize(seat->submissions, seat->submissions_count + 1, sizeof *seat->submissions);
	seat->submissions[seat->submissions_count++] =
			(struct submission){.id = mem_strdup(id), .iq = stanza_ref((struct stanza *)s)};
}

static void finish(struct submission *one)
{
	free(one->id);
	free(one->stands_for);
	stanza_unref(one->iq);
}

void further_forget(struct seat *seat)
{
	for (size_t i = 0; i < seat->submissions_count; i++) {
		finish(&seat->submissions[i]);
	}
	free(seat->submissions);
	seat->submissions = NULL;
	seat->submissions_count = 0;
}

static void send_further(struct player *p, int actor, struct submission *one, xmlDocPtr doc, const char *to)
{
	xmlNodePtr iq = xmlDocGetRootElement(doc);
	char id[64];
	snprintf(id, sizeof id, "%s-%d", p->config.token, ++p->ids);
	xmlSetProp(iq, (const xmlChar *)"id", (const xmlChar *)id);
	xmlSetProp(iq, (const xmlChar *)"to", (const xmlChar *)to);
	char *octets = node_octets(iq);
	struct submission next = {.id = mem_strdup(id),
			.stands_for = mem_strdup(one->stands_for ? one->stands_for : one->id),
			.iq = stanza_parse(octets, NS_CLIENT),
			.stages = one->stages + 1};
	finish(one);
	*one = next;
	decide_answer_due(&p->seats[actor], id);
	act_send_raw(p, actor, octets, NULL, "background");
}

int further_takes(struct player *p, int actor, struct stanza *s)
{
	struct seat *seat = &p->seats[actor];
	const char *id = stanza_is_answer(s) ? stanza_attr(s, "id") : NULL;
	size_t i = 0;
	while (id && i < seat->submissions_count && strcmp(seat->submissions[i].id, id) != 0) {
		i++;
	}
	if (!id || i == seat->submissions_count) {
		return 0;
	}
	struct submission *one = &seat->submissions[i];
	const xmlNode *answer = node_child(s->root, "command", NS_COMMANDS);
	xmlDocPtr doc = answer && one->stages < STAGES_MAX ? stages_further(answer, form_of(one->iq)) : NULL;
	if (doc) {
		const char *from = stanza_attr(s, "from");
		send_further(p, actor, one, doc, from ? from : p->config.target);
		xmlFreeDoc(doc);
		return 1;
	}
	if (one->stands_for) {
		xmlSetProp(s->root, (const xmlChar *)"id", (const xmlChar *)one->stands_for);
	}
	finish(one);
	*one = seat->submissions[--seat->submissions_count];
	return 0;
}
