#ifndef SESSION_PART_H
#define SESSION_PART_H

#include "base/clock.h"
#include "base/error.h"
#include "wire/frame.h"

#include <stdbool.h>

/*
 * What one kind of object keeps in a session, and does there beside its calls. The session
 * itself knows no kind: a part is added with the first object of its kind, and lasts as
 * long as the session does. The session is locked in all these calls.
 */
struct relevo_session;
struct session_part;

struct session_part_kind {
	/* A frame that no call waits for: what the broker says unasked, or the answer to a call
	 * that has given up, of which nothing may stay behind. False: it is another kind's. */
	bool (*take_unasked)(struct session_part *part, const struct frame *frame);
	/* Called by the flusher every millisecond, as long as this returns true: there is
	 * something to look after. NULL: there never is. */
	bool (*look_after)(struct session_part *part);
	/* Run callbacks of the program; the session is unlocked meanwhile. Waits until `deadline`
	 * for those that another thread runs. NULL: there are none. Errors: TIMED_OUT. */
	int (*call_back)(struct session_part *part, nsec_t deadline, struct error *error);
	/* Whether something has to reach the broker that it has not confirmed. NULL: nothing. */
	bool (*unconfirmed)(const struct session_part *part);
	/* Whether what this session puts is sent again when a connection is lost. NULL: it is not.
	 */
	bool (*carries_on)(const struct session_part *part);
	/* So much of the window has been confirmed. NULL: it does not matter. */
	void (*confirmed)(struct session_part *part, uint64_t window);
	/* The connection is lost. NULL: nothing changes. */
	void (*lost)(struct session_part *part);
	/* There is a new one, not used yet. What is unconfirmed is sent again. NULL: there is
	 * nothing of the kind. Errors as relevo_session_open(). */
	int (*resume)(struct session_part *part, nsec_t deadline, struct error *error);
	/* What is unconfirmed will not be: callbacks are owed for it. NULL: there is none. */
	void (*give_up)(struct session_part *part, int status);
	/* In a child after fork(2). NULL: nothing changes. */
	void (*forked)(struct session_part *part);
	void (*free)(struct session_part *part);
};

struct session_part {
	const struct session_part_kind *kind;
	struct session_part *next;
	struct relevo_session *session;
};

void part_add(struct relevo_session *session, struct session_part *part);

/* The session's part of that kind; NULL: there is none yet. */
struct session_part *part_find(const struct relevo_session *session,
			       const struct session_part_kind *kind);

/* ---- for the session: the same for all of its parts --------------------- */

void parts_take_unasked(struct relevo_session *session, const struct frame *frame);
bool parts_look_after(struct relevo_session *session);
int parts_call_back(struct relevo_session *session, nsec_t deadline, struct error *error);
bool parts_carry_on(const struct relevo_session *session);
bool parts_unconfirmed(const struct relevo_session *session);
void parts_confirmed(struct relevo_session *session, uint64_t window);
void parts_lost(struct relevo_session *session);
int parts_resume(struct relevo_session *session, nsec_t deadline, struct error *error);
void parts_give_up(struct relevo_session *session, int status);
void parts_forked(struct relevo_session *session);
void parts_free(struct relevo_session *session);

#endif
