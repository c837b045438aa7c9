#ifndef SESSION_HELLO_H
#define SESSION_HELLO_H

#include "session/session.h"

/*
 * The first words on a new connection: who this is and, where the broker asks, a
 * proof that the session knows the key. A session that has a key for the network
 * wants the broker's proof as well. Errors as relevo_session_open().
 */
int hello_say(struct relevo_session *session, nsec_t deadline, struct error *error);

#endif
