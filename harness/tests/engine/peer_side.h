/* One peers object against a target that the test plays, for the tests of peers. */
#ifndef TESTS_PEER_SIDE_H
#define TESTS_PEER_SIDE_H

#include "actors/peer.h"
#include "fake.h"

#define STREAM                                                                                                         \
	"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "                            \
	"xmlns:db='jabber:server:dialback' "
#define FEATURES "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"

/* One peers object, and what its callbacks said as text. */
struct side {
	struct peers *peers;
	struct log log;
	struct buf events;
	struct buf openings;
	const char *wanted; /* for saw() */
	int destroy_on_stanza;
};

extern uv_loop_t loop;
extern struct fake_server target;
extern struct side side;

/* Fixture of a test: makes and frees all three. */
void setup(void);
void teardown(void);

/* More sides in the same loop. */
void side_init(struct side *s, int target_port);
void side_finish(struct side *s);

/* Runs the loop until the callbacks have said that. */
void saw(struct side *s, const char *event);
void logged(const struct side *s, const char *text);

void send_text(struct peer *p, const char *to, const char *text);

/* The target's answer to the stream header on its n-th connection, and to the key as well. */
struct fake *answer_stream(int n);
struct fake *authenticate(int n);
/* The target opens a stream to m.test. */
void open_inbound(struct fake *f);

#endif
