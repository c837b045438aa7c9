#ifndef CLIENT_PIPE_RELAY_H
#define CLIENT_PIPE_RELAY_H

#include "base/clock.h"
#include "base/error.h"
#include "client/pipe_local.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct relevo_session;

/*
 * An end whose other end is on another host: two queues of the broker, of which one is
 * put into and one got from, within a session that is the end's own. A message is one
 * item, or several if it is large: the first byte of each says which of them it is.
 */
struct pipe_relay;

/* The session is the relay's, if this succeeds; `out` and `in` are handles of it. */
int pipe_relay_new(struct relevo_session *session, uint32_t out, uint32_t in,
		   struct pipe_relay **relay, struct error *error);

void pipe_relay_free(struct pipe_relay *relay);

/* Errors as relevo_pipe_send(). */
int pipe_relay_send(struct pipe_relay *relay, const struct pipe_sending *sending, nsec_t deadline,
		    struct error *error);

/* Errors as relevo_pipe_recv(). */
int pipe_relay_receive(struct pipe_relay *relay, struct pipe_message *message, nsec_t deadline,
		       struct error *error);

/* Wait until there is a message, or the end. TRY_AGAIN, TIMED_OUT: neither is. */
int pipe_relay_poll(struct pipe_relay *relay, nsec_t deadline, struct error *error);

/* ---- waiting for several ------------------------------------------------ */

/* Ask for the next message without waiting for it. What to poll for is written to
 * `entries`, PIPE_RELAY_ENTRIES of them. pipe_relay_withdraw() has to follow. */
enum { PIPE_RELAY_ENTRIES = 2 };
int pipe_relay_ask(struct pipe_relay *relay, struct pollfd *entries, struct error *error);

/* Read what has arrived; whether there is a message, or the end, or trouble. */
bool pipe_relay_look(struct pipe_relay *relay);

/* Ask no more. Whether there is a message, or the end, after all. */
bool pipe_relay_withdraw(struct pipe_relay *relay);

#endif
