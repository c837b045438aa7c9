/* When puts that are not answered have been dealt with: see deal.h. */
#include "route/deal.h"

#include "route/reply.h"
#include "route/session.h"

static struct call *first_deal(const struct session *session)
{
	struct list *node = list_first(&session->deals);
	return node != NULL ? container_of(node, struct call, in_deals) : NULL;
}

/* True: the session has ended with it. */
static bool conclude(struct session *session, struct call *call)
{
	const struct call past = *call;
	call_free(call);
	if (past.matter == CALL_GOODBYE) {
		session_say_goodbye(session, past.number);
		return true;
	}
	if (past.matter == CALL_FLUSH) {
		session_confirm(session);
		reply_done(session, past.number, 0);
	}
	session_deal(session, past.cost, past.prompt);
	return false;
}

static void deal_advance(struct session *session)
{
	struct call *call;
	bool over = false;
	while (!over && (call = first_deal(session)) != NULL && call->dealt)
		over = conclude(session, call);
}

void deal_expect(struct session *session, struct call *put, uint64_t cost, bool prompt)
{
	if (put != NULL) {
		put->cost = cost;
		put->prompt = prompt;
		list_append(&session->deals, &put->in_deals);
	} else if (list_empty(&session->deals)) {
		session_deal(session, cost, prompt);
	} else {
		/* With the last one that is before it. */
		struct call *last = container_of(session->deals.previous, struct call, in_deals);
		last->cost += cost;
		last->prompt = last->prompt || prompt;
	}
}

void deal_done(struct call *put)
{
	put->dealt = true;
	deal_advance(put->session);
}

/* Behind all that is not dealt with yet. */
static void deal_last(struct session *session, uint64_t number, enum call_matter matter)
{
	struct error error = { 0 };
	struct call *call;
	if (call_new(session, number, false, &call, &error) != RELEVO_OK) {
		reply_error(session, number, &error);
		return;
	}
	call->matter = matter;
	call->dealt = true;
	list_append(&session->deals, &call->in_deals);
	deal_advance(session);
}

void deal_flush(struct session *session, uint64_t number)
{
	if (list_empty(&session->deals)) {
		session_confirm(session);
		reply_done(session, number, 0);
	} else {
		deal_last(session, number, CALL_FLUSH);
	}
}

void deal_goodbye(struct session *session, uint64_t number)
{
	if (list_empty(&session->deals)) {
		session_say_goodbye(session, number);
		return;
	}
	/* What comes after it is passed over. */
	session->leaving = true;
	deal_last(session, number, CALL_GOODBYE);
}
