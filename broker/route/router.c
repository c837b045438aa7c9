/* From a frame to its handler: the table of operations, and the hooks for the network. */
#include "route/router.h"

#include "base/mutant.h"
#include "route/call.h"
#include "route/deferred.h"
#include "route/enums.h"
#include "route/handlers.h"
#include "route/reply.h"
#include "route/weight.h"
#include "wire/protocol.h"

#include <assert.h>
#include <stdlib.h>

/* What the broker alone sends is not here. */
static handler *const handlers[] = {
	[RELEVO__HEADER__OP_HELLO] = handle_hello,
	[RELEVO__HEADER__OP_PROOF] = handle_proof,
	[RELEVO__HEADER__OP_BORN] = handle_born,
	[RELEVO__HEADER__OP_CANCEL] = handle_cancel,
	[RELEVO__HEADER__OP_GOODBYE] = handle_goodbye,
	[RELEVO__HEADER__OP_FLUSH] = handle_flush,
	[RELEVO__HEADER__OP_SESSION_LIST] = handle_session_list,
	[RELEVO__HEADER__OP_QUEUE_OPEN] = handle_queue_open,
	[RELEVO__HEADER__OP_QUEUE_CLOSE] = handle_queue_close,
	[RELEVO__HEADER__OP_QUEUE_DELETE] = handle_queue_delete,
	[RELEVO__HEADER__OP_QUEUE_PUT] = handle_queue_put,
	[RELEVO__HEADER__OP_QUEUE_GET] = handle_queue_get,
	[RELEVO__HEADER__OP_QUEUE_ACK] = handle_queue_ack,
	[RELEVO__HEADER__OP_QUEUE_NACK] = handle_queue_nack,
	[RELEVO__HEADER__OP_QUEUE_REJECT] = handle_queue_reject,
	[RELEVO__HEADER__OP_QUEUE_EXTEND] = handle_queue_extend,
	[RELEVO__HEADER__OP_QUEUE_STAT] = handle_queue_stat,
	[RELEVO__HEADER__OP_QUEUE_PURGE] = handle_queue_purge,
	[RELEVO__HEADER__OP_QUEUE_MOVE] = handle_queue_move,
	[RELEVO__HEADER__OP_QUEUE_PEEK] = handle_queue_peek,
	[RELEVO__HEADER__OP_QUEUE_SHUTDOWN] = handle_queue_shutdown,
	[RELEVO__HEADER__OP_QUEUE_JOIN] = handle_queue_join,
	[RELEVO__HEADER__OP_QUEUE_LIST] = handle_queue_list,
	[RELEVO__HEADER__OP_LOCK_OPEN] = handle_lock_open,
	[RELEVO__HEADER__OP_LOCK_RELEASE] = handle_lock_release,
	[RELEVO__HEADER__OP_CELL_OPEN] = handle_cell_open,
	[RELEVO__HEADER__OP_CELL_CLOSE] = handle_cell_close,
	[RELEVO__HEADER__OP_CELL_DELETE] = handle_cell_delete,
	[RELEVO__HEADER__OP_CELL_UPDATE] = handle_cell_update,
	[RELEVO__HEADER__OP_CELL_WAIT] = handle_cell_wait,
	[RELEVO__HEADER__OP_CELL_GIVE_UP] = handle_cell_give_up,
	[RELEVO__HEADER__OP_SHARED_OPEN] = handle_shared_open,
	[RELEVO__HEADER__OP_SHARED_CLOSE] = handle_shared_close,
	[RELEVO__HEADER__OP_SHARED_DELETE] = handle_shared_delete,
	[RELEVO__HEADER__OP_PIPE_MEET] = handle_pipe_meet,
};

static_assert(sizeof handlers / sizeof handlers[0] <= ROUTER_OPERATIONS, "more operations");

static handler *handler_of(unsigned operation)
{
	return operation < sizeof handlers / sizeof handlers[0] ? handlers[operation] : NULL;
}

static const char *name_of(unsigned operation)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(&relevo__header__descriptor, operation);
	return field != NULL ? field->name : "an unknown operation";
}

/* The call fails, the session goes on. */
static void router_refuse(struct session *session, const struct frame *frame,
			  const struct error *error)
{
	const Relevo__Header *header = frame->header;
	reply_error(session, header->call, error);
	if (header->op_case == RELEVO__HEADER__OP_QUEUE_PUT && header->queue_put->quiet)
		pass_over_put(session, frame);
}

/* What keeps the frame from its handler, with `error` saying it. */
static int router_check(const struct session *session, unsigned operation, struct error *error)
{
	if (session->state == SESSION_NEW && operation != RELEVO__HEADER__OP_HELLO)
		return error_set(error, RELEVO_BAD_STATE, "%s came before hello",
				 name_of(operation));
	if (session->state == SESSION_CHALLENGED && operation != RELEVO__HEADER__OP_PROOF)
		return error_set(error, RELEVO_AUTH_FAILED, "%s came before the proof",
				 name_of(operation));
	if (handler_of(operation) == NULL)
		return error_set(error, RELEVO_UNKNOWN_OPERATION,
				 "operation %u (%s) is not one that clients send", operation,
				 name_of(operation));
	return RELEVO_OK;
}

static int router_check_enums(const struct router *router, const struct frame *frame,
			      struct error *error)
{
	if (!router->has_enums[frame->header->op_case] || MUTANT(any_enum_will_do))
		return RELEVO_OK;
	return enums_check(frame->header, error);
}

/* What rides along in the header. Nobody hears of a lease that is not held: who
 * wants to know asks with QueueAck. */
static void router_acknowledge(struct session *session, const Relevo__Header *header)
{
	struct error ignored;
	(void)lease_ack(session->peer, header->acks, header->n_acks,
			loop_now(session->router->loop), &ignored);
}

static void router_handle(struct session *session, unsigned operation, const struct frame *frame)
{
	struct router *router = session->router;
	deferred_begin(session, frame->header);
	handler_of(operation)(session, frame);
	deferred_end(router);
}

static void on_frame(void *context, int status, const struct frame *frame,
		     const struct error *unfit)
{
	struct session *session = context;
	unsigned operation = frame->header->op_case;
	struct error error;
	if (session->leaving)
		return;
	if (session->state == SESSION_OPEN && frame->header->n_acks > 0)
		router_acknowledge(session, frame->header);
	if (status != RELEVO_OK && session->state == SESSION_OPEN) {
		router_refuse(session, frame, unfit);
		return;
	}
	int fault = router_check(session, operation, &error);
	if (fault == RELEVO_OK && status != RELEVO_OK) {
		error = *unfit;
		fault = status;
	}
	if (fault == RELEVO_OK)
		fault = router_check_enums(session->router, frame, &error);
	if (fault == RELEVO_OK)
		router_handle(session, operation, frame);
	else if (session->state < SESSION_OPEN)
		session_refuse(session, frame->header->call, &error);
	else
		router_refuse(session, frame, &error);
}

static void *on_opened(void *context, struct connection *connection)
{
	return session_new(context, connection);
}

static void on_gone(void *session, const char *reason)
{
	session_free(session, reason);
}

static uint64_t router_work_done(void *context)
{
	const struct router *router = context;
	return engine_work_done(router->engine);
}

static uint64_t router_weigh(void *session, const struct frame *frame)
{
	return frame_weight(session, frame);
}

static size_t router_answer_size(void *session, const struct frame *frame)
{
	return frame_answer_size(session, frame);
}

static void share_work(void *context, uint64_t units)
{
	const struct router *router = context;
	engine_share(router->engine, units);
}

static bool router_is_busy(void *context)
{
	const struct session *session = context;
	return session->state == SESSION_ENDING ||
	       (session->peer != NULL && engine_peer_busy(session->peer));
}

static bool hold_item(void *context, void *owner)
{
	struct item *item = owner;
	(void)context;
	/* The count is a small number: somebody who has the same item handed out
	 * again and again without reading it gets copies in the end. */
	if (item->references >= ITEM_MAX_REFERENCES / 2)
		return false;
	item_hold(item);
	return true;
}

static void release_item(void *context, void *owner)
{
	struct router *router = context;
	item_drop(router->engine, owner);
}

struct network_handlers router_handlers(struct router *router)
{
	return (struct network_handlers){
		.context = router,
		.opened = on_opened,
		.frame = on_frame,
		.gone = on_gone,
		.work = router_work_done,
		.weight = router_weigh,
		.answer_size = router_answer_size,
		.share = share_work,
		.busy = router_is_busy,
	};
}

struct output_owners router_owners(struct router *router)
{
	return (struct output_owners){ router, hold_item, release_item };
}

struct router *router_new(const struct router_config *config, struct engine *engine,
			  struct loop *loop)
{
	struct router *router = malloc(sizeof *router);
	if (router == NULL)
		return NULL;
	router->config = *config;
	router->engine = engine;
	router->loop = loop;
	router->last_session = 0;
	router->answering = NULL;
	list_init(&router->sessions);
	map_init(&router->clients, config->broker);
	list_init(&router->free_calls);
	router->free_count = 0;
	for (unsigned i = 0; i < ROUTER_OPERATIONS; i++)
		router->has_enums[i] = enums_in(i);
	return router;
}

void router_free(struct router *router)
{
	if (router == NULL)
		return;
	call_empty_pool(router);
	map_fini(&router->clients);
	free(router);
}
