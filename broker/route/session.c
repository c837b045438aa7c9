/* A client's session, from its start to its end, and the confirmation of its puts. */
#include "route/session.h"

#include "base/mutant.h"
#include "log/log.h"
#include "route/call.h"
#include "route/reply.h"

#include <stdlib.h>

/* With its place in the engine. It is there for who comes to take
 * things out, though the share be used up. */
enum { SESSION_COST = sizeof(struct session) + 512 };

struct session *session_new(struct router *router, struct connection *connection)
{
	struct account *account = connection_account(connection);
	if (!account_charge_buffer(account, SESSION_COST))
		return NULL;
	struct session *session = calloc(1, sizeof *session);
	if (session == NULL) {
		account_release(account, SESSION_COST);
		return NULL;
	}
	session->router = router;
	session->connection = connection;
	session->account = account;
	account_hold(account);
	list_init(&session->calls);
	list_init(&session->deals);
	map_init(&session->waiting, router->config.broker);
	return session;
}

static void on_recall(void *context, uint32_t handle)
{
	reply_recall(context, handle);
}

/* What the client asked for over a connection that it has given up is not done any more: it comes
 * again. */
static void end_forerunner(struct session *session)
{
	struct map_node *node =
		map_find(&session->router->clients, session->client, CLIENT_ID_SIZE);
	struct session *other =
		node != NULL ? container_of(node, struct session, in_clients) : NULL;
	if (other != NULL && other->account == session->account && !MUTANT(forerunner_goes_on))
		session_end(other, "the client has come back");
}

static void leave_clients(struct session *session)
{
	if (session->returns)
		map_remove(&session->router->clients, &session->in_clients);
	session->returns = false;
}

static int session_identify(struct session *session)
{
	struct map *clients = &session->router->clients;
	if (!session->returns)
		return RELEVO_OK;
	end_forerunner(session);
	session->returns = map_find(clients, session->client, CLIENT_ID_SIZE) == NULL;
	if (!session->returns)
		return RELEVO_OK;
	if (!map_insert(clients, &session->in_clients, session->client, CLIENT_ID_SIZE)) {
		session->returns = false;
		return RELEVO_NO_MEMORY;
	}
	return RELEVO_OK;
}

int session_start(struct session *session)
{
	struct router *router = session->router;
	if (session_identify(session) != RELEVO_OK)
		return RELEVO_NO_MEMORY;
	session->peer = engine_peer_new(router->engine, connection_account(session->connection));
	if (session->peer == NULL) {
		leave_clients(session);
		return RELEVO_NO_MEMORY;
	}
	if (session->returns)
		engine_peer_identify(session->peer, session->client);
	engine_peer_on_recall(session->peer, on_recall, session);
	session->number = ++router->last_session;
	session->opened = loop_now(router->loop);
	list_append(&router->sessions, &session->in_router);
	session->state = SESSION_OPEN;
	connection_greeted(session->connection);
	return RELEVO_OK;
}

void session_refuse(struct session *session, uint64_t call, const struct error *error)
{
	const struct channel_peer *peer = connection_peer(session->connection);
	log_warning("session-refused",
		    LOG_NUMBER("uid", connection_account(session->connection)->uid),
		    LOG_NUMBER("pid", peer->pid), LOG_TEXT("address", peer->address),
		    LOG_TEXT("reason", error_text(error)));
	reply_error(session, call, error);
	session_end(session, "refused");
}

/* The engine has forgotten their waiters already. */
static void drop_calls(struct session *session)
{
	list_for_each (node, &session->calls)
		call_free(container_of(node, struct call, link));
}

static void session_dispose_here(struct session *session)
{
	map_fini(&session->waiting);
	free(session->greeting);
	account_release(session->account, SESSION_COST + session->waiting_cost);
	account_drop(session->account);
	free(session);
}

/* Nothing of it is left in the engine. */
static void session_on_end(void *context, const struct peer_remains *remains)
{
	struct session *session = context;
	session->state = SESSION_ENDED;
	log_info("session-gone", LOG_NUMBER("session", session->number),
		 LOG_TEXT("reason", session->end_reason),
		 LOG_NUMBER("leases-returned", remains->leases),
		 LOG_NUMBER("objects-ended", remains->objects));
	if (session->connection == NULL) {
		session_dispose_here(session);
		return;
	}
	/* Others find all that it held when the client has its answer. */
	if (session->says_goodbye) {
		session_confirm(session);
		reply_done(session, session->goodbye, 0);
	}
	connection_finish(session->connection, session->end_reason);
}

static void begin_end(struct session *session, const char *reason)
{
	struct engine_peer *peer = session->peer;
	session->state = SESSION_ENDING;
	session->end_reason = reason;
	session->peer = NULL;
	list_remove(&session->in_router);
	leave_clients(session);
	engine_peer_on_end(peer, session_on_end, session);
	engine_peer_gone(peer, loop_now(session->router->loop));
	drop_calls(session);
}

void session_end(struct session *session, const char *reason)
{
	if (session->state == SESSION_OPEN)
		begin_end(session, reason);
	if (session->state == SESSION_ENDING)
		return;
	session->state = SESSION_ENDED;
	connection_finish(session->connection, reason);
}

void session_say_goodbye(struct session *session, uint64_t call)
{
	session->says_goodbye = true;
	session->goodbye = call;
	engine_peer_leave(session->peer);
	session_end(session, "goodbye");
}

void session_free(struct session *session, const char *reason)
{
	session_end(session, reason);
	if (session->state == SESSION_ENDING)
		session->connection = NULL;
	else
		session_dispose_here(session);
}

nsec_t session_deadline(const struct session *session, uint32_t timeout_ms)
{
	return timeout_ms > 0 ? clock_deadline(loop_now(session->router->loop), timeout_ms) : 0;
}

void session_confirm(struct session *session)
{
	if (session->confirmed == session->dealt)
		return;
	session->confirmed = session->dealt;
	reply_confirm(session, session->confirmed);
}

void session_deal(struct session *session, uint64_t cost, bool prompt)
{
	session->dealt += cost;
	/* Early enough that a client which keeps its window full need never stop,
	 * seldom enough that confirmations cost nothing. */
	if (prompt || session->dealt - session->confirmed >= session->router->config.window / 4)
		session_confirm(session);
}
