/* Connections that hold what a tuple has handles of: see claim.h. */
#include "tuple/claim.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "session/call.h"
#include "session/fork.h"
#include "session/handle_text.h"
#include "session/session.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Within which a broker has to answer, all in all. */
#define CLAIM_TIME NSEC_PER_SEC

struct claiming {
	struct relevo_session *sessions[CLAIMS_MAX];
	size_t count;
	nsec_t deadline;
};

/* The session for that broker, made with the first of its objects; NULL: there is none. */
static struct relevo_session *session_for(struct claiming *claiming, uint64_t broker)
{
	struct error ignored;
	for (size_t i = 0; i < claiming->count; i++) {
		if (claiming->sessions[i]->connection.broker == broker)
			return claiming->sessions[i];
	}
	struct relevo_session *session =
		claiming->count < CLAIMS_MAX ? fork_bare_session(broker) : NULL;
	if (session == NULL)
		return NULL;
	session->silent = true;
	pthread_mutex_lock(&session->lock);
	int status = connection_open(session, claiming->deadline, &ignored);
	pthread_mutex_unlock(&session->lock);
	if (status == RELEVO_OK && session->connection.broker == broker)
		return claiming->sessions[claiming->count++] = session;
	session_discard(session);
	return NULL;
}

/* Whatever opens: it is not used. */
static int claim_take_opened(struct call *call, const struct frame *frame)
{
	(void)call, (void)frame;
	return RELEVO_OK;
}

static void open_there(struct relevo_session *session, Relevo__Header *header, nsec_t deadline)
{
	struct call call = { .take = claim_take_opened };
	struct error ignored;
	pthread_mutex_lock(&session->lock);
	call_run(session, &call, header, deadline, &ignored);
	pthread_mutex_unlock(&session->lock);
}

static void claim_open_queue(struct relevo_session *session, char *name, nsec_t deadline)
{
	Relevo__QueueOpen operation = RELEVO__QUEUE_OPEN__INIT;
	operation.name = name;
	operation.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	operation.any_kind = true;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_OPEN;
	header.queue_open = &operation;
	open_there(session, &header, deadline);
}

static void open_cell(struct relevo_session *session, char *name, nsec_t deadline)
{
	Relevo__CellOpen operation = RELEVO__CELL_OPEN__INIT;
	operation.name = name;
	operation.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CELL_OPEN;
	header.cell_open = &operation;
	open_there(session, &header, deadline);
}

static void claim_open_shared(struct relevo_session *session, char *name, nsec_t deadline)
{
	Relevo__SharedOpen operation = RELEVO__SHARED_OPEN__INIT;
	operation.name = name;
	operation.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_SHARED_OPEN;
	header.shared_open = &operation;
	open_there(session, &header, deadline);
}

typedef void opener(struct relevo_session *session, char *name, nsec_t deadline);

/* NULL: it is no object of a broker. */
static opener *opener_of(enum relevo_tuple_type kind)
{
	switch (kind) {
	case RELEVO_TUPLE_QUEUE:
	case RELEVO_TUPLE_LOCK:
	case RELEVO_TUPLE_RLOCK:
	case RELEVO_TUPLE_SEMAPHORE:
	case RELEVO_TUPLE_CONDITION:
		return claim_open_queue;
	case RELEVO_TUPLE_EVENT:
	case RELEVO_TUPLE_BARRIER:
	case RELEVO_TUPLE_VALUE:
	case RELEVO_TUPLE_ARRAY:
		return open_cell;
	case RELEVO_TUPLE_SHARED:
		return claim_open_shared;
	default:
		return NULL;
	}
}

static void claim_element(struct claiming *claiming, const struct element *element, opener *open)
{
	struct handle_description description;
	struct error ignored;
	if (handle_parse(element->data, tuple_kind_name(element->kind), &description, &ignored) !=
	    RELEVO_OK)
		return;
	struct relevo_session *session = session_for(claiming, description.broker);
	if (session != NULL)
		open(session, description.name, claiming->deadline);
}

static void claim_all(struct claiming *claiming, const relevo_tuple *tuple)
{
	for (size_t i = 0; i < tuple->count; i++) {
		const struct element *element = &tuple->elements[i];
		opener *open = opener_of(element->kind);
		if (open != NULL)
			claim_element(claiming, element, open);
		else if (element->inner != NULL)
			claim_all(claiming, element->inner);
	}
}

void claims_make(const relevo_tuple *tuple, int fds[CLAIMS_MAX], size_t *count)
{
	struct claiming claiming = { .deadline = clock_now() + CLAIM_TIME };
	*count = 0;
	if (!MUTANT(arguments_unclaimed))
		claim_all(&claiming, tuple);
	for (size_t i = 0; i < claiming.count; i++) {
		const struct channel *channel = claiming.sessions[i]->connection.channel;
		int fd = channel != NULL ? descriptor_copy(channel_fd(channel), STDERR_FILENO + 1)
					 : -1;
		if (fd >= 0)
			fds[(*count)++] = fd;
		session_discard(claiming.sessions[i]);
	}
}
