/* Calls of a session that await an answer: making, finding and freeing them. */
#include "route/call.h"

#include <inttypes.h>
#include <stdlib.h>

/* Past calls kept for the next ones; more are given back to the system. */
enum { POOL_MAX = 1024 };

enum { CALL_COST = sizeof(struct call) + 16 };

/* One from the pool: a call is short and there are many. */
static struct call *call_take(struct router *router)
{
	struct list *node = list_first(&router->free_calls);
	if (node == NULL)
		return malloc(sizeof(struct call));
	list_remove(node);
	router->free_count--;
	return container_of(node, struct call, link);
}

static int call_allocate(struct session *session, struct call **call, struct error *error)
{
	struct account *account = connection_account(session->connection);
	if (!account_charge_buffer(account, CALL_COST))
		return error_set(error, RELEVO_QUOTA,
				 "user %u has no share of the broker's memory left for a call",
				 account->uid);
	struct call *new = call_take(session->router);
	if (new == NULL) {
		account_release(account, CALL_COST);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a call");
	}
	*new = (struct call){ .session = session };
	list_append(&session->calls, &new->link);
	*call = new;
	return RELEVO_OK;
}

/* The table never becomes smaller, so it is paid for as long as the session lasts. */
static int enter_waiting(struct call *call, struct error *error)
{
	struct session *session = call->session;
	struct account *account = connection_account(session->connection);
	size_t growth = map_growth(&session->waiting);
	if (growth > 0 && !account_charge_buffer(account, growth))
		return error_set(error, RELEVO_QUOTA,
				 "user %u has no share of the broker's memory left for a call",
				 account->uid);
	if (!map_insert(&session->waiting, &call->in_waiting, &call->number, sizeof call->number)) {
		account_release(account, growth);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a waiting call");
	}
	session->waiting_cost += growth;
	call->cancellable = true;
	return RELEVO_OK;
}

int call_new(struct session *session, uint64_t number, bool may_wait, struct call **call,
	     struct error *error)
{
	struct call *new = NULL;
	if (may_wait && call_find(session, number) != NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "call %" PRIu64 " of this session is still waiting", number);
	int status = call_allocate(session, &new, error);
	if (status != RELEVO_OK)
		return status;
	new->number = number;
	if (may_wait)
		status = enter_waiting(new, error);
	if (status != RELEVO_OK) {
		call_free(new);
		return status;
	}
	*call = new;
	return RELEVO_OK;
}

void call_free(struct call *call)
{
	struct session *session = call->session;
	if (call->cancellable)
		map_remove(&session->waiting, &call->in_waiting);
	list_remove(&call->link);
	list_remove(&call->in_deals);
	free(call->kept);
	account_release(connection_account(session->connection), CALL_COST);
	if (session->router->free_count >= POOL_MAX) {
		free(call);
		return;
	}
	session->router->free_count++;
	list_append(&session->router->free_calls, &call->link);
}

struct call *call_find(const struct session *session, uint64_t number)
{
	struct map_node *node = map_find(&session->waiting, &number, sizeof number);
	return node != NULL ? container_of(node, struct call, in_waiting) : NULL;
}

void call_empty_pool(struct router *router)
{
	list_for_each (node, &router->free_calls) {
		list_remove(node);
		free(container_of(node, struct call, link));
	}
}
