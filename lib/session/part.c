/* What the kinds of objects keep in a session: see part.h. */
#include "session/part.h"

#include "session/session.h"

void part_add(struct relevo_session *session, struct session_part *part)
{
	part->session = session;
	part->next = session->parts;
	session->parts = part;
}

struct session_part *part_find(const struct relevo_session *session,
			       const struct session_part_kind *kind)
{
	struct session_part *part = session->parts;
	while (part != NULL && part->kind != kind)
		part = part->next;
	return part;
}

void parts_take_unasked(struct relevo_session *session, const struct frame *frame)
{
	struct session_part *part = session->parts;
	while (part != NULL && !part->kind->take_unasked(part, frame))
		part = part->next;
}

bool parts_look_after(struct relevo_session *session)
{
	bool any = false;
	for (struct session_part *part = session->parts; part != NULL; part = part->next) {
		if (part->kind->look_after != NULL && part->kind->look_after(part))
			any = true;
	}
	return any;
}

int parts_call_back(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	int status = RELEVO_OK;
	for (struct session_part *part = session->parts; part != NULL && status == RELEVO_OK;
	     part = part->next) {
		if (part->kind->call_back != NULL)
			status = part->kind->call_back(part, deadline, error);
	}
	return status;
}

bool parts_unconfirmed(const struct relevo_session *session)
{
	for (const struct session_part *part = session->parts; part != NULL; part = part->next) {
		if (part->kind->unconfirmed != NULL && part->kind->unconfirmed(part))
			return true;
	}
	return false;
}

bool parts_carry_on(const struct relevo_session *session)
{
	for (const struct session_part *part = session->parts; part != NULL; part = part->next) {
		if (part->kind->carries_on != NULL && part->kind->carries_on(part))
			return true;
	}
	return false;
}

void parts_confirmed(struct relevo_session *session, uint64_t window)
{
	for (struct session_part *part = session->parts; part != NULL; part = part->next) {
		if (part->kind->confirmed != NULL)
			part->kind->confirmed(part, window);
	}
}

void parts_lost(struct relevo_session *session)
{
	for (struct session_part *part = session->parts; part != NULL; part = part->next) {
		if (part->kind->lost != NULL)
			part->kind->lost(part);
	}
}

int parts_resume(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	int status = RELEVO_OK;
	for (struct session_part *part = session->parts; part != NULL && status == RELEVO_OK;
	     part = part->next) {
		if (part->kind->resume != NULL)
			status = part->kind->resume(part, deadline, error);
	}
	return status;
}

void parts_give_up(struct relevo_session *session, int status)
{
	for (struct session_part *part = session->parts; part != NULL; part = part->next) {
		if (part->kind->give_up != NULL)
			part->kind->give_up(part, status);
	}
}

void parts_forked(struct relevo_session *session)
{
	for (struct session_part *part = session->parts; part != NULL; part = part->next) {
		if (part->kind->forked != NULL)
			part->kind->forked(part);
	}
}

void parts_free(struct relevo_session *session)
{
	while (session->parts != NULL) {
		struct session_part *part = session->parts;
		session->parts = part->next;
		part->kind->free(part);
	}
}
