/* Shared memory: opening, mapping, closing and deleting it. */
#include "sync/shared.h"

#include "base/thread_error.h"
#include "session/call.h"
#include "session/handle.h"
#include "session/outbox.h"
#include "wire/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- open ------------------------------------------------------------- */

struct opening {
	struct call call;
	struct relevo_shared *shared;
	bool unlocked;
};

/* The descriptor is closed before the lock of the session is let go: a child that
 * is forked a moment later does not get it. */
static int shared_map(struct relevo_shared *shared, uint64_t size, struct error *error)
{
	int fd;
	int status = connection_take_descriptor(&shared->session->connection, &fd, error);
	if (status != RELEVO_OK)
		return status;
	status = memory_map(fd, size, &shared->memory, error);
	close(fd);
	return status;
}

/* Where nobody may use the lock, nobody is to find out only when it matters. */
static int shared_claim_lock(struct relevo_shared *shared, struct error *error)
{
	struct error why;
	int status = memory_claim_lock(&shared->memory, &why);
	if (status == RELEVO_OK)
		return RELEVO_OK;
	memory_unmap(&shared->memory);
	return error_set(error, status, "the shared memory \"%s\": %s", shared->name,
			 error_text(&why));
}

static int shared_take_opened(struct call *call, const struct frame *frame)
{
	struct opening *opening = container_of(call, struct opening, call);
	struct relevo_shared *shared = opening->shared;
	if (frame->header->op_case != RELEVO__HEADER__OP_SHARED_OPENED)
		return RELEVO_BAD_FRAME;
	const Relevo__SharedOpened *opened = frame->header->shared_opened;
	snprintf(shared->name, sizeof shared->name, "%s", opened->name);
	shared->handle = opened->shared;
	shared->session->handles++;
	shared->epoch = shared->session->connection.epoch;
	shared->created = opened->created;
	shared->identity = opened->identity;
	shared->broker = shared->session->connection.broker;
	opening->unlocked = opened->unlocked;
	int status = shared_map(shared, opened->size, &call->error);
	if (status == RELEVO_OK && !opened->unlocked)
		status = shared_claim_lock(shared, &call->error);
	return status;
}

/* The session is locked. */
static void close_handle(const struct relevo_shared *shared)
{
	struct relevo_session *session = shared->session;
	struct connection *connection = &session->connection;
	session->handles -= shared->handle != 0;
	if (shared->handle == 0 || !handle_is_known(session, shared->epoch))
		return;
	Relevo__SharedClose operation = RELEVO__SHARED_CLOSE__INIT;
	operation.shared = shared->handle;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = ++connection->last_call;
	header.op_case = RELEVO__HEADER__OP_SHARED_CLOSE;
	header.shared_close = &operation;
	if (outbox_frame(session, &header, NULL, 0) == RELEVO_OK)
		outbox_push(session);
}

static int shared_run_open(struct relevo_shared *shared, Relevo__SharedOpen *operation,
			   const struct relevo_shared_options *options, struct error *error)
{
	struct relevo_session *session = shared->session;
	if (options->initial_size > session->connection.limits.max_item)
		return error_set(error, RELEVO_TOO_LARGE,
				 "the first contents have %zu bytes, more than the limit of "
				 "%u " ITEM_MAX_HOW,
				 options->initial_size, session->connection.limits.max_item);
	uint32_t size = (uint32_t)options->initial_size;
	struct iovec body = { (void *)options->initial, options->initial_size };
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_SHARED_OPEN;
	header.shared_open = operation;
	header.sizes = &size;
	header.n_sizes = size > 0;
	struct opening opening = {
		.call = { .take = shared_take_opened, .bodies = &body, .body_count = size > 0 },
		.shared = shared,
	};
	int status = call_run(session, &opening.call, &header, session_limit(session), error);
	if (status != RELEVO_OK)
		close_handle(shared);
	else
		shared->lock_owner = opening.unlocked ? options->lock_of : shared;
	return status;
}

static int shared_check_options(const struct relevo_shared_options *options, struct error *error)
{
	if (options->mode < RELEVO_OPEN_OR_CREATE || options->mode > RELEVO_OPEN_NEW)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no open mode",
				 (int)options->mode);
	if (options->lifetime < RELEVO_LIFETIME_KEPT || options->lifetime > RELEVO_LIFETIME_SESSION)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no lifetime",
				 (int)options->lifetime);
	if (options->locking < RELEVO_SHARED_LOCK || options->locking > RELEVO_SHARED_NO_LOCK)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no way of locking",
				 (int)options->locking);
	if (options->lock_of != NULL && options->locking != RELEVO_SHARED_NO_LOCK)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "memory with a lock of its own cannot have another one's");
	if (options->lock_of != NULL && options->lock_of->lock_owner == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the shared memory \"%s\" has no lock to be used",
				 options->lock_of->name);
	if (options->initial == NULL && options->initial_size > 0)
		return error_set(error, RELEVO_BAD_ARGUMENT, "there are no first contents");
	return RELEVO_OK;
}

static int shared_check_open(const char *name, size_t size,
			     const struct relevo_shared_options *options, struct error *error)
{
	int status = name != NULL ? name_check(name, "shared memory", error) : RELEVO_OK;
	if (status == RELEVO_OK)
		status = shared_check_options(options, error);
	if (status != RELEVO_OK)
		return status;
	if (name == NULL && options->mode == RELEVO_OPEN_EXISTING)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "shared memory without a name cannot be opened, only created");
	if (options->mode != RELEVO_OPEN_EXISTING && (size == 0 || size < options->initial_size))
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "%zu bytes are too few for shared memory", size);
	return RELEVO_OK;
}

static int open_in(struct relevo_shared *shared, const char *name, size_t size,
		   const struct relevo_shared_options *options, struct error *error)
{
	Relevo__SharedOpen operation = RELEVO__SHARED_OPEN__INIT;
	operation.name = name != NULL ? (char *)name : (char *)"";
	operation.mode = (Relevo__OpenMode)options->mode;
	operation.lifetime = (Relevo__Lifetime)options->lifetime;
	if (name == NULL && options->lifetime == RELEVO_LIFETIME_KEPT)
		operation.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	operation.size = size;
	operation.unlocked = options->locking == RELEVO_SHARED_NO_LOCK;
	int status = session_enter(shared->session, session_limit(shared->session), error);
	if (status != RELEVO_OK)
		return status;
	status = shared_run_open(shared, &operation, options, error);
	session_leave(shared->session);
	return status;
}

int relevo_shared_open(relevo_session *session, const char *name, size_t size,
		       const struct relevo_shared_options *options, relevo_shared **out)
{
	if (!given(session, out) || !known(relevo_shared_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_shared_options defaults;
	struct error *error = thread_error();
	if (options == NULL)
		options = &defaults;
	int status = shared_check_open(name, size, options, error);
	if (status != RELEVO_OK)
		return status;
	struct relevo_shared *shared = calloc(1, sizeof *shared);
	if (shared == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a handle");
	shared->session = session;
	status = open_in(shared, name, size, options, error);
	if (status != RELEVO_OK) {
		free(shared);
		return status;
	}
	*out = shared;
	return RELEVO_OK;
}

/* ---- close, delete ---------------------------------------------------- */

void relevo_shared_close(relevo_shared *shared)
{
	if (shared == NULL)
		return;
	/* The C library remembers where the locks of a thread are, to leave word
	 * when it dies: it must not find one in memory that is gone. */
	if (shared->lock_owner == shared)
		while (memory_unlock(&shared->memory) == RELEVO_OK)
			;
	memory_unmap(&shared->memory);
	pthread_mutex_lock(&shared->session->lock);
	close_handle(shared);
	pthread_mutex_unlock(&shared->session->lock);
	free(shared);
}

int relevo_shared_delete(relevo_session *session, const char *name)
{
	if (!given(session, name))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(session);
	struct error *error = thread_error();
	int status = name_check(name, "shared memory", error);
	if (status == RELEVO_OK)
		status = session_enter(session, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__SharedDelete operation = RELEVO__SHARED_DELETE__INIT;
	operation.name = (char *)name;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_SHARED_DELETE;
	header.shared_delete = &operation;
	struct call call = { .take = NULL };
	status = call_run(session, &call, &header, limit, error);
	session_leave(session);
	return status;
}

/* ---- what it is ------------------------------------------------------- */

void *relevo_shared_data(const relevo_shared *shared)
{
	if (!given(shared))
		return NULL;
	return memory_data(&shared->memory);
}

size_t relevo_shared_size(const relevo_shared *shared)
{
	if (!given(shared))
		return 0;
	return (size_t)shared->memory.size;
}

const char *relevo_shared_name(const relevo_shared *shared)
{
	if (!given(shared))
		return "";
	return shared->name;
}

bool relevo_shared_created(const relevo_shared *shared)
{
	if (!given(shared))
		return false;
	return shared->created;
}
