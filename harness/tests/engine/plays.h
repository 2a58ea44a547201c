/* Stanzas and pieces of plays that the tests of several files use with a stage. */
#ifndef TESTS_PLAYS_H
#define TESTS_PLAYS_H

#define SUBSCRIBE "<presence type='subscribe' from='x@example.org'/>"
#define SUBSCRIBED "<presence type='subscribed'/>"
#define UNAVAILABLE "<presence type='unavailable'/>" /* tolerated */
#define PING "<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>"
#define VERSION "<iq type='get' id='v1'><query xmlns='jabber:iq:version'/></iq>"
#define ERROR "<error type='cancel'><item-not-found xmlns='" NS_STANZA_ERRORS "'/></error>"

#define WAITS                                                                                                          \
	"Marlowe receives:\n"                                                                                              \
	"	<presence type='subscribed'/>\n"                                                                                 \
	"	TT-1 it comes\n"

#define NOTHING                                                                                                        \
	"Marlowe receives: nothing\n"                                                                                      \
	"	TT-1 nothing comes\n"

#define THEN                                                                                                           \
	"Kyd receives:\n"                                                                                                  \
	"	<presence type='subscribed'/>\n"                                                                                 \
	"	TT-2 the play goes on\n"

#endif
