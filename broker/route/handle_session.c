#include "base/log.h"
#include "base/name.h"
#include "route/call.h"
#include "route/handlers.h"
#include "route/reply.h"

#include <inttypes.h>

/* What a client says about itself may be left out, but is held to what names
 * are, since it is shown to people. */
static int check_label(const char *label, const char *what, struct error *error)
{
	return label[0] != '\0' ? name_check(label, what, error) : RELEVO_OK;
}

static int check_hello(const Relevo__Hello *hello, struct error *error)
{
	if (hello->version != PROTOCOL_VERSION)
		return error_set(error, RELEVO_BAD_VERSION,
				 "the client speaks version %" PRIu32
				 " of the protocol, this broker version %d",
				 hello->version, PROTOCOL_VERSION);
	int status = check_label(hello->name, "client", error);
	return status == RELEVO_OK ? check_label(hello->host, "host", error) : status;
}

static void log_opened(const struct session *session, const Relevo__Hello *hello)
{
	const struct channel_peer *peer = connection_peer(session->connection);
	/* The kernel's word about the pid counts more than the client's. */
	log_info("session-open", LOG_NUMBER("session", session->number),
		 LOG_NUMBER("uid", connection_account(session->connection)->uid),
		 LOG_NUMBER("pid", peer->local ? (uint64_t)peer->pid : hello->pid),
		 LOG_TEXT("name", hello->name), LOG_TEXT("host", hello->host),
		 LOG_TEXT("address", peer->address));
}

void handle_hello(struct session *session, const struct frame *frame)
{
	const Relevo__Hello *hello = frame->header->hello;
	struct error error = { 0 };
	if (session->state != SESSION_NEW) {
		error_set(&error, RELEVO_BAD_STATE, "this session has said hello before");
		reply_error(session, frame->header->call, &error);
		return;
	}
	int status = check_hello(hello, &error);
	if (status == RELEVO_OK && session_start(session) != RELEVO_OK)
		status = error_set(&error, RELEVO_NO_MEMORY, "no memory for a session");
	if (status != RELEVO_OK) {
		session_refuse(session, frame->header->call, &error);
		return;
	}
	log_opened(session, hello);
	reply_welcome(session, frame->header->call);
}

void handle_cancel(struct session *session, const struct frame *frame)
{
	/* One that is answered already is nothing to complain about: the answer
	 * and the Cancel have met on their way. */
	struct call *call = call_find(session, frame->header->cancel->call);
	if (call != NULL)
		waiter_cancel(&call->waiter);
}

void handle_goodbye(struct session *session, const struct frame *frame)
{
	/* First what others shall find when the client has its answer. */
	engine_peer_leave(session->peer, loop_now(session->router->loop));
	session_end(session, "goodbye");
	session_confirm(session);
	reply_done(session, frame->header->call, 0);
}

void handle_flush(struct session *session, const struct frame *frame)
{
	/* Frames are dealt with in order, so all before this one are. */
	session_confirm(session);
	reply_done(session, frame->header->call, 0);
}
