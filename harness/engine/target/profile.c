#include "target/profile.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct reading {
	char *error;
};

static void missing(struct reading *r, const char *section, const char *key, const char *expected)
{
	if (!r->error) {
		r->error = mem_printf("profile: %s%s%s; expected %s", section, *section ? "." : "", key, expected);
	}
}

static char *text(struct reading *r, const json_t *o, const char *section, const char *key, int required)
{
	const json_t *v = json_object_get(o, key);
	if (json_is_string(v)) {
		return mem_strdup(json_string_value(v));
	}
	if (required) {
		missing(r, section, key, "a text");
	}
	return NULL;
}

static int number(const json_t *o, const char *key, int otherwise)
{
	const json_t *v = json_object_get(o, key);
	return json_is_integer(v) ? (int)json_integer_value(v) : otherwise;
}

static void read_addresses(struct reading *r, struct profile *p, const json_t *json)
{
	const json_t *c2s = json_object_get(json, "c2s");
	const json_t *s2s = json_object_get(json, "s2s");
	p->c2s_address = text(r, c2s, "c2s", "address", 1);
	p->c2s_port = number(c2s, "port", 0);
	p->tls = text(r, c2s, "c2s", "tls", 0);
	p->ca = text(r, c2s, "c2s", "ca", 0);
	p->s2s_address = text(r, s2s, "s2s", "address", 1);
	p->s2s_port = number(s2s, "port", 0);
	const char *s2s_tls = json_string_value(json_object_get(s2s, "tls"));
	p->s2s_tls = s2s_tls && !strcmp(s2s_tls, "starttls");
	p->direct_tls = json_object_get(s2s, "direct_tls_port") != NULL;
	p->direct_tls_port = number(s2s, "direct_tls_port", 0);
	p->certificates_only = json_is_false(json_object_get(s2s, "dialback"));
	p->started_by_driver = json_is_true(json_object_get(json, "start"));
	const json_t *peers = json_object_get(json, "peers");
	p->zone = text(r, peers, "peers", "zone", 1);
	p->peers_address = text(r, peers, "peers", "address", 1);
	p->peers_port = number(peers, "port", 0);
	const json_t *dns = json_object_get(json, "dns");
	p->dns_address = text(r, dns, "dns", "address", 1);
	p->dns_port = number(dns, "port", 0);
	const char *target = json_string_value(json_object_get(dns, "srv_target"));
	p->srv_names_address = target && !strcmp(target, "address");
}

static void read_component(struct reading *r, struct profile *p, const json_t *component)
{
	size_t i;
	json_t *v;
	p->component.address = text(r, component, "component", "address", 1);
	p->component.secret = text(r, component, "component", "secret", 1);
	p->component.port = number(component, "port", 0);
	json_array_foreach(json_object_get(component, "domains"), i, v)
	{
		p->component.domains = mem_resize(p->component.domains, i + 1, sizeof *p->component.domains);
		p->component.domains[p->component.domains_count++] = mem_strdup(json_is_string(v) ? json_string_value(v) : "");
	}
	if (!p->component.domains_count) {
		missing(r, "component", "domains", "at least one domain");
	}
}

static void read_accounts(struct reading *r, struct profile *p, json_t *accounts)
{
	const char *name;
	json_t *a;
	json_object_foreach(accounts, name, a)
	{
		p->accounts = mem_resize(p->accounts, p->accounts_count + 1, sizeof *p->accounts);
		p->accounts[p->accounts_count++] = (struct account){.name = mem_strdup(name),
				.jid = text(r, a, name, "jid", 1),
				.password = text(r, a, name, "password", 1)};
	}
}

static void read_hook(struct reading *r, struct profile *p, const char *name, const json_t *h)
{
	struct hook hook = {.name = mem_strdup(name), .driver = json_is_true(json_object_get(h, "driver"))};
	hook.adhoc = text(r, h, name, "adhoc", !hook.driver);
	hook.result = text(r, h, name, "result", 0);
	const char *field;
	json_t *value;
	json_object_foreach(json_object_get(h, "fields"), field, value)
	{
		if (!json_is_string(value)) {
			missing(r, name, field, "a text");
			continue;
		}
		hook.fields = mem_resize(hook.fields, hook.fields_count + 1, sizeof *hook.fields);
		hook.fields[hook.fields_count++] =
				(struct hook_field){.name = mem_strdup(field), .value = mem_strdup(json_string_value(value))};
	}
	p->hooks = mem_resize(p->hooks, p->hooks_count + 1, sizeof *p->hooks);
	p->hooks[p->hooks_count++] = hook;
}

static void read_lists(struct reading *r, struct profile *p, const json_t *json)
{
	size_t i;
	json_t *v;
	const char *key;
	json_array_foreach(json_object_get(json, "domains"), i, v)
	{
		p->domains = mem_resize(p->domains, i + 1, sizeof *p->domains);
		p->domains[p->domains_count++] = mem_strdup(json_is_string(v) ? json_string_value(v) : "");
	}
	if (!p->domains_count) {
		missing(r, "", "domains", "at least one domain");
	}
	json_object_foreach(json_object_get(json, "claims"), key, v)
	{
		if (json_is_true(v)) {
			p->claims = mem_resize(p->claims, p->claims_count + 1, sizeof *p->claims);
			p->claims[p->claims_count++] = mem_strdup(key);
		}
	}
	json_object_foreach(json_object_get(json, "hooks"), key, v)
	{
		read_hook(r, p, key, v);
	}
}

int profile_read(struct profile *p, const json_t *json, char **error)
{
	struct reading r = {0};
	*p = (struct profile){0};
	p->name = text(&r, json, "", "name", 1);
	p->off_domain = text(&r, json, "", "off_domain", 0);
	read_addresses(&r, p, json);
	const json_t *component = json_object_get(json, "component");
	if (component) {
		read_component(&r, p, component);
	}
	const json_t *timing = json_object_get(json, "timing");
	p->quiet_ms = number(timing, "quiet", 60);
	p->final_quiet_ms = number(timing, "final_quiet", 300);
	p->deadline_ms = number(timing, "deadline", 5000);
	p->start_ms = number(timing, "start", 10000);
	read_accounts(&r, p, json_object_get(json, "accounts"));
	read_lists(&r, p, json);
	*error = r.error;
	return r.error ? ERR_SYNTAX : ERR_OK;
}

void profile_finish(struct profile *p)
{
	char *texts[] = {p->name, p->off_domain, p->c2s_address, p->s2s_address, p->tls, p->ca, p->zone, p->peers_address,
			p->dns_address, p->component.address, p->component.secret};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		free(texts[i]);
	}
	for (size_t i = 0; i < p->domains_count; i++) {
		free(p->domains[i]);
	}
	for (size_t i = 0; i < p->component.domains_count; i++) {
		free(p->component.domains[i]);
	}
	free(p->component.domains);
	for (size_t i = 0; i < p->claims_count; i++) {
		free(p->claims[i]);
	}
	for (size_t i = 0; i < p->accounts_count; i++) {
		free(p->accounts[i].name);
		free(p->accounts[i].jid);
		free(p->accounts[i].password);
	}
	for (size_t i = 0; i < p->hooks_count; i++) {
		struct hook *h = &p->hooks[i];
		for (size_t f = 0; f < h->fields_count; f++) {
			free(h->fields[f].name);
			free(h->fields[f].value);
		}
		free(h->fields);
		free(h->name);
		free(h->adhoc);
		free(h->result);
	}
	free(p->domains);
	free(p->claims);
	free(p->accounts);
	free(p->hooks);
	*p = (struct profile){0};
}

const struct hook *profile_hook(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->hooks_count; i++) {
		if (!strcmp(p->hooks[i].name, name)) {
			return &p->hooks[i];
		}
	}
	return NULL;
}

const struct account *profile_account(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->accounts_count; i++) {
		if (!strcmp(p->accounts[i].name, name)) {
			return &p->accounts[i];
		}
	}
	return NULL;
}

/* Each name of a domain is for one component at a time; "*.srv.test" is for any number. */
static int serves_components(const struct profile *p, size_t count)
{
	size_t any = 0;
	for (size_t i = 0; i < p->component.domains_count; i++) {
		any += *p->component.domains[i] == '*';
	}
	return count <= p->component.domains_count || (any && any == p->component.domains_count);
}

int profile_has(const struct profile *p, const char *what)
{
	if (!strncmp(what, "claim:", 6)) {
		for (size_t i = 0; i < p->claims_count; i++) {
			if (!strcmp(p->claims[i], what + 6)) {
				return 1;
			}
		}
		return 0;
	}
	if (!strncmp(what, "hook:", 5)) {
		return profile_hook(p, what + 5) != NULL;
	}
	if (!strncmp(what, "account:", 8)) {
		return profile_account(p, what + 8) != NULL;
	}
	if (!strcmp(what, "off_domain")) {
		return p->off_domain != NULL;
	}
	if (!strcmp(what, "dns_addresses")) {
		return !p->srv_names_address;
	}
	if (!strcmp(what, "ipv6")) {
		return p->ipv6;
	}
	if (!strcmp(what, "s2s_plain")) {
		return !p->s2s_tls;
	}
	if (!strcmp(what, "s2s_dialback")) {
		return !p->certificates_only;
	}
	if (!strcmp(what, "s2s_direct_tls_port")) {
		return p->direct_tls;
	}
	if (!strcmp(what, "s2s_tls")) {
		return p->s2s_tls;
	}
	if (!strcmp(what, "component")) {
		return p->component.domains_count > 0;
	}
	if (!strncmp(what, "components:", 11)) {
		return serves_components(p, strtoul(what + 11, NULL, 10));
	}
	return !strcmp(what, "virtual_hosts") && p->domains_count > 1;
}
